# SPDX-License-Identifier: LGPL-2.1-or-later
"""Files from node to node over WebRTC, as people send them: by a daemon, by a node in a terminal, by a command
that is a node for as long as it takes."""

import hashlib
import json
import os
import random
import shutil
import tempfile

from harness import Node, Program, case, check, contains, equal, main, run_program, sentient_path, shared_server, tmpdir
from private_bus import PrivateBus
from terminal import on_terminal

PATIENCE = 60
SEED = 20260
NOBODY = 65534


def folder():
    return tempfile.mkdtemp(dir=tmpdir())


def make_file(name, size):
    path = os.path.join(folder(), name)
    with open(path, 'wb') as file:
        left, source = size, random.Random(SEED)
        while left > 0:
            file.write(source.randbytes(min(left, 1 << 20)))
            left -= 1 << 20
    return path


def digest(path):
    with open(path, 'rb') as file:
        return hashlib.file_digest(file, 'sha256').hexdigest() if hasattr(hashlib, 'file_digest') \
            else hashlib.sha256(file.read()).hexdigest()


def assert_same(path, other):
    equal((os.path.getsize(other), digest(other)), (os.path.getsize(path), digest(path)), f'{other} (seed {SEED})')


def run(bus, *args, status=0, cwd=None, pass_fds=()):
    return run_program(*args, status=status, seconds=PATIENCE, env=bus.env(), cwd=cwd, pass_fds=pass_fds)


class Daemon(Program):
    def __init__(self, bus, node_id, *args, prefix=()):
        monitor = Program(['monitor', '--json', '--count', '2'], env=bus.env())
        monitor.wait_line('"available":false')
        words = [*prefix, os.environ['SENTIENTD'], '--port', '0', '--stun', 'none', '--node-id', node_id, *args]
        super().__init__(words[1:], env=bus.env(), program=words[0])
        monitor.wait_line('"available":true', PATIENCE)
        monitor.stop(0)
        self.monitor = Program(['monitor', '--json'], env=bus.env())
        self.monitor.wait_line('"available":true')
        self.url = json.loads(run(bus, 'status', '--json').lines[0])['coordinatorUrl']

    def end(self):
        self.monitor.stop()
        self.stop()


def send_alone(path, url, *args):
    return Program(['send-file', 'alice', path, '--seed', url, '--stun', 'none', *args], env=BUSLESS)


BUSLESS = dict(PrivateBus().env(), DBUS_SESSION_BUS_ADDRESS='unix:path=/nonexistent')


@case('100 MB from a command to a daemon', seconds=180)
def large():
    bus, where, path = PrivateBus(), folder(), make_file('large file.bin', 100_000_000)
    daemon = Daemon(bus, 'alice')
    sender = send_alone(path, daemon.url, '--node-id', 'bob')
    sender.wait_line('large file.bin waits until alice takes it', PATIENCE)
    daemon.monitor.wait_line('"event":"transfer","number":1,"direction":"incoming","nodeId":"bob"', PATIENCE)
    said = '\n'.join(run(bus, 'accept', '1', where).lines)
    contains(said, f'stored as {where}/large file.bin', 'accept')
    equal(sender.wait_exit(PATIENCE), 0, 'exit status')
    contains(sender.lines[-1], 'Sent large file.bin to alice: 100.0', 'sender')
    assert_same(path, os.path.join(where, 'large file.bin'))
    equal(os.listdir(where), ['large file.bin'], 'files')
    node = json.loads(run(bus, 'status', '--json').lines[0])['statistics']['node']
    equal((node['transfers']['done'], node['transfers']['bytesReceived']), (1, 100_000_000), 'statistics')
    daemon.monitor.wait_line('"state":"done"')
    daemon.end()


