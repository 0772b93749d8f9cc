#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""sentient doctor --network against real servers, and against what is none: a coordinator, a STUN and
TURN server (coturn), silence, lies, and nobody. All of it on the loopback."""

import json
import os
import pty
import re
import select
import socket
import struct
import threading

from coturn import LONG, PASSWORD, QUOTED, USER, free_port, shared_turn
from bus import PREFIX, Bus, Client, Daemon
from harness import (PATIENCE, Node, Program, at_end, case, check, contains, end_shared_servers, equal,
                     isolated_env, main, run_program, sentient_path, shared_server)

SECRETS = (PASSWORD, QUOTED, USER + ':')
turn = shared_turn()


@at_end
def end_coordinators():
    """the coordinator is alive, and stops cleanly"""
    end_shared_servers()


def no_bus():
    env = isolated_env()
    for name in ('DBUS_SESSION_BUS_ADDRESS', 'DBUS_SYSTEM_BUS_ADDRESS'):
        env[name] = 'unix:path=/nonexistent'
    return env


def run(*args, status, env=None):
    """The lines on stdout, of a command that must end with status and give no secret away."""
    program = run_program('doctor', '--network', *args, status=status, seconds=LONG, env=env or no_bus())
    for secret in SECRETS:
        check(secret not in '\n'.join(program.lines) + program.stderr(), f'{secret} is shown{program.report()}')
    return program.lines


def examine(*args, status=0, env=None):
    """The report, and the codes of its findings with the severity of each."""
    lines = run(*args, '--json', status=status, env=env)
    equal(len(lines), 1, 'lines of JSON')
    report = json.loads(lines[0])
    equal(report['ok'], status == 0, 'ok')
    return report, {finding['code']: finding['severity'] for finding in report['findings']}


def servers(stun=None, turn_url=None):
    url = shared_server('--stun', 'none').url
    return ['--seed', url, '--stun', stun or 'none'] + (['--turn', turn_url] if turn_url else [])


@case('all is well', LONG)
def all_well():
    report, codes = examine(*servers(turn().stun_url(), turn().turn_url()))
    for code in ('coordinator-ok', 'clock-ok', 'stun-ok', 'turn-ok', 'udp-ok', 'nat-none'):
        equal(codes.get(code), 'ok', code)
    equal([(s['family'], s['outcome']) for s in report['stun']], [('ipv4', 'good')], 'stun')
    equal([(s['transport'], s['used'], s['outcome']) for s in report['turn']],
          [('udp', True, 'good'), ('tcp', False, 'good')], 'turn')
    for server in report['turn']:
        check(re.fullmatch(r'127\.0\.0\.1:\d+', server['relayed']), f'relayed: {server}')
    check(0 < report['coordinators'][0]['latency'] < 60000, 'latency')
    check(abs(report['coordinators'][0]['clockAhead']) < 5000, 'the clock')
    # What the server gave for the test it has back.
    turn().pump()
    sessions = {m.group(1) for m in (re.search(r'session (\d+): refreshed, .*lifetime=0', line)
                                     for line in turn().lines) if m}
    equal((turn().count('incoming packet ALLOCATE processed, success'), len(sessions)), (2, 2), 'allocations')


@case('the coordinator names the STUN server', LONG)
def named():
    url = shared_server('--stun', turn().stun_url(), '--turn', turn().turn_url()).url
    report, codes = examine('--seed', url)
    equal(report['stun'][0]['server'], f'127.0.0.1:{turn().port}', 'the server')
    equal(codes['stun-ok'], 'ok', 'stun')
    equal(codes['turn-unchecked'], 'note', 'TURN, which it tells to who joins only')


@case('over IPv6, in brackets', LONG)
def ipv6():
    report, codes = examine(*servers(turn().stun_url('[::1]'), turn().turn_url('[::1]')))
    equal([(s['family'], s['outcome']) for s in report['stun']], [('ipv6', 'good')], 'stun')
    equal([s['outcome'] for s in report['turn']], ['good', 'good'], 'turn')
    equal(codes['turn-ok'], 'ok', 'turn')


@case('a TURN server that is used over TCP', LONG)
def over_tcp():
    report, _codes = examine(*servers(turn_url=turn().turn_url(transport='tcp')))
    equal([(s['transport'], s['used'], s['outcome']) for s in report['turn']],
          [('udp', False, 'good'), ('tcp', True, 'good')], 'turn')


@case('credentials that are wrong', LONG)
def wrong():
    for url in (turn().turn_url(password='nonsense'), turn().turn_url(user='nobody'),
                turn().turn_url(password='nonsense', transport='tcp')):
        report, codes = examine(*servers(turn().stun_url(), url), status=1)
        equal(codes['turn-credentials'], 'error', url)
        equal({s['outcome'] for s in report['turn']}, {'credentials'}, 'turn')
        check('nonsense' not in json.dumps(report) and 'nobody@' not in json.dumps(report), 'they are shown')


@case('nothing listens', LONG)
def nobody():
    udp, tcp = free_port(socket.SOCK_DGRAM), free_port()
    report, codes = examine('--seed', f'http://127.0.0.1:{tcp}', '--stun', f'stun:127.0.0.1:{udp}',
                            '--turn', f'turn:me:secret@127.0.0.1:{udp}', status=1)
    for code in ('coordinator-nobody', 'stun-nobody', 'turn-nobody'):
        equal(codes.get(code), 'error', code)
    equal({s['outcome'] for s in report['turn']}, {'nobody'}, 'turn')
    check('secret' not in json.dumps(report), 'the password is shown')


@case('who is silent is waited for, but not for long', 2 * LONG)
def silent():
    with socket.socket(type=socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
        udp.bind(('127.0.0.1', 0))
        port = udp.getsockname()[1]
        tcp.bind(('127.0.0.1', port))
        tcp.listen()
        report, codes = examine('--seed', f'http://127.0.0.1:{port}', '--stun', f'stun:127.0.0.1:{port}',
                                '--turn', f'turn:me:secret@127.0.0.1:{port}', status=1)
        for code in ('coordinator-silent', 'stun-silent', 'turn-silent'):
            equal(codes.get(code), 'error', code)
        check(report['stun'][0]['tries'] >= 3, 'it was asked again')
        equal({s['outcome'] for s in report['turn']}, {'silent'}, 'turn')
        equal(codes.get('udp-unknown'), 'note', 'one silent host says nothing of UDP')


class Liar:
    """A UDP server that answers by answer (question)."""

    def __init__(self, answer):
        self._socket = socket.socket(type=socket.SOCK_DGRAM)
        self._socket.bind(('127.0.0.1', 0))
        self._stop, self._stopped = os.pipe()
        self._answer = answer
        self.url = f'stun:127.0.0.1:{self._socket.getsockname()[1]}'
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self):
        while self._stop not in select.select([self._socket, self._stop], [], [])[0]:
            question, sender = self._socket.recvfrom(2000)
            for answer in self._answer(question):
                self._socket.sendto(answer, sender)

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        os.write(self._stopped, b'x')
        self._thread.join()
        for fd in (self._stop, self._stopped):
            os.close(fd)
        self._socket.close()


def stun_answer(transaction, attributes=b'', kind=0x0101):
    return struct.pack('>HHI', kind, len(attributes), 0x2112A442) + transaction + attributes


# XOR-MAPPED-ADDRESS 198.51.100.7:4711
SEEN = struct.pack('>HHBBH', 0x20, 8, 0, 1, 4711 ^ 0x2112) + struct.pack('>I', 0xC6336407 ^ 0x2112A442)


@case('answers that are none', 4 * LONG)
def lies():
    for name, answer, outcome in (
            ('a text', lambda _q: [b'HTTP/1.1 400 Bad Request\r\n\r\n'], 'malformed'),
            ('an empty packet', lambda _q: [b''], 'malformed'),
            ('the question', lambda q: [q], 'malformed'),
            ('half an answer', lambda q: [stun_answer(q[8:20], SEEN)[:25]], 'malformed'),
            ('no address', lambda q: [stun_answer(q[8:20])], 'malformed'),
            ('another transaction', lambda q: [stun_answer(b'forged-trans', SEEN)], 'silent'),
            ('64 forgeries, and then the truth',
             lambda q: [stun_answer(struct.pack('>QI', i, 7), SEEN) for i in range(64)] + [stun_answer(q[8:20], SEEN)],
             'good')):
        with Liar(answer) as liar:
            report, codes = examine(*servers(liar.url), status=0 if outcome == 'good' else 1)
            equal(report['stun'][0]['outcome'], outcome, name)
            if outcome == 'good':
                equal(report['stun'][0]['mapped'], '198.51.100.7:4711', name)
                equal(codes['nat-unknown'], 'note', 'one server alone cannot tell what the NAT does')
            else:
                equal(codes.get(f'stun-{outcome}'), 'error', name)


@case('addresses are hidden on request', LONG)
def hidden():
    args = servers(turn().stun_url(), turn().turn_url())
    report, _codes = examine(*args, '--hide-addresses')
    check('127.0.0.1' not in json.dumps(report), 'an address is shown')
    equal(report['stun'][0]['server'], f'address-1:{turn().port}', 'the server')
    text = '\n'.join(run(*args, '--hide-addresses', status=0))
    check('127.0.0.1' not in text and 'address-1' in text, text)


@case('what a person reads', LONG)
def read():
    text = '\n'.join(run(*servers(turn().stun_url(), turn().turn_url(password='x')), status=1))
    check(re.search(rf'^good +The STUN server 127\.0\.0\.1:{turn().port} answers over IPv4', text, re.M), text)
    check(re.search(r'^ERROR +The TURN server .* does not take these credentials', text, re.M), text)
    check(re.search(r'^ +Check user and password in --turn', text, re.M), text)


@case('progress is shown on a terminal, and wiped out', LONG)
def progress():
    master, slave = pty.openpty()
    program = Program(['doctor', '--network', *servers(turn().stun_url())], env=no_bus())
    program.stop(0, seconds=LONG)
    equal(program.stderr(), '', 'without a terminal')
    child = [sentient_path(), 'doctor', '--network', *servers(turn().stun_url())]
    pid = os.posix_spawn(child[0], child, no_bus(), file_actions=[
        (os.POSIX_SPAWN_OPEN, 1, '/dev/null', os.O_WRONLY, 0), (os.POSIX_SPAWN_DUP2, slave, 2)])
    os.close(slave)
    said = b''
    while True:
        check(select.select([master], [], [], LONG)[0], 'nothing comes any more')
        try:
            data = os.read(master, 4096)
        except OSError:
            break
        if not data:
            break
        said += data
    os.close(master)
    equal(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0, 'status')
    contains(said.decode(), 'answered: the STUN server 127.0.0.1', 'progress')
    check(said.endswith(b'\r\x1b[K\r'), f'the line is left: {said!r}')


@case('a wrong command line')
def usage():
    for args, words in ((['--hide-addresses'], 'go with --network'), (['--stun', 'none'], 'go with --network'),
                        (['--network', '--stun', 'http://x'], '--stun: '),
                        (['--network', '--turn', 'turn:host'], '--turn: "turn:host"'),
                        (['--network', '--turn', f'turn:{USER}:{PASSWORD}@'], '--turn: "(not shown)"'),
                        (['--network', '--turn', f'{USER}:{PASSWORD}'], '--turn: "(not shown)"'),
                        (['--network', '--turn', f'turn:{USER}:{PASSWORD}'], '--turn: "(not shown)"')):
        program = Program(['doctor', *args], env=no_bus())
        equal(program.wait_exit(), 2, 'status')
        contains(program.stderr(), words, str(args))
        check(PASSWORD not in program.stderr(), 'the password is shown')
        program.destroy()


@case('the daemon looks itself, with the servers that it uses', 2 * LONG)
def daemon():
    bus = Bus()
    program = Daemon(bus, '--turn', turn().turn_url(), '--stun', turn().stun_url())
    client = Client(bus)
    client.await_owned()
    client.await_value(lambda: client.manager('NodeState'), 'connected', 'the state')
    name, _message = client.refused('GetNetworkReport', '(b)', False)
    contains(name, 'NotFound', 'before the first')
    report, codes = examine(env=bus.env())
    equal(report['coordinators'][0]['url'], client.manager('CoordinatorUri').rstrip('/'), 'the coordinator')
    equal((codes['coordinator-ok'], codes['stun-ok'], codes['turn-ok']), ('ok', 'ok', 'ok'), 'codes')
    shown = json.loads(client.call('GetNetworkReport', '(b)', False)[0])
    equal(shown, report, 'the last report, once more')
    shown = json.dumps(json.loads(client.call('GetNetworkReport', '(b)', True)[0]))
    check('127.0.0.1' not in shown and 'address-1' in shown, shown)
    report = json.loads(client.call('DiagnoseNetwork', '(b)', True)[0])
    check(report['ok'] and '127.0.0.1' not in json.dumps(report), f'{report}')
    # One at a time; and where servers are named, the daemon is not asked.
    examine('--stun', turn().stun_url('[::1]'), '--seed', shared_server('--stun', 'none').url, env=bus.env())
    program.stop()
    bus.kill()


def connection_states(client):
    return [interfaces[PREFIX + 'Connection']['State'] for interfaces in client.objects().values()
            if PREFIX + 'Connection' in interfaces]


@case('the daemon tells why a connection is relayed, and how it came about', 2 * LONG)
def daemon_relayed():
    for args, code, words in ((['--relay-only', 'true'], 'relayed-by-setting', 'as relay-only asks for'),
                              ([], None, '1 connection to another node is direct')):
        bus = Bus()
        program = Daemon(bus, '--turn', turn().turn_url(), '--stun', turn().stun_url(), '--candidate-filter',
                         'relay,host,srflx,loopback', *args)
        client = Client(bus)
        client.await_owned()
        client.await_value(lambda: client.manager('NodeState'), 'connected', 'the state')
        node = Node('bob', client.manager('CoordinatorUri'), args=('--candidate-filter', 'loopback'))
        node.wait_line('Connected to', LONG)
        # Each end has its own moment.
        client.await_value(lambda: connection_states(client), ['connected'], 'its connections', LONG)
        report, codes = examine(env=bus.env())
        [connection] = report['connections']
        equal((connection['nodeId'], connection['open'], connection['relayed'], connection['reason']),
              ('bob', True, code is not None, code), 'the connection')
        steps = [step['step'] for step in connection['timeline']]
        for step in ('relay' if code else 'host', 'checking', 'pair', 'open'):
            contains(steps, step, 'the timeline')
        if code:
            equal(codes[code], 'note', code)
        text = '\n'.join(run(status=0, env=bus.env()))
        contains(text, words, 'what a person reads')
        check(re.search(r'^timeline bob: .*checking \d+ ms, .*open \d+ ms', text, re.M), text)
        node.quit()
        program.stop()
        bus.kill()


@case('the daemon tells of a TURN server that does not take its password when it connects', 2 * LONG)
def daemon_credentials():
    bus = Bus()
    program = Daemon(bus, '--turn', turn().turn_url(password='nonsense'), '--stun', 'none')
    client = Client(bus)
    client.await_owned()
    client.await_value(lambda: client.manager('NodeState'), 'connected', 'the state')
    node = Node('bob', client.manager('CoordinatorUri'))
    client.await_value(lambda: 'No TURN server lends an address here' in client.manager('LastError'), True, 'LastError')
    told = client.manager('LastError')
    contains(told, f'127.0.0.1:{turn().port}', 'the server')
    contains(told, 'sentient doctor --network', 'what to do')
    check('nonsense' not in told + program.stderr(), 'the password is shown')
    node.quit()
    program.stop()
    bus.kill()


@case('the daemon ends while it looks', 2 * LONG)
def daemon_ends():
    with socket.socket(type=socket.SOCK_DGRAM) as udp:
        udp.bind(('127.0.0.1', 0))
        bus = Bus()
        program = Daemon(bus, '--stun', f'stun:127.0.0.1:{udp.getsockname()[1]}')
        client = Client(bus)
        client.await_owned()
        doctor = Program(['doctor', '--network'], env=bus.env())
        check(select.select([udp], [], [], PATIENCE)[0], 'the STUN server is not asked')
        name, _message = client.refused('DiagnoseNetwork', '(b)', False)
        contains(name, 'Busy', 'a second one')
        program.stop()
        equal(doctor.wait_exit(), 1, 'status')
        check(doctor.stderr().startswith('sentient: '), doctor.stderr())
        doctor.destroy()
        bus.kill()


main()
