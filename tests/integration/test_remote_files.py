# SPDX-License-Identifier: LGPL-2.1-or-later
"""The commands about files against a fake daemon, which does what it is told."""

import json
import os
import pty
import signal
import subprocess
import tempfile

from harness import Program, case, check, contains, equal, main, run_program, sentient_path, tmpdir
from private_bus import FakeDaemon, PrivateBus
from terminal import on_terminal

BUS = PrivateBus()
DAEMON = FakeDaemon(BUS)


def run(*args, status=0, stdin=None, cwd=None):
    program = run_program(*args, status=status, stdin=stdin, env=BUS.env(), cwd=cwd)
    return [line.replace('\xa0', ' ') for line in program.lines], program.stderr()


def run_json(*args, **more):
    return [json.loads(line) for line in run(*args, '--json', **more)[0]]


def number_of(name):
    """Of the transfer that is to come."""
    while True:
        for transfer in run_json('transfers')[0]:
            if transfer['name'] == name:
                return transfer['number']


def folder():
    return tempfile.mkdtemp(dir=tmpdir())


def write(path, size):
    with open(path, 'wb') as file:
        file.write(bytes(size))
    return path


@case('the list')
def listing():
    contains(run('transfers')[0][0], 'sentient send-file NODE FILE', 'nothing')
    equal(run_json('transfers'), [[]], 'nothing in JSON')
    DAEMON.tell('transfer 70 incoming bob 2000000 a photo.jpg', 'transfer 71 outgoing eve -1 \x1b[31mlog',
                'progress 70 active 500000 250000 6')
    lines, _ = run('transfers')
    equal(lines[0].split(), ['NUMBER', 'WAY', 'NODE', 'STATE', 'DONE', 'OF', 'RATE', 'LEFT', 'NAME', 'NOTE'], 'headings')
    for text in ('70', 'from', 'bob', 'active', '500.0 kB', '2.0 MB', '250.0 kB/s', '00:00:06', 'a photo.jpg'):
        contains(lines[1], text, 'row')
    contains(lines[2], '\\x1b[31mlog', 'a name that could harm a terminal')
    [said] = run_json('transfers')
    equal(said[0], {'number': 70, 'direction': 'incoming', 'nodeId': 'bob', 'name': 'a photo.jpg', 'mediaType': None,
                    'size': 2000000, 'transferred': 500000, 'rate': 250000, 'remaining': 6, 'state': 'active',
                    'file': None, 'error': None}, 'JSON')
    equal(run('transfers', '--names')[0], ['70', '71'], 'names')
    DAEMON.tell('drop-transfer 70', 'drop-transfer 71')


@case('the list on a narrow terminal: reasons stand below')
def narrow():
    why = 'the connection ended before it was through, ' + 'and why is a long story ' * 5
    DAEMON.tell('transfer 70 incoming bob 2000000 a photo.jpg', 'transfer 71 outgoing eve 10 b', f'end 71 failed {why}')
    lines = on_terminal(BUS.env(), 80, 'transfers')
    equal(lines[0].split(), ['NUMBER', 'WAY', 'NODE', 'STATE', 'DONE', 'OF', 'NAME'], 'headings')
    check('a photo.jpg' in lines[1] and len(lines[1]) < 80, lines[1])
    equal(lines[3].rstrip(), ' ' * 8 + why.rstrip(), 'the reason')
    equal(len(lines), 4, 'lines')
    equal(on_terminal(BUS.env(), 250, 'transfers')[0].split()[-3:], ['LEFT', 'NAME', 'NOTE'], 'a wide terminal')
    lines = on_terminal(BUS.env(), 30, 'transfers')
    check(all(len(line) == 30 and line.endswith('…') for line in lines[:3]), f'cut: {lines}')
    DAEMON.tell('progress 70 active 500000 250000 6')
    contains(on_terminal(BUS.env(), 80, 'transfers')[1], '250.0 kB/s', 'the rate of one that moves')
    DAEMON.tell('drop-transfer 70', 'drop-transfer 71')


