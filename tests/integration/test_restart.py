#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A coordinator that stops and starts again: planned, without loss; after a crash, honestly."""

import os
import signal
import socket
import stat
import tempfile

from harness import Program, Server, case, check, contains, equal, isolated_env, main, tmpdir
from design_client import DesignClient
from rawhttp import Connection, check_error, get, get_json, post
from v1_client import V1Http, V1Socket


def data_dir():
    return tempfile.mkdtemp(dir=tmpdir())


def handover(data):
    return os.path.join(data, 'handover')


class Kept(Server):
    """A server whose sessions survive its stop."""

    def __init__(self, data, *args, **kwargs):
        super().__init__('--data', data, *args, **kwargs)
        self.data = data

    def again(self, *args):
        """The next one, at the same port."""
        return Kept(self.data, *args, port=self.port)

    def terminate(self):
        self.popen.send_signal(signal.SIGTERM)


@case('SIGTERM: told to clients and /readyz, no joins, but who is there is served until the deadline')
def _():
    server = Server('--limit', 'drain-time=60000')
    a, b = V1Socket(server.port, 'drain-a'), DesignClient(server.port, 'drain-b', 'drain')
    a.join('drain')
    kept = Connection(server.port)
    equal(kept.request('GET', '/readyz').json(), {'ready': True}, '/readyz')
    server.popen.send_signal(signal.SIGTERM)
    for client in (a, b):
        told = client.expect('draining')['retryAfter']
        check(60000 <= told <= 62000, f'retryAfter {told}')
    answer = kept.request('GET', '/readyz')
    equal((answer.status, answer.json()), (503, {'ready': False, 'reason': 'draining'}), '/readyz')
    a.offer('drain-b', 'drain', 'still')
    equal(b.take_offer('drain-a'), 'still', 'a signal between those who are there')
    refused = a.expect('join-result', ref=a.request(type='join', room='other'))
    equal((refused['success'], refused['code']), (False, 'busy'), 'a join')
    check(refused['retryAfter'] > 0, f'no retryAfter: {refused}')
    answer = post(server.port, '/webrtc/join', {'nodeId': 'drain-c', 'room': 'drain'})
    check_error(answer, 503, 'busy')
    check(int(answer.get('retry-after')) > 0, 'no Retry-After')
    late = V1Socket(server.port, 'drain-d', first=False)
    late.send_json({'type': 'resume'})
    equal(late.expect('error')['code'], 'busy', 'a new session')
    a.reset()
    a = V1Socket(server.port, 'drain-a', resume=a)  # but a session may be resumed
    equal(a.connected['resumed'], True, 'resumed')
    kept.close()
    late.close()
    a.close_frame()
    b.close_frame()
    server.stop(0)  # nobody is left: it does not wait for its deadline


@case('without clients a stop does not wait')
def _():
    Server('--limit', 'drain-time=600000').stop()


@case('sessions, rooms and what was not acknowledged survive a planned restart; nothing comes twice')
def _():
    server = Kept(data_dir())
    a, b = V1Socket(server.port, 'keep-a'), V1Socket(server.port, 'keep-b')
    http, plain = V1Http(server.port, 'keep-http'), DesignClient(server.port, 'keep-plain', 'keep')
    a.join('keep', metadata={'name': 'A'})
    b.join('keep')
    http.join('keep')
    plain.barrier()
    a.barrier()
    a.ack()
    a.barrier()
    for n in range(20):
        a.offer('keep-b', 'keep', f'{n}')
    a.offer('keep-http', 'keep', 'to http')
    seen = [b.take_offer('keep-a') for n in range(12)]
    acked = b.seq - 2  # two of them it has not acknowledged
    b.ack(acked)
    b.barrier()
    a.wait_acked()
    http.offer('keep-a', 'keep', 'from http')
    server.terminate()
    for client in (a, b, plain):
        client.close()
    equal(server.wait_exit(), 0, 'the exit status')
    server.destroy()
    info = os.stat(handover(server.data))
    equal(stat.S_IMODE(info.st_mode), 0o600, 'the mode of the file')
    check(info.st_size > 1000, 'the file is small')

    server = server.again()
    check(not os.path.exists(handover(server.data)), 'the file was not deleted')
    a = V1Socket(server.port, 'keep-a', resume=a)
    equal((a.connected['resumed'], a.connected['ref']), (True, a.ref), 'resumed')
    equal(a.take_offer('keep-http'), 'from http', 'what waited for it')
    b = V1Socket(server.port, 'keep-b', resume=b, after=acked)
    equal([b.take_offer('keep-a') for n in range(10)], [f'{n}' for n in range(10, 20)], 'once each')
    equal(seen, [f'{n}' for n in range(12)], 'before')
    items = http.poll()
    equal([i['payload']['sdp'] for i in items if i['type'] == 'offer'], ['to http'], 'by poll')
    plain = DesignClient(server.port, 'keep-plain')  # it has its place, too
    a.offer('keep-plain', 'keep', 'hello')
    equal(plain.take_offer('keep-a'), 'hello', 'to the plain one')
    peers = get_json(server.port, '/webrtc/peers?room=keep')['peers']
    equal([p['nodeId'] for p in peers], ['keep-plain', 'keep-a', 'keep-b', 'keep-http'], 'the room')
    equal(peers[1]['metadata'], {'name': 'A'}, 'metadata')
    left = [m for m in a.barrier() if m['type'] in ('peer-left', 'peer-joined')]
    equal(left, [], 'nobody left or joined, as far as the others know')
    server.stop()