@case('two daemons: both ways, by accept-files and by accept, and cancelled', seconds=180)
def daemons():
    bus, other, where, inbox = PrivateBus(), PrivateBus(), folder(), folder()
    alice = Daemon(bus, 'alice', '--accept-files', inbox, '--accept-files-max', '1')
    bob = Daemon(other, 'bob', '--coordinator', 'false', '--seeds', alice.url)
    bob.monitor.wait_line('"event":"connection","nodeId":"alice".*"state":"connected"', PATIENCE)
    small, large_one = make_file('small', 1 << 20), make_file('large', (1 << 20) + 1)
    run(other, 'send-file', 'alice', small)
    assert_same(small, os.path.join(inbox, 'small'))
    equal(json.loads(run(other, 'send-file', 'alice', large_one, '--no-wait', '--json').lines[0])['state'], 'offered',
          'more than accept-files-max')
    alice.monitor.wait_line('"name":"large".*"state":"offered"', PATIENCE)
    run(bus, 'accept', '2', cwd=where)
    assert_same(large_one, os.path.join(where, 'large'))

    # One who comes while she is waited for.
    sender = Program(['send-file', 'carol', small], env=bus.env())
    sender.wait_line('Waiting for carol to come to a room of this node', PATIENCE)
    carol = Node('carol', alice.url, args=['--accept-files', folder()])
    sender.wait_line('Sent small to carol', PATIENCE)
    equal(sender.wait_exit(PATIENCE), 0, 'exit status')
    carol.quit()

    run(bus, 'send-file', 'bob', small, '--no-wait', '--name', '.. evil')
    bob.monitor.wait_line('"name":"evil".*"state":"offered"', PATIENCE)
    run(other, 'refuse', '3', 'no evil here')
    alice.monitor.wait_line('"state":"refused".*no evil here', PATIENCE)
    alice.end()
    bob.end()


@case('accept-files names no directory: that is told at once, and offers wait', seconds=120)
def no_inbox():
    bus, nowhere, path = PrivateBus(), os.path.join(folder(), 'none'), make_file('x', 10)
    daemon = Daemon(bus, 'alice', '--accept-files', nowhere)
    wanted = f'accept-files: there is no directory {nowhere}; make it'
    contains(json.loads(run(bus, 'status', '--json').lines[0])['lastError'], wanted, 'the last error')
    contains('\n'.join(on_terminal(bus.env(), 60, 'status')), wanted, 'what to do is not cut')
    bob = Node('bob', daemon.url, args=['--accept-files', nowhere])
    bob.wait_line('Connected to alice', PATIENCE)
    run(bus, 'send-file', 'bob', path, '--no-wait')
    bob.wait_line('alice offers a file, x', PATIENCE)
    for name, why in (('/dev/zero', '“zero” is no file, pipe or socket'), (nowhere, 'No such file or directory'),
                      (folder(), 'is a folder: send the files in it')):
        contains(run(bus, 'send-file', 'bob', name, status=1).stderr(), why, name)
    bob.quit(PATIENCE)
    contains(bob.stderr(), wanted, 'stderr')
    os.mkdir(nowhere)
    run(bus, 'reload')
    daemon.end()


@case('large messages', seconds=120)
def messages():
    bus = PrivateBus()
    daemon = Daemon(bus, 'alice')
    bob = Node('bob', daemon.url)
    bob.wait_line('Connected to alice', PATIENCE)
    daemon.monitor.wait_line('"event":"connection","nodeId":"bob".*"state":"connected"', PATIENCE)
    run(bus, 'send', 'bob', '--file', make_file('message', 20_000_000))
    bob.wait_line(r'^\[alice\] \(20000000 bytes that are not text\)', PATIENCE)
    run(bus, 'send', 'bob', 'snow ' * 20_000)
    bob.wait_line(r'^\[alice\] snow snow snow', PATIENCE)
    bob.quit()
    daemon.end()


