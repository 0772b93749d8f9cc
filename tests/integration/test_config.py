#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The settings file: config show and check, which value counts, and reading it again at SIGHUP."""

import fcntl
import json
import os
import pty
import signal
import subprocess
import termios

import harness
from harness import (Program, Server, case, check, contains, equal, isolated_env, main, tmpdir)
from design_client import DesignClient
from rawhttp import Connection, get_json


def write(text, name='sentient.conf'):
    path = os.path.join(tmpdir(), name)
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text)
    return path


def ran(*args, status=0, env=None):
    """What the program said: (stdout, stderr)."""
    program = Program(args, env=env)
    equal(program.wait_exit(), status, f'the exit status of {args}{program.report()}')
    program.check_stderr()
    said = '\n'.join(program.lines), program.stderr()
    program.destroy()
    return said


def shown(*args, env=None):
    """name: (value, from)"""
    out, err = ran('config', 'show', '--json', *args, env=env)
    equal(err, '', 'stderr')
    return {s['name']: (s['value'], s['from']) for s in json.loads(out)['settings']}


@case('config show: defaults, of a node and of a coordinator')
def _():
    node, server = shown(), shown('--server')
    check(all(source == 'default' for _value, source in node.values()), f'{node}')
    equal(node['seeds'][0], ['http://127.0.0.1:8888'], 'seeds of a node')
    equal(server['seeds'], (None, 'default'), 'seeds of a coordinator')
    equal(server['host'], ('0.0.0.0', 'default'), 'host of a coordinator')
    equal(server['coordinator'], (True, 'command-line'), 'coordinator')
    equal((node['port'][0], node['cors'][0], node['max-peers'][0]), (8888, True, 50), 'values')


@case('config show: the command line goes before the file, and that before the default')
def _():
    path = write('[coordinator]\nport = 1000\nhost = ::1\n\n[limits]\nmax-peers=7\njoin-rate=3\n'
                 '[node]\nstun=none\nturn=turn:me:secret@host:3478\n')
    got = shown('--config', path, '--server', '--port', '2000', '--limit', 'join-rate=4',
                '--no-cors', '--allow-origin', 'https://a.example,https://b.example')
    equal(got['port'], (2000, 'command-line'), 'port')
    equal(got['host'], ('::1', f'file:{path}:3'), 'host')
    equal(got['max-peers'], (7, f'file:{path}:6'), 'max-peers')
    equal(got['join-rate'], (4, 'command-line'), 'join-rate')
    equal(got['cors'], (False, 'command-line'), 'cors')
    equal(got['allow-origin'][0], ['https://a.example', 'https://b.example'], 'allow-origin')
    equal(got['stun'], ([], f'file:{path}:9'), 'stun')
    equal(got['turn'][0], ['turn:me:***@host:3478'], 'turn')
    equal(got['max-rooms'], (16384, 'default'), 'max-rooms')
    out, _err = ran('--config', path, '--server', 'config', 'show')
    equal(out.splitlines()[0].split(), ['NAME', 'VALUE', 'FROM'], 'the columns')
    contains([line.split() for line in out.splitlines()], ['host', '::1', f'file:{path}:3'], 'a row')
    check('secret' not in out, 'the password is shown')


@case('the file: $SENTIENT_CONFIG, else that of the user; --config goes before both')
def _():
    env = isolated_env(SENTIENT_CONFIG='')
    own = os.path.join(env['XDG_CONFIG_HOME'], 'sentient')
    os.makedirs(own)
    path = os.path.join(own, 'sentient.conf')
    with open(path, 'w', encoding='utf-8') as file:
        file.write('[coordinator]\nport=1\n')
    other = write('[coordinator]\nport=2\n', 'other.conf')
    third = write('[coordinator]\nport=3\n', 'third.conf')
    equal(shown(env=env)['port'], (1, f'file:{path}:2'), 'port')
    env['SENTIENT_CONFIG'] = other
    equal(shown(env=env)['port'], (2, f'file:{other}:2'), 'port')
    equal(shown('--config', third, env=env)['port'], (3, f'file:{third}:2'), 'port')
    os.unlink(path)
    env['SENTIENT_CONFIG'] = path
    _out, err = ran('config', 'show', status=1, env=env)
    contains(err, f'the settings file {path} cannot be read', 'stderr')