@case('a poll that waits at a stop is told nothing that was not saved')
def _():
    server = Kept(data_dir())
    http = V1Http(server.port, 'held-http')
    http.join('held')
    others = [V1Socket(server.port, f'held-{n}') for n in range(8)]
    for other in others:
        other.join('held')
        other.ack()
        other.barrier()
    http.poll()
    with Connection(server.port) as connection:
        connection.ask('GET', http.poll_target(timeout=20000), headers=http.headers())
        get(server.port, '/healthz')  # it waits now
        server.terminate()
        for item in connection.response().json()['signals']:
            http.seq = item.get('seq', http.seq)
    for other in others:
        other.close()
    server.wait_exit()
    server.destroy()
    server = server.again()
    http.poll()  # its numbers are those of the server
    server.stop()


@case('who does not come back after a restart is gone when the grace time is over')
def _():
    server = Kept(data_dir(), '--limit', 'grace-time=3000')
    a, b = V1Socket(server.port, 'late-a'), V1Socket(server.port, 'late-b')
    a.join('late')
    b.join('late')
    a.offer('late-b', 'late', 'x')
    a.wait_acked()
    server.terminate()
    a.close()
    b.close()
    server.wait_exit()
    server.destroy()
    server = server.again('--limit', 'grace-time=3000')
    a = V1Socket(server.port, 'late-a', resume=a)
    equal(a.connected['resumed'], True, 'resumed')
    equal(a.expect('undelivered', to='late-b')['refs'], [a.ref], 'told who sent it')
    equal(a.expect('peer-left', nodeId='late-b')['reason'], 'timeout', 'and it left')
    server.stop()


@case('a stop in the midst of a start leaves the sessions to the next start')
def _():
    server, client = stopped_with_session()
    for _ in range(10):
        # The file goes as it is read, before anybody is served: from then on it must be written again.
        starting = Program(['--server', '--host', '127.0.0.1', '--port', str(server.port), '--no-color',
                            '--stun', 'none', '--limit', 'drain-time=0', '--data', server.data])
        while os.path.exists(handover(server.data)):
            check(starting.alive(), f'it died{starting.report()}')
        starting.popen.send_signal(signal.SIGTERM)
        equal(starting.wait_exit(), 0, 'the exit status')
        starting.destroy()
    server = server.again()
    client = V1Socket(server.port, 'file', resume=client)
    equal(client.connected['resumed'], True, 'resumed')
    client.close_frame()
    server.stop()


def stopped_with_session():
    """A stopped server that left a file behind, and the session that is in it."""
    server = Kept(data_dir())
    client = V1Socket(server.port, 'file')
    client.join('file-room')
    server.terminate()
    client.close()
    server.wait_exit()
    server.destroy()
    return server, client


def not_used(spoil, why, *args):
    """A file that is not used costs its sessions, not the start."""
    server, client = stopped_with_session()
    spoil(handover(server.data))
    server = server.again(*args)
    client = V1Socket(server.port, 'file', resume=client)
    equal(client.connected['resumed'], False, f'resumed from a file that is {why}')
    check(not os.path.lexists(handover(server.data)), f'a file that is {why} stays')
    contains(server.stderr(), 'hand-over file', 'the log')
    contains(server.stderr(), why, 'the log')
    client.close_frame()
    server.stop()


def change(path, data):
    with open(path, 'r+b') as file:
        file.write(data)