@case('nodes in terminals', seconds=180)
def nodes():
    server = shared_server()
    inbox, where, path = folder(), folder(), make_file('a picture.png', 3_000_000)
    alice = Node('alice', server.url, args=['--accept-files', inbox])
    bob = Node('bob', server.url, cwd=where)
    alice.wait_line('Connected to bob', PATIENCE)
    bob.wait_line('Connected to alice', PATIENCE)
    bob.write('/files')
    bob.wait_line('No file is sent or received')
    bob.write(f'/send-file alice {path}')
    bob.wait_line('Sent a picture.png to alice: 3.0.MB', PATIENCE)
    alice.wait_line(f'Got a picture.png from bob: .* stored as {inbox}/a picture.png', PATIENCE)
    assert_same(path, os.path.join(inbox, 'a picture.png'))

    alice.write(f'/send-file bob {path}')
    offer = r'alice offers a file, a picture.png \(3.0.MB\)\. /accept (\d+) '
    number = bob.wait_line(offer, PATIENCE).group(1)
    bob.write(f'/accept {number}')
    bob.wait_line('Got a picture.png from alice', PATIENCE)
    assert_same(path, os.path.join(where, 'a picture.png'))
    start = len(bob.lines)
    alice.write(f'/send-file bob {path}')
    number = bob.wait_line(offer, PATIENCE, start).group(1)
    bob.write(f'/accept {number} {where}/none')
    bob.write(f'/refuse {number} not today')
    bob.wait_line(r'^Refused\.')
    # She is told on stderr, which nobody can wait for.
    while not alice.find(r'refused .* not today'):
        start = len(alice.lines)
        alice.write('/files')
        alice.wait_line(r'^ *3 +to +bob', PATIENCE, start)
    # One that is withdrawn.
    start = len(bob.lines)
    alice.write(f'/send-file bob {path}')
    number = bob.wait_line(offer, PATIENCE, start).group(1)
    alice.write('/cancel 4')
    bob.wait_line(rf'^There is no file number {number} any more: .* was cancelled at the other end', PATIENCE)
    equal(bob.count('There is no file number'), 1, 'what bob is told')
    for line, said in (('/send-file bob', 'wants a node and a file'), ('/accept 99', 'no file number "99"'),
                       ('/accept', 'wants the number of a file'), ('/cancel', 'wants the number of a file'),
                       ('/cancel 1', 'It is over already: done')):
        alice.write(line)
        alice.wait_line(said, PATIENCE)
    alice.write('/send-file nobody x')
    alice.write(f'/send-file bob {inbox}')
    alice.write('/send-file bob /nonexistent')
    alice.quit()
    contains(bob.stderr(), 'none is no directory', 'stderr')
    for text in ('no file was sent to nobody', 'is a folder: send the files in it', '“/nonexistent” cannot be read: No such file or directory'):
        contains(alice.stderr(), text, 'stderr')
    bob.quit()


@case('a node that only sends waits until it has', seconds=120)
def piped():
    server = shared_server()
    inbox, path = folder(), make_file('piped', 20_000_000)
    alice = Node('alice', server.url, args=['--accept-files', inbox])
    bob = Node('bob', server.url)
    bob.wait_line('Connected to alice', PATIENCE)
    bob.write(f'/send-file alice {path}')
    bob.write('/quit')
    bob.popen.stdin.close()
    equal(bob.wait_exit(PATIENCE), 0, 'exit status')
    assert_same(path, os.path.join(inbox, 'piped'))
    alice.quit()


@case('nothing is left of half a file, though its receiver was killed', seconds=120)
def killed():
    server, inbox = shared_server(), folder()
    try:
        os.close(os.open(inbox, os.O_TMPFILE | os.O_WRONLY))
    except OSError:
        print('# no files without a name here')
        return
    kate = Node('kate', server.url)
    sender = Program(['send-file', 'kate', '-', '--seed', server.url, '--stun', 'none'], env=BUSLESS, stdin=True)
    number = kate.wait_line(r'offers a file, stdin \(no size\)\. /accept (\d+) ', PATIENCE).group(1)
    kate.write(f'/accept {number} {inbox}')
    sender.popen.stdin.write(bytes(1_000_000))
    sender.popen.stdin.flush()
    while not kate.find(r'active +[1-9]\S*.[kM]B'):
        start = len(kate.lines)
        kate.write('/files')
        kate.wait_line(r'stdin', PATIENCE, start)
    equal(os.listdir(inbox), [], 'while it comes')
    kate.kill()
    equal(os.listdir(inbox), [], 'after it was killed')
    sender.kill()