@case('config check: every error with its line; what is right ends with status 0')
def _():
    path = write('[coordinator]\nport = 70000\nprot = 1\n[limits]\nmax-peers = 0\nmax-peers = 1\n')
    _out, err = ran('config', 'check', path, status=1)
    lines = err.splitlines()
    equal(len(lines), 4, f'the lines of {err!r}')
    for line, start in zip(lines, ('2: port: "70000"', '3: there is no setting "prot"',
                                   '5: max-peers: "0"', '6: max-peers was set in line 5')):
        check(line.startswith(f'sentient: {path}:{start}'), f'{line!r} does not begin with {start!r}')
    out, err = ran('config', 'check', write('# nothing\n'))
    equal((out, err), (f'{path}: all right', ''), 'what it said')
    _out, err = ran('config', 'check', path + '-away', status=1)
    contains(err, path + '-away', 'stderr')


@case('config: wrong words end with status 2')
def _():
    for words in ((), ('shew',), ('show', 'x'), ('check',), ('check', 'a', 'b')):
        _out, err = ran('config', *words, status=2)
        contains(err, 'sentient config show', 'stderr')


@case('a coordinator or node does not start with a file that is wrong')
def _():
    path = write('[coordinator]\nhost = a b\n[node]\nnode-id=x y\n')
    for args in (('--server',), ()):
        _out, err = ran('--config', path, *args, status=1)
        contains(err, f'sentient: {path}:2: host: "a b"', 'stderr')
        contains(err, f'sentient: {path}:4: node-id: "x y"', 'stderr')
    path = write('[coordinator]\nhost = 0.0.0.0\n')
    _out, err = ran('--config', path, '--server', '--no-limits', status=2)
    contains(err, '--no-limits', 'stderr')


@case('a coordinator and a node are what the file says')
def _():
    path = write('[coordinator]\nhost=127.0.0.1\nport=0\nnetwork-id=filed\n'
                 '[node]\nnode-id=hub\nstun=none\n[limits]\nmax-peers=2\ndrain-time=0\n')
    server = Program(['--server', '--no-color', '--config', path])
    url = server.wait_line(r'Listening on (http://127\.0\.0\.1:(\d+))').group(1)
    port = int(url.rsplit(':', 1)[1])
    nodes = get_json(port, '/nodes')
    equal((nodes['nodeId'], nodes['networkId']), ('hub', 'filed'), 'who it is')
    env = isolated_env(SENTIENT_CONFIG=write(f'[node]\nseeds={url}\nnode-id=filed-node\nstun=none\n'
                                             'rooms=attic,cellar\n', 'node.conf'))
    node = Program(['--no-color'], stdin=True, env=env)
    node.wait_line(r'You are "filed-node" in the room "attic"')
    node.wait_line(r'You are also in the room "cellar"')
    node.write('/quit')
    equal(node.wait_exit(), 0, 'the exit status')
    node.check_stderr()
    server.stop()


def hang_up(server, pattern):
    start = len(server.lines)
    os.kill(server.pid, signal.SIGHUP)
    return server.wait_line(pattern, start=start)


@case('SIGHUP: a limit is another at once, nobody is disconnected, and what waits for a restart is told')
def _():
    path = write('[coordinator]\nnetwork-id = before\n[limits]\nmax-peers = 1\n')
    server = Server('--config', path)
    first = DesignClient(server.port, 'first', 'small')
    refused = DesignClient(server.port, 'second')
    equal(refused.join('small')['success'], False, 'a second one in a room for one')
    write('[coordinator]\nnetwork-id = after\nstatic = /nonexistent\nport = 1\n'
          '[limits]\nmax-peers = 2\nmax-message-size=5000\n')
    match = hang_up(server, r'The settings were read again; changed: (.*)\.$')
    equal(match.group(1), 'network-id, static, max-peers, max-message-size', 'what changed')
    equal(server.wait_line(r'These wait for a restart: (.*)\.$').group(1), 'static, max-message-size',
          'what waits')
    equal(refused.join('small')['success'], True, 'a second one in a room for two')
    equal(get_json(server.port, '/nodes')['networkId'], 'after', 'networkId')
    first.take_joined('second')
    hang_up(server, r'none is another')
    first.silent()
    first.stop()
    refused.stop()
    server.stop()