@case('files are sent')
def sending():
    where = folder()
    one, two = write(os.path.join(where, 'one.txt'), 5), write(os.path.join(where, 'two'), 7)
    DAEMON.calls()
    program = Program(['send-file', 'bob', one, two], env=BUS.env())
    program.wait_line(r'\[1 of 2\] two waits until bob takes it|\[1 of 2\] one.txt waits')
    program.wait_line(r'two waits until bob takes it')
    equal(DAEMON.calls(), ['send-file bob text/plain 5 one.txt', 'send-file bob  7 two'],
          'calls')
    DAEMON.tell('progress 1 active 2 3 1', 'end 1 done x')
    program.wait_line(r'^Sent one\.txt to bob: 5.bytes, 3.bytes/s\.$')
    DAEMON.tell('end 2 failed the disk is full')
    equal(program.wait_exit(), 1, 'exit status')
    contains(program.stderr(), 'sentient: the disk is full', 'stderr')

    equal(run_json('send-file', 'bob', one, '--no-wait')[0]['number'], 3, 'number')
    contains(run('send-file', 'bob', one, '--no-wait', '--name', 'other')[0][0], 'Offered other to bob as number 4',
             'without waiting')
    run('send-file', 'bob', '-', '--no-wait', stdin=b'hello')
    equal([call.split()[1:] for call in DAEMON.calls()],
          [['bob', 'text/plain', '5', 'one.txt'], ['bob', 'text/plain', '5', 'other'], ['bob', '-1', 'stdin']], 'calls')


@case('a node that is not there is waited for')
def waiting():
    path = write(os.path.join(folder(), 'w'), 5)
    DAEMON.calls()
    lines, said = run('send-file', 'nobody', path, path, '--wait', '1', status=1)
    equal(lines, ['Waiting for nobody to come to a room of this node'], 'it waits')
    equal(said.count('nobody did not come within 1 second, so nothing was sent'), 1, 'stderr')
    contains(said, '"sentient peers"', 'what to do')
    equal(run('send-file', 'nobody', path, '--wait', '1', '--json', status=1)[0], [], 'JSON')
    equal(DAEMON.calls(), [], 'calls')

    program = Program(['send-file', 'nobody', path], env=BUS.env())
    program.wait_line('Waiting for nobody')
    program.popen.send_signal(signal.SIGINT)
    equal(program.wait_exit(), 1, 'interrupted')

    program = Program(['send-file', 'nobody', path, '--wait', '86400'], env=BUS.env())
    program.wait_line('Waiting for nobody')
    DAEMON.tell('member late nobody')
    program.wait_line('w waits until nobody takes it')
    equal([call.split()[1] for call in DAEMON.calls()], ['nobody'], 'calls')
    DAEMON.tell(f'end {number_of("w")} done x')
    equal(program.wait_exit(), 0, 'exit status')
    DAEMON.tell('part late nobody')


@case('a file on its way is cancelled by Ctrl-C')
def interrupted():
    DAEMON.calls()
    program = Program(['send-file', 'bob', write(os.path.join(folder(), 'much'), 9)], env=BUS.env())
    program.wait_line('much waits until bob takes it')
    program.popen.send_signal(signal.SIGINT)
    equal(program.wait_exit(), 1, 'exit status')
    check(DAEMON.calls()[-1].startswith('cancel '), 'cancelled')


@case('JSON at the end of each')
def in_json():
    program = Program(['send-file', 'bob', write(os.path.join(folder(), 'j'), 9), '--json'], env=BUS.env())
    number = number_of('j')
    DAEMON.tell(f'progress {number} active 2 3 1', f'end {number} done x')
    equal(program.wait_exit(), 0, 'exit status')
    [line] = program.lines
    equal((json.loads(line)['state'], json.loads(line)['transferred']), ('done', 9), 'JSON')


