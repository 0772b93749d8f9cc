#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is too much is refused to whoever sends it, and nobody else notices."""

import os
import re
import resource
import time

from harness import LISTENING, PATIENCE, Program, Server, at_end, case, check, contains, end_shared_servers
from harness import equal, main, sentient_path, shared_server
from design_client import DesignClient, DesignHttpClient
from rawhttp import Connection, Gone, check_error, encode, get, get_json
from rawws import TEXT, Closed, frame
from v1_client import V1Socket

at_end(end_shared_servers)


def port():
    return shared_server().port


@case('signals over the burst are rate-limited, and all others arrive, in order')
def _():
    to = DesignClient(port(), 'burst-to', 'burst')
    sender = DesignClient(port(), 'burst-from', 'burst')
    came, errors, total = [], [], 0
    # In portions: what a receiver cannot take at once has a limit of its own.
    while total < 2800:
        for _n in range(100):
            sender.offer('burst-to', 'burst', str(total))
            total += 1
        errors += sender.barrier()
        came += [m for m in to.barrier() if m['type'] == 'offer']
    errors = [m for m in errors if m['type'] == 'error']
    check(errors, 'nothing was refused')
    equal({m['code'] for m in errors}, {'rate-limited'}, 'the codes')
    check(all(isinstance(m['retryAfter'], int) and m['retryAfter'] > 0 for m in errors),
          f'no retryAfter: {errors[0]}')
    numbers = [int(m['sdp']) for m in came]
    equal(len(numbers) + len(errors), total, 'accepted and refused')
    equal(numbers[:2000], list(range(2000)), 'the first 2,000')
    equal(numbers, sorted(set(numbers)), 'the order')
    # The receiver pays nothing for it.
    to.offer('burst-from', 'burst', 'back')
    equal(sender.take_offer('burst-to'), 'back', 'the other way')
    lines = re.findall('burst-from: over the limit', shared_server().stderr())
    equal(len(lines), 1, 'lines in the log')


@case('a burst that comes all at once finds its way')
def _():
    to = DesignClient(port(), 'once-to', 'once')
    sender = DesignClient(port(), 'once-from', 'once')
    sender.send(b''.join(frame(TEXT, encode({'type': 'offer', 'to': 'once-to', 'room': 'once',
                                             'sdp': str(n)})) for n in range(1900)))
    for n in range(1900):
        equal(to.take_offer('once-from'), str(n), 'an offer')
    sender.silent()


@case('joins over the burst are rate-limited over WebSocket; coming back does not help')
def _():
    other = DesignClient(port(), 'flood-other', 'flood')
    flooder = DesignClient(port(), 'flooder')
    for _n in range(300):
        flooder.send_json({'type': 'join', 'room': 'flood'})
    results = [flooder.expect('join-result', room='flood') for _n in range(300)]
    good = [r for r in results if r['success']]
    bad = [r for r in results if not r['success']]
    check(64 <= len(good) < 200, f'{len(good)} of 300 joins went through')
    equal({r['code'] for r in bad}, {'rate-limited'}, 'the codes')
    check(all(r['retryAfter'] > 0 for r in bad), f'no retryAfter: {bad[0]}')
    joined = [m for m in other.barrier() if m['type'] == 'peer-joined']
    equal(len(joined), 1, 'peer-joined for the others')
    flooder.stop()
    again = DesignClient(port(), 'flooder')
    for _n in range(60):
        again.send_json({'type': 'join', 'room': 'flood'})
    results = [again.expect('join-result', room='flood') for _n in range(60)]
    check(not all(r['success'] for r in results), 'the bucket was full again')


@case('joins over the burst are 429 with Retry-After over HTTP')
def _():
    with Connection(port()) as connection:
        refused = None
        for n in range(300):
            answer = connection.request('POST', '/webrtc/join',
                                        b'{"nodeId":"http-flooder","room":"http-flood"}')
            if answer.status != 200:
                refused = answer
                break
        check(refused is not None, 'nothing was refused')
        check(n >= 64, f'refused after {n}')
        check_error(refused, 429, 'rate-limited')
        check(1 <= int(refused.get('retry-after')) <= 3, f'Retry-After: {refused}')
        # Another node on the same connection is served.
        answer = connection.request('POST', '/webrtc/join',
                                    b'{"nodeId":"http-other","room":"http-flood"}')
        equal(answer.status, 200, 'the status')