@case('SIGHUP: limits of connections and times are others at once, those who are there stay')
def _():
    path = write('[limits]\nconnections-per-address = 2\n')
    server = Server('--config', path)
    first = DesignClient(server.port, 'first', 'here')
    with Connection(server.port) as second, Connection(server.port) as third:
        equal(second.request('GET', '/healthz').status, 200, 'the status')
        equal(third.response().status, 503, 'the status of one more')
    write('[limits]\nconnections-per-address = 1\nidle-timeout = 300\n')
    match = hang_up(server, r'The settings were read again; changed: (.*)\.$')
    equal(match.group(1), 'connections-per-address, idle-timeout', 'what changed')
    with Connection(server.port) as second:
        equal(second.response().status, 503, 'the status of one more')
    write('[limits]\nconnections-per-address = 3\nidle-timeout = 300\n')
    hang_up(server, r'changed: connections-per-address\.$')
    with Connection(server.port) as second, Connection(server.port) as third:
        equal(third.request('GET', '/healthz').status, 200, 'the status')
        equal(second.request('GET', '/healthz').status, 200, 'the status')
        equal(second.ended(), b'', 'the end of an idle connection')
    first.silent()
    first.stop()
    server.stop()


@case('SIGHUP: a file that is wrong or gone changes nothing')
def _():
    path = write('[limits]\nmax-peers = 1\n')
    server = Server('--config', path)
    first = DesignClient(server.port, 'first', 'small')
    write('[limits]\nmax-peers = 2\n\njoin-rate = x\n')
    hang_up(server, 'all stay as they were')
    os.unlink(path)
    hang_up(server, 'all stay as they were')
    second = DesignClient(server.port, 'second')
    equal(second.join('small')['success'], False, 'a second one in a room for one')
    write('[limits]\nmax-peers = 2\n')
    hang_up(server, r'changed: max-peers\.')
    err = server.stderr()
    contains(err, f'{path}:4: join-rate: "x"', 'stderr')
    contains(err, f'the settings file {path} cannot be read', 'stderr')
    equal(second.join('small')['success'], True, 'a second one in a room for two')
    first.stop()
    second.stop()
    server.stop()


class OnTerminal:
    """A coordinator whose terminal is ours to close."""

    def __init__(self, hangup):
        self.master, slave = pty.openpty()
        out, inside = os.pipe()

        def take_terminal():
            harness._child_setup()
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
            signal.signal(signal.SIGHUP, hangup)

        self.child = subprocess.Popen([os.environ['SENTIENT'], '--server', '--host', '127.0.0.1', '--port',
                                       '0', '--stun', 'none', '--no-color', '--limit', 'drain-time=0'],
                                      stdin=slave, stdout=inside, stderr=inside, env=isolated_env(),
                                      preexec_fn=take_terminal)
        os.close(slave)
        os.close(inside)
        self.lines = os.fdopen(out, encoding='utf-8')
        self.take('Ctrl-C stops it')

    def take(self, word):
        for line in self.lines:
            if word in line:
                return
        raise AssertionError(f'it ended without {word!r}')

    def end(self):
        self.lines.read()
        self.lines.close()
        equal(self.child.wait(15), 0, 'the exit status')


@case('a terminal that is closed ends the coordinator, SIGHUP on an open one does not')
def _():
    server = OnTerminal(signal.SIG_DFL)
    server.child.send_signal(signal.SIGHUP)
    server.take('read again')
    os.close(server.master)
    server.end()


@case('with nohup it goes on when its terminal is closed')
def _():
    server = OnTerminal(signal.SIG_IGN)
    os.close(server.master)
    server.take('read again')
    server.child.terminate()
    server.end()


main()