def age(path):
    # The time it was saved stands behind the magic and its NUL, aligned to eight bytes.
    with open(path, 'r+b') as file:
        content = file.read()
        at = (content.index(b'sentient-handover-1') + 20 + 7) // 8 * 8
        saved = int.from_bytes(content[at:at + 8], 'little')
        file.seek(at)
        file.write((saved - 31000).to_bytes(8, 'little'))


def link(path):
    os.rename(path, path + '.real')
    os.symlink(path + '.real', path)


@case('a hand-over file that is old, damaged, foreign or a link is refused and deleted')
def _():
    not_used(age, 'older than the grace time')
    not_used(lambda path: os.truncate(path, 300), 'damaged')
    not_used(lambda path: os.truncate(path, 0), 'damaged')
    not_used(lambda path: change(path, b'nonsense' * 9), 'damaged')
    not_used(lambda path: os.chmod(path, 0o640), 'nobody else may read')


@case('a link in its place is not followed')
def _():
    server, _client = stopped_with_session()
    link(handover(server.data))
    server = server.again()
    contains(server.stderr(), 'cannot be opened', 'the log')
    check(os.path.exists(handover(server.data) + '.real'), 'what it points to is gone')
    server.stop()


@case('a file is used once: a crash after that is a crash')
def _():
    server, client = stopped_with_session()
    server = server.again()
    client = V1Socket(server.port, 'file', resume=client)
    equal(client.connected['resumed'], True, 'the first time')
    server.kill()
    server = server.again()
    client = V1Socket(server.port, 'file', resume=client)
    equal((client.connected['resumed'], client.connected['ref']), (False, 0), 'after kill -9')
    client.join('file-room')
    server.stop()


@case('where the file cannot be written the stop goes on, and says what that means')
def _():
    server = Kept(data_dir())
    client = V1Socket(server.port, 'ro')
    client.join('ro')
    os.mkdir(handover(server.data))
    server.terminate()
    client.close()
    equal(server.wait_exit(), 0, 'the exit status')
    contains(server.stderr(), 'sessions end with this stop', 'the log')
    server.destroy()


@case('sockets that systemd passes on: clients wait while it restarts')
def _():
    with socket.socket() as listener:
        listener.bind(('127.0.0.1', 0))
        listener.listen(64)
        os.set_inheritable(listener.fileno(), True)
        port = listener.getsockname()[1]

        def start(data):
            script = f'exec 3<&{listener.fileno()}; LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"'
            server = Program(['-c', script, 'sh', os.environ['SENTIENT'], '--server', '--no-color',
                              '--stun', 'none', '--data', data, '--limit', 'drain-time=0'],
                             program='/bin/sh', env=isolated_env(), pass_fds=[listener.fileno()])
            server.wait_line(rf'Listening on http://127\.0\.0\.1:{port} .*systemd')
            return server

        data = data_dir()
        server = start(data)
        a = V1Socket(port, 'act-a')
        a.join('act')
        equal(get(port, '/healthz', headers={'Host': 'evil.example'}).status, 403,
              'bound to loopback only: a foreign Host')
        server.popen.send_signal(signal.SIGTERM)
        a.close()
        equal(server.wait_exit(), 0, 'the exit status')
        server.destroy()
        waiting = Connection(port)  # nobody accepts it now
        waiting.ask('GET', '/webrtc/peers?room=act')
        server = start(data)
        equal([p['nodeId'] for p in waiting.response().json()['peers']], ['act-a'], 'it was served')
        waiting.close()
        a = V1Socket(port, 'act-a', resume=a)
        equal(a.connected['resumed'], True, 'resumed')
        server.popen.send_signal(signal.SIGTERM)
        a.close()
        equal(server.wait_exit(), 0, 'the exit status')
        server.check_stderr()
        server.destroy()


@case('a passed descriptor that is no listening TCP socket is an error with a sentence')
def _():
    for make, says in ((lambda: socket.socket(), 'no socket that listens'),
                       (lambda: socket.socket(socket.AF_UNIX), 'no socket of an IP address')):
        with make() as wrong:
            os.set_inheritable(wrong.fileno(), True)
            script = f'exec 3<&{wrong.fileno()}; LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"'
            server = Program(['-c', script, 'sh', os.environ['SENTIENT'], '--server', '--no-color'],
                             program='/bin/sh', env=isolated_env(), pass_fds=[wrong.fileno()])
            equal(server.wait_exit(), 1, 'the exit status')
            contains(server.stderr(), says, 'the sentence')
            server.destroy()


main()