@case('one sender fills its share of an outbox, and another still gets through')
def _():
    to = DesignHttpClient(port(), 'share-to', 'share')
    hostile = DesignClient(port(), 'share-hostile', 'share')
    good = DesignClient(port(), 'share-good', 'share')
    for n in range(400):
        hostile.offer('share-to', 'share', str(n))
    refused = [m for m in hostile.barrier() if m['type'] == 'error']
    equal(len(refused), 400 - 256, 'refused')
    equal({m['code'] for m in refused}, {'busy'}, 'the codes')
    for n in range(20):
        good.offer('share-to', 'share', str(n))
    good.silent('peer-joined')
    came = []
    while len([s for s in came if s['from'] != 'system']) < 276:
        came += get_json(port(), '/webrtc/signal?nodeId=share-to&timeout=2000')['signals']
    for sender, count in (('share-hostile', 256), ('share-good', 20)):
        equal([s['payload']['sdp'] for s in came if s['from'] == sender],
              [str(n) for n in range(count)], f'what {sender} sent')
    # What was taken makes place.
    hostile.offer('share-to', 'share', 'again')
    hostile.silent('peer-joined')
    equal(to.joined['success'], True, 'success')


def knock(source):
    """One connection with a request: the answer, or None for a reset."""
    try:
        with Connection(port(), source=source) as connection:
            connection.ask('GET', '/healthz')
            return connection.response()
    except (Gone, ConnectionResetError):
        return None


@case('a flood of connections from one address is refused cheaply, and another address is served')
def _():
    client = DesignClient(port(), 'flood-inside', 'global', source='127.0.0.2')
    served, refused, reset = 0, [], 0
    for n in range(700):
        answer = knock('127.0.0.2')
        if answer is None:
            reset += 1
        elif answer.status == 200:
            served += 1
        else:
            refused.append(answer)
        if n % 70 == 69:
            equal(knock('127.0.0.1').status, 200, 'the status for another address')
    print(f'# {served} served, {len(refused)} refused, {reset} reset')
    check(served >= 255, f'only {served} were served')
    check(refused, 'nothing was refused')
    check(reset > 0, 'an answer for each, however hard it hammers')
    for answer in refused:
        check_error(answer, 429, 'rate-limited')
        check(int(answer.get('retry-after')) >= 1, f'Retry-After: {answer}')
    lines = re.findall(r'127\.0\.0\.2:\d+: over 64 new connections', shared_server().stderr())
    equal(len(lines), 1, 'lines in the log')
    metrics = get(port(), '/metrics').body.decode()
    counted = re.search(r'refused_total\{reason="address-too-fast"\} (\d+)', metrics).group(1)
    equal(int(counted), len(refused) + reset, 'the refusals that /metrics counts')
    # Who is inside stays inside.
    client.silent('peer-joined', 'peer-left')


PROPERTY = re.compile(r'^  ([a-z-]+) +(\d+) \((\d+)-(\d+)\) +\S', re.M)
SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../..')


def known_limits():
    """name: (default, least, most), as --help lists them."""
    program = Program(['--help'])
    equal(program.wait_exit(), 0, 'the exit status')
    found = PROPERTY.findall('\n'.join(program.lines))
    program.destroy()
    check(len(found) > 20, f'--help lists {len(found)} limits')
    return {name: (int(default), int(least), int(most)) for name, default, least, most in found}