@case('the disk is full', seconds=120)
def full():
    inbox = folder()
    prefix = ('unshare', '-rm', 'sh', '-c', 'mount -t tmpfs -o size=2m none "$0" && exec "$@"', inbox)
    if shutil.which('unshare') is None or os.system(f'unshare -rm mount -t tmpfs none {inbox} 2>/dev/null') != 0:
        print('# no mounts here')
        return
    bus, path = PrivateBus(), make_file('ten', 10_000_000)
    daemon = Daemon(bus, 'alice', '--accept-files', inbox, prefix=prefix)
    sender = send_alone(path, daemon.url)
    equal(sender.wait_exit(PATIENCE), 1, 'exit status')
    contains(sender.stderr(), 'there is no room for it', 'stderr')
    daemon.monitor.wait_line('"state":"failed".*it has 10.0.MB, and there is only place for', PATIENCE)
    daemon.end()


@case('a daemon of another user writes into what its caller opened, and nowhere else', seconds=120)
def foreign():
    if os.geteuid() != 0 or shutil.which('setpriv') is None:
        print('# only root can be another user')
        return
    bus, path, theirs = PrivateBus(shared=True), make_file('x', 300_000), tempfile.mkdtemp(prefix='sentient-theirs-')
    os.chown(theirs, NOBODY, NOBODY)
    daemon = Daemon(bus, 'alice')
    sender = send_alone(path, daemon.url)
    daemon.monitor.wait_line('"state":"offered"', PATIENCE)
    words = ['--reuid', str(NOBODY), '--regid', str(NOBODY), '--clear-groups', sentient_path(), 'accept', '1', theirs]
    program = Program(words, program='setpriv', env=dict(bus.env(), HOME='/', XDG_RUNTIME_DIR=theirs))
    equal(program.wait_exit(PATIENCE), 0, f'exit status{program.report()}')
    equal(sender.wait_exit(PATIENCE), 0, 'exit status of the sender')
    stored = os.path.join(theirs, 'x')
    assert_same(path, stored)
    equal(os.stat(stored).st_uid, NOBODY, 'whose file it is')
    shutil.rmtree(theirs)
    daemon.end()


@case('what will not do', seconds=120)
def wrong():
    server = shared_server()
    path = make_file('x', 10)
    sender = Program(['send-file', 'alice', path, '--seed', 'http://127.0.0.1:9', '--stun', 'none'], env=BUSLESS)
    equal(sender.wait_exit(PATIENCE), 1, 'exit status')
    contains(sender.stderr(), 'name a coordinator with --seed', 'no coordinator')
    sender = Program(['send-file', 'nobody', path, '--seed', server.url, '--stun', 'none'], env=BUSLESS)
    sender.wait_line('Waiting for nobody to come to the room "global"', PATIENCE)
    sender.stop(status=1)
    sender = Program(['send-file', 'nobody', path, '--seed', server.url, '--stun', 'none', '--wait', '1'], env=BUSLESS)
    equal(sender.wait_exit(PATIENCE), 1, 'exit status')
    contains(sender.stderr(), 'nobody did not come to the room "global" within 1 second, so nothing was sent', 'stderr')
    alice = Node('alice', server.url)
    sender = send_alone(path, server.url, '--node-id', 'bob')
    alice.wait_line('bob offers a file, x', PATIENCE)
    alice.write('/refuse 1')
    equal(sender.wait_exit(PATIENCE), 1, 'exit status')
    contains(sender.stderr(), '“x” to “alice”: it was refused', 'stderr')
    # Whoever sends goes away.
    sender = send_alone(path, server.url, '--node-id', 'carol')
    alice.wait_line('carol offers a file, x', PATIENCE)
    sender.kill()
    check(alice.alive(), 'alice lives')
    alice.quit()


main()