@case('a line on a terminal')
def terminal():
    master, slave = pty.openpty()
    # pylint: disable-next=consider-using-with
    program = subprocess.Popen([sentient_path(), 'send-file', 'bob', write(os.path.join(folder(), 'tty'), 1000)],
                               env=BUS.env(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=slave)
    os.close(slave)
    said = b''
    while b'tty waits' not in said:
        said += os.read(master, 4096)
    number = number_of('tty')
    DAEMON.tell(f'progress {number} active 450 100 6')
    while b'tty to bob: 45 %, 450 bytes of 1.0 kB, 100 bytes/s, 00:00:06 left' not in said:
        said += os.read(master, 4096).replace(b'\xc2\xa0', b' ')
    DAEMON.tell(f'end {number} done x')
    equal(program.communicate(timeout=60)[0].replace(b'\xc2\xa0', b' '), b'Sent tty to bob: 1.0 kB, 100 bytes/s.\n', 'stdout')
    equal(program.returncode, 0, 'exit status')
    check(b'\n' not in said, 'one line')
    os.close(master)


@case('offers are taken, refused, cancelled')
def offers():
    where = folder()
    DAEMON.tell('transfer 90 incoming bob 10 x', 'transfer 91 incoming bob 10 y', 'transfer 92 incoming bob 10 z')
    DAEMON.calls()
    program = Program(['accept', '90', where], env=BUS.env())
    program.wait_line('x from bob: 0 %')
    equal(DAEMON.calls(), [f'accept 90 folder {where}'], 'calls')
    DAEMON.tell(f'end 90 done {where}/x')
    program.wait_line(f'Got x from bob: .* stored as {where}/x')
    equal(program.wait_exit(), 0, 'exit status')

    run('accept', '91', '--no-wait', cwd=where)
    contains(run('accept', '91', status=1)[1], 'it is active', 'twice')
    equal(DAEMON.calls(), [f'accept 91 folder {where}'], 'the current directory')
    run('cancel', '91')
    contains(run('cancel', '91', status=1)[1], 'y, file number 91, is over already: cancelled', 'twice')
    run('refuse', '92', 'no', 'room')
    equal(DAEMON.calls(), ['cancel 91', 'refuse 92 no room'], 'calls')


@case('a daemon of another user is given a file of ours')
def foreign():
    where = folder()
    DAEMON.tell('transfer 80 incoming foreign 10 x', 'transfer 81 incoming foreign 10 x')
    program = Program(['accept', '80', where], env=BUS.env())
    program.wait_line('x from foreign: 0 %')
    DAEMON.tell('end 80 done ')
    program.wait_line(f'stored as {where}/x')
    equal(program.wait_exit(), 0, 'exit status')
    equal(os.listdir(where), ['x'], 'files')

    program = Program(['accept', '81', where], env=BUS.env())
    program.wait_line('x from foreign: 0 %')
    equal(len(os.listdir(where)), 2, 'files while it goes on')
    program.popen.send_signal(signal.SIGINT)
    equal(program.wait_exit(), 1, 'exit status')
    equal(os.listdir(where), ['x'], 'files')


@case('what will not do')
def wrong():
    where = folder()
    path = write(os.path.join(where, 'x'), 1)
    closed = os.path.join(where, 'closed')
    for words in (['--wait', '0'], ['--no-wait']):
        contains(run('send-file', 'nobody', path, *words, status=1)[1], 'nobody is in no room', 'no such node')
    contains(run('send-file', 'bob', path, '--wait', '1', '--no-wait', status=2)[1], 'give one of them', 'both')
    for seconds in ('-1', '86401'):
        contains(run('send-file', 'bob', path, f'--wait={seconds}', status=2)[1], '--wait: 0 to 86400', 'the range')
    contains(run('send-file', 'bob', where + '/none', status=1)[1], 'cannot be read: No such file', 'no such file')
    contains(run('send-file', 'bob', where, status=1)[1], 'is a folder', 'a folder')
    contains(run('send-file', 'a b', path, status=2)[1], 'the node "a b" will not do', 'a wrong name')
    contains(run('send-file', 'bob', status=2)[1], 'needs more words', 'no file')
    contains(run('send-file', 'bob', path, '--name', 'a/b', status=2)[1], 'has no "/"', 'a path')
    contains(run('send-file', 'bob', path, path, '--name', 'a', status=2)[1], 'one file', 'a name for two')
    contains(run('send-file', 'bob', path, '--no-wait', '--seed', 'http://127.0.0.1:1', status=2)[1], '--no-wait', 'both')
    contains(run('send-file', 'bob', path, '--seed', 'nonsense', status=2)[1], 'no http://', 'a wrong seed')
    for command in ('accept', 'refuse', 'cancel'):
        contains(run(command, 'x', status=2)[1], 'is no number', command)
        contains(run(command, '12345', status=1)[1], 'there is no file number 12345', command)
    DAEMON.tell('transfer 50 incoming bob 10 x')
    contains(run('accept', '50', where + '/none', status=1)[1], 'No such file or directory', 'no such directory')
    contains(run('accept', '50', path, status=1)[1], 'Not a directory', 'no directory')
    if os.geteuid() != 0:
        os.mkdir(closed, 0o500)
        contains(run('accept', '50', closed, status=1)[1], 'Permission denied', 'a directory of others')
    equal({m['number']: m['state'] for m in run_json('transfers')[0]}[50], 'offered', 'it waits on')


@case('the daemon is killed meanwhile')
def killed():
    bus = PrivateBus()
    fake = FakeDaemon(bus)
    fake.tell('transfer 60 incoming bob 10 x')
    programs = [Program(['send-file', 'bob', write(os.path.join(folder(), 'x'), 5)], env=bus.env()),
                Program(['accept', '60', folder()], env=bus.env())]
    programs[0].wait_line('x waits until bob takes it')
    programs[1].wait_line('x from bob')
    fake.kill()
    for program in programs:
        equal(program.wait_exit(), 1, 'exit status')
        contains(program.stderr(), 'the daemon ended before this was through; start it', 'stderr')
    bus.stop()


main()