@case('--limit: what will not do is a usage error that says what would')
def _():
    limits = known_limits()
    bad = ['rubbish=1', '=1', 'signal-rate', 'signal-rate=', 'signal-rate=x', 'signal-rate=-1',
           'signal-rate=1.5', 'signal-rate= 1', 'port=1', 'max-peers=5,max-peerss=5']
    for name, (_default, least, most) in limits.items():
        bad.append(f'{name}={most + 1}')
        if least > 0:
            bad.append(f'{name}={least - 1}')
    for limit in bad:
        program = Program(['--server', '--host', '127.0.0.1', '--port', '0', '--limit', limit])
        equal(program.wait_exit(), 2, f'the exit status of {limit}')
        text = program.stderr()
        name = limit.split('=')[0]
        if name in limits and ',' not in limit:
            contains(text, 'from {1} to {2}, like {0}={3}'.format(
                name, limits[name][1], limits[name][2], limits[name][0]), 'the sentence')
        else:
            for known, (default, least, most) in limits.items():
                check(re.search(rf'^  {known} +{default} \({least}-{most}\)', text, re.M),
                      f'{known} is not listed')
        program.check_stderr()
        program.destroy()


@case('README and the manual page list every limit with its default')
def _():
    for name, where in (('README.md', r'^\| `{0}` \| {1} \|'), ('data/sentient.1', r'^\.B {0} \\fR{1} ')):
        with open(os.path.join(SOURCE, name), encoding='utf-8') as file:
            text = file.read().replace('\\-', '-')
        for limit, (default, _least, _most) in known_limits().items():
            check(re.search(where.format(limit, default), text, re.M), f'{name}: {limit} {default}')


@case('--limit: sizes')
def _():
    server = Server('--limit', 'max-message-size=4096,max-metadata-size=64', '--limit', 'max-peers=2')
    p = server.port
    equal({k: v for k, v in get_json(p, '/webrtc/info')['limits'].items() if k != 'pollTimeoutMs'},
          {'messageBytes': 4096, 'metadataBytes': 64, 'roomPeers': 2}, 'the limits told')
    with Connection(p) as connection:
        check_error(connection.request('POST', '/webrtc/signal', b'x' * 4097), 413,
                    'payload-too-large')
    with Connection(p) as connection:
        check_error(connection.request('POST', '/webrtc/signal', b'x' * 4096), 400, 'bad-request')
    client = DesignClient(p, 'large')
    client.send_frame(TEXT, b'{"type":"ping","x":"' + b'x' * 4000 + b'"}')
    client.expect('pong')
    for size, ok in ((50, True), (80, False)):
        client.send_json({'type': 'join', 'room': 'metadata', 'metadata': {'x': 'x' * size}})
        equal(client.expect('join-result', room='metadata')['success'], ok, f'{size} of metadata')
    client.send_frame(TEXT, b'{"type":"ping","x":"' + b'x' * 4096 + b'"}')
    equal(client.wait_closed(), 1009, 'the close code')
    clients = [DesignClient(p, f'full-{n}', 'full') for n in range(2)]
    late = DesignClient(p, 'full-late')
    equal(late.join('full')['code'], 'room-full', 'the code')
    for each in clients + [late]:
        each.stop()
    server.stop()


@case('--limit: counts')
def _():
    server = Server('--limit', 'max-nodes=2,max-rooms=4,connections-per-address=3,connection-rate=0')
    p = server.port
    one, two = (DesignClient(p, f'count-{n}', 'count', source='127.0.0.2') for n in range(2))
    equal(one.join('another')['code'], 'busy', 'the code for a fifth room')
    with Connection(p, source='127.0.0.3') as connection:
        check_error(connection.request('POST', '/webrtc/join', b'{"nodeId":"third","room":"count"}'),
                    503, 'busy')
    with Connection(p, source='127.0.0.2') as third:
        equal(third.request('GET', '/healthz').status, 200, 'the status')
        with Connection(p, source='127.0.0.2') as fourth:
            check_error(fourth.response(), 503, 'busy')
    for each in (one, two):
        each.stop()
    server.stop()


@case('--limit: what waits for a node, in all and from one sender')
def _():
    server = Server('--limit', 'max-queued-messages=30,max-queued-messages-per-sender=20')
    p = server.port
    DesignHttpClient(p, 'queue-to', 'queue')
    senders = [DesignClient(p, f'queue-{n}', 'queue') for n in range(2)]
    for sender, taken in zip(senders, (20, 8)):  # two joins wait, too
        for _n in range(25):
            sender.offer('queue-to', 'queue', 'x')
        errors = [m for m in sender.barrier() if m['type'] == 'error']
        equal({m['code'] for m in errors}, {'busy'}, 'the codes')
        equal(len(errors), 25 - taken, 'refused')
    for sender in senders:
        sender.stop()
    server.stop()


@case('--limit: times')
def _():
    server = Server('--limit', 'head-timeout=300,body-timeout=300')
    for begin in (b'GET / HTT', b'POST /webrtc/join HTTP/1.1\r\nHost: localhost\r\n'
                                b'Content-Length: 5\r\n\r\n{'):
        with Connection(server.port) as connection:
            connection.send(begin)
            equal(connection.response().status, 408, 'the status')
    server.stop()
    server = Server('--limit', 'idle-timeout=300')
    with Connection(server.port) as connection:
        equal(connection.request('GET', '/healthz').status, 200, 'the status')
        equal(connection.ended(), b'', 'the end of an idle connection')
    server.stop()


@case('--no-limits leaves the budgets of bytes as they are')
def _():
    server = Server('--no-limits', '--limit', 'join-burst=5,max-metadata-size=10')
    p = server.port
    DesignHttpClient(p, 'budget-to', 'budget')
    sender = DesignClient(p, 'budget-from', 'budget')
    for _n in range(300):
        sender.offer('budget-to', 'budget', 'x')
    errors = [m for m in sender.barrier() if m['type'] == 'error']
    equal({m['code'] for m in errors}, {'busy'}, 'the codes')
    equal(len(errors), 300 - 256, 'refused')
    sender.send_json({'type': 'join', 'room': 'budget', 'metadata': {'x': 'xxxxxxxx'}})
    equal(sender.expect('join-result')['code'], 'payload-too-large', 'the code')
    sender.stop()
    server.stop()


@case('--no-limits lets everything through, on loopback only')
def _():
    server = Server('--no-limits')
    for _n in range(600):
        with Connection(server.port) as connection:
            equal(connection.request('GET', '/healthz').status, 200, 'the status')
    client = DesignClient(server.port, 'free')
    for _n in range(200):
        client.send_json({'type': 'join', 'room': 'free'})
    for _n in range(200):
        equal(client.expect('join-result', room='free')['success'], True, 'success')
    client.stop()
    server.stop()

    for host in ((), ('--host', '0.0.0.0'), ('--host', '::'), ('--host', '192.0.2.1')):
        program = Program(['--server', '--port', '0', '--no-limits', *host])
        equal(program.wait_exit(), 2, f'the exit status with {host}')
        contains(program.stderr(), '--no-limits', 'the sentence')
        contains(program.stderr(), '127.0.0.1', 'the sentence')
        program.destroy()


@case('the server takes as many file descriptors as it may have')
def _():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(200, hard), hard))
    try:
        server = Server()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    with open(f'/proc/{server.pid}/limits', encoding='ascii') as limits:
        line = re.search(r'Max open files\s+(\S+)\s+(\S+)', limits.read())
    equal(line.group(1), line.group(2), 'the soft limit')
    server.stop()


@case('without file descriptors new clients wait, and come in when others go')
def _():
    server = Program(['--nofile=120:120', sentient_path(), '--server', '--host', '127.0.0.1',
                      '--port', '0', '--no-color', '--stun', 'none'], program='/usr/bin/prlimit')
    p = int(server.wait_line(LISTENING).group(1))
    client = DesignClient(p, 'patient', 'global')
    crowd = [Connection(p, source='127.0.0.2') for _n in range(150)]
    late = Connection(p)
    late.ask('GET', '/healthz')
    client.silent()
    check(not late.readable(), 'there was a place left')
    for connection in crowd:
        connection.close()
    equal(late.response().status, 200, 'the status')
    late.close()
    client.stop()
    equal(server.stderr().count('\n') < 5, True, 'the log is short')
    server.stop()


@case('descriptors that run out turn one client away, and the others are served again by themselves')
def _():
    server = Server()
    watcher = Connection(server.port)

    def ask(connection, path):
        connection.ask('GET', path)
        return connection.response()

    def metric(name):
        line = re.search(r'^sentient_' + re.escape(name) + r' (\S+)$',
                         ask(watcher, '/metrics').body.decode(), re.M)
        return int(line.group(1))

    def await_alone():
        deadline = time.monotonic() + PATIENCE
        while metric('connections{kind="http"}') > 1:
            check(time.monotonic() < deadline, 'connections that were closed are counted still')

    no_descriptors = 'connections_refused_total{reason="no-descriptors"}'
    equal(metric(no_descriptors), 0, 'who was refused before')
    # Fewer than the server's own limit of connections counts on.
    used = max(int(fd) for fd in os.listdir(f'/proc/{server.pid}/fd'))
    before = resource.prlimit(server.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (used + 9, before[1]))
    crowd = []
    try:
        while len(crowd) < 100:
            crowd.append(Connection(server.port))
            equal(ask(crowd[-1], '/healthz').status, 200, 'the status')
        check(False, 'descriptors did not run out')
    except Gone:
        pass # told, not left to wait for ever
    check(len(crowd) > 4, f'only {len(crowd) - 1} got in')
    equal(metric(no_descriptors), 1, 'who was refused')

    # The limit stays: what comes back is what the crowd gives back.
    for connection in crowd:
        connection.close()
    await_alone()
    for _n in range(3):
        with Connection(server.port) as late:
            equal(ask(late, '/healthz').status, 200, 'the status')
        await_alone()
    equal(metric(no_descriptors), 1, 'who was refused')
    equal(ask(watcher, '/healthz').status, 200, 'who was there all the time')
    contains(server.stderr(), 'Out of file descriptors', 'the log')
    server.stop()


@case('posts over the limit of signals are 429')
def _():
    to = DesignClient(port(), 'post-to', 'post')
    sender = DesignClient(port(), 'post-from', 'post')
    for _n in range(30):
        for _m in range(100):
            sender.offer('nobody', 'post', '')
        sender.barrier()
    body = b'{"from":"post-from","to":"post-to","room":"post","type":"offer","payload":{"sdp":""}}'
    with Connection(port()) as connection:
        connection.send(50 * connection.head('POST', '/webrtc/signal', body=body))
        answers = [connection.response(method='POST') for _n in range(50)]
    refused = [a for a in answers if a.status != 200]
    check(len(refused) >= 25, f'{len(refused)} of 50 were refused')
    for answer in refused:
        check_error(answer, 429, 'rate-limited')
        check(int(answer.get('retry-after')) >= 1, f'Retry-After: {answer}')
    came = [m for m in to.barrier() if m['type'] == 'offer']
    equal(len(came), 50 - len(refused), 'what arrived')


@case('a v1 client whose outbox others fill is not closed for what it says meanwhile')
def _():
    server = Server('--limit', 'max-queued-messages=16')
    flooded, flooder = V1Socket(server.port, 'flooded'), V1Socket(server.port, 'flooder')
    flooded.join('flood')
    flooder.join('flood')
    flooded.ack()
    flooded.barrier()
    for n in range(16):
        flooder.offer('flooded', 'flood', f'{n}')
    refused = flooder.offer('flooded', 'flood', 'one more')
    equal(flooder.expect('error', ref=refused)['code'], 'busy', 'more than fits')
    flooder.ack()
    flooded.offer('flooder', 'flood', 'unharmed')
    equal(flooder.take_offer('flooded'), 'unharmed', 'what the flooded one says')
    # But who asks on and on, and acknowledges nothing, is.
    try:
        for n in range(20):
            flooded.expect('error', ref=flooded.offer('nobody', 'flood', 'x'))
    except Closed as closed:
        equal(closed.code, 4008, 'the close code')
    check(1 < n < 8, f'closed after {n} errors')
    again = V1Socket(server.port, 'flooded', resume=flooded)
    again.ack()
    again.ref = again.connected['ref']
    again.offer('flooder', 'flood', 'and goes on')
    equal(flooder.take_offer('flooded'), 'and goes on', 'after it resumed')
    server.stop()


main()
