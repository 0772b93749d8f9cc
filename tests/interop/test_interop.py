# SPDX-License-Identifier: LGPL-2.1-or-later
"""Nodes of ours and plain clients on other engines: libwebrtc in node (npm: @roamhq/wrtc) and
Chromium, with addresses in its candidates and with names that only mDNS knows. A real coordinator
between them, each end offers once, and messages of all kinds go both ways.

test_interop.py MODULES [NAME...]; MODULES is where tests/load/compare/install.sh put node_modules."""

import ctypes
import os
import shutil
import signal
import subprocess
import sys

import harness
from control import Control
from harness import Program, Server, at_end, case, check, equal, fail, tmpdir
from lab import become_root, tool

CLONE_NEWNET = 0x40000000
HERE = os.path.dirname(os.path.abspath(__file__))
ADDRESS = '192.0.2.1'
# What a plain client takes at most: more arrives in pieces with some engines.
PLAIN_MAX = 65536
SIZES = (1, 2, 1000, 16384, 65535, PLAIN_MAX)

# The flags of a browser; None: it is none.
ENGINES = {
    'libwebrtc': None,
    'chromium': ('--disable-features=WebRtcHideLocalIpsWithMdns',),
    'chromium-mdns': (),
}


def skip_all(reason):
    print(f'1..0 # SKIP {reason}')
    sys.exit(0)


def enter_lab():
    """A network that is ours alone: one interface that is no loopback, since the engines leave that
    one out, and a default route, by which a browser finds its address."""
    become_root()
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
        print(f'Bail out! A network namespace cannot be made: {os.strerror(ctypes.get_errno())}')
        sys.exit(99)
    lines = ('link set lo up', 'link add wire0 type veth peer name wire1',
             f'addr add {ADDRESS}/24 dev wire0', 'link set wire0 up', 'link set wire1 up',
             'route add default via 192.0.2.254')
    for what in ('all', 'default'):
        with open(f'/proc/sys/net/ipv6/conf/{what}/disable_ipv6', 'w', encoding='ascii') as file:
            file.write('1')
    subprocess.run([tool('ip'), '-batch', '-'], input='\n'.join(lines) + '\n', text=True, check=True)


class Ours(Program):
    """interop-node"""

    def __init__(self, node_id, server, room):
        self.node_id = node_id
        super().__init__([node_id, server.url, room], stdin=True,
                         program=os.environ['INTEROP_NODE'])
        self.wait_line('^joined$')

    def expect(self, pattern, start=0):
        return self.wait_line(pattern, harness.PATIENCE * 2, start)

    def quit(self):
        self.write('quit')
        self.stop(0)


class Chromium:
    """A browser of its own. It is ended with all its processes: they are a session."""

    def __init__(self, name, url, flags):
        self.home = os.path.join(tmpdir(), name)
        self.log = open(os.path.join(tmpdir(), f'{name}.log'), 'wb')
        os.makedirs(self.home)
        self.popen = subprocess.Popen(
            [shutil.which('chromium'), '--headless=new', '--no-sandbox', '--disable-gpu',
             '--disable-dev-shm-usage', '--no-first-run', '--disable-background-networking',
             '--disable-component-update', '--disable-sync', '--no-default-browser-check',
             f'--user-data-dir={self.home}', *flags, url],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, start_new_session=True,
            env=harness.isolated_env(HOME=self.home), preexec_fn=harness._child_setup)

    def report(self):
        with open(self.log.name, encoding='utf-8', errors='replace') as file:
            return ''.join('  chromium: ' + line for line in file.readlines()[-20:])

    def end(self):
        try:
            os.killpg(self.popen.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.popen.wait()
        self.log.close()


class Stage:
    """What all cases share, made when it is wanted."""

    def __init__(self):
        self._server = None
        self._control = Control()
        self._engines = {}

    @property
    def server(self):
        if self._server is None:
            self._server = Server()
        return self._server

    def engine(self, name):
        """(client, program) of that name."""
        if name not in self._engines:
            client = self._control.client(name)
            if ENGINES[name] is None:
                program = Program([os.path.join(HERE, 'in-node.mjs'), MODULES, self._control.url, name],
                                  program=shutil.which('node'))
            else:
                program = Chromium(name, f'{self._control.url}/page?who={name}', ENGINES[name])
            self._engines[name] = client, program
            try:
                client.expect('ready', seconds=harness.PATIENCE * 4)
            except harness.TestFailure as failure:
                fail(f'{failure}\n{program.report()}')
        return self._engines[name]

    def end(self):
        for _client, program in self._engines.values():
            if isinstance(program, Chromium):
                program.end()
            else:
                program.destroy()
        if self._server:
            self._server.stop()


class Pair:
    """One of ours and one of theirs in a room of their own, connected."""

    def __init__(self, engine, they_offer):
        self.engine = engine
        self.client, _program = STAGE.engine(engine)
        role = 'they' if they_offer else 'we'
        room = f'{engine}-{role}'
        self.since = len(self.client.events)
        self.ours = Ours(f'ours-{room}', STAGE.server, room)
        self.theirs = f'theirs-{room}'
        self.client.order('join', STAGE.server.url.replace('http', 'ws'), self.theirs, room)
        joined = self.client.expect('joined', self.since)
        equal(joined['peers'], [self.ours.node_id], 'the peers of the room')
        self.ours.expect(f'^member {self.theirs}$')
        if they_offer:
            self.client.order('connect', self.ours.node_id)
        else:
            self.ours.write(f'connect {self.theirs}')
        try:
            opened = self.client.expect('open', self.since, node=self.ours.node_id)
        except harness.TestFailure as failure:
            fail(f'{failure}{self.ours.report()}')
        equal((opened['label'], opened['protocol']), ('prrc', ''), 'the channel')
        self.max = opened['max']
        connected = self.ours.expect(f'^connected {self.theirs} (.*)$')
        equal(connected.group(1), 'answerer' if they_offer else 'offerer', 'our role')

    def candidates(self):
        return [e['text'] for e in self.client.events[self.since:] if e['event'] == 'candidate']

    def ours_to_theirs(self, kind, size):
        since = len(self.client.events)
        self.ours.write(f'send {self.theirs} {kind} {size}')
        got = self.client.expect('message', since, node=self.ours.node_id)
        equal((got['kind'], got['size'], got['right']), (kind, size, True), 'what they heard')

    def theirs_to_ours(self, kind, size):
        since = len(self.ours.lines)
        self.client.order('send', self.ours.node_id, kind, size)
        got = self.ours.expect(f'^message {self.theirs} (.*)$', since)
        equal(got.group(1), f'{kind} {size} right', 'what we heard')

    def exchange(self):
        for kind in ('text', 'binary'):
            for size in SIZES:
                self.ours_to_theirs(kind, size)
                self.theirs_to_ours(kind, size)

    def limits(self):
        """Neither end sends what the other could not take whole, and says so."""
        for kind, size, word in (('text', 0, 'empty'), ('binary', 0, 'empty'),
                                 ('binary', PLAIN_MAX + 1, '65536')):
            since = len(self.ours.lines)
            self.ours.write(f'send {self.theirs} {kind} {size}')
            refused = self.ours.expect(r'^refused \d+ (.*)$', since).group(1)
            check(word in refused, f'what was refused: {refused}')
        if ENGINES[self.engine] is None:
            return  # this binding does not look, and closes the channel
        since = len(self.client.events)
        self.client.order('send', self.ours.node_id, 'binary', self.max + 1)
        self.client.expect('refused', since, size=self.max + 1)

    def close(self, theirs):
        since = len(self.client.events)
        if theirs:
            self.client.order('close', self.ours.node_id)
        else:
            self.ours.write(f'disconnect {self.theirs}')
        self.ours.expect(f'^disconnected {self.theirs}')
        if not theirs:
            self.client.expect('closed', since, node=self.ours.node_id)
            self.client.order('close', self.ours.node_id)
        self.ours.quit()


# A browser shows names for its host candidates, unless it is told not to: nobody here can resolve
# them, so it must be its checks of ours that open the way.
def check_candidates(engine, pair):
    found = pair.candidates()
    check(found, 'there were no candidates')
    hidden = [c for c in found if '.local' in c]
    if engine == 'chromium-mdns':
        check(hidden, f'no candidate has a name: {found}')
    else:
        check(not hidden and any(ADDRESS in c for c in found), f'candidates: {found}')


def talk(engine, they_offer):
    pair = Pair(engine, they_offer)
    check_candidates(engine, pair)
    pair.exchange()
    pair.limits()
    pair.exchange()
    pair.close(theirs=they_offer)


def empty(engine):
    """An engine may send what we cannot: nothing at all."""
    pair = Pair(engine, False)
    for kind in ('text', 'binary'):
        pair.theirs_to_ours(kind, 0)
    pair.exchange()
    pair.close(theirs=False)


for name in ENGINES:
    for they in (True, False):
        role = 'they offer' if they else 'we offer'
        case(f'{name}: {role}', seconds=90)(lambda name=name, they=they: talk(name, they))
    case(f'{name}: empty messages', seconds=90)(lambda name=name: empty(name))

MODULES = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else ''
if not shutil.which('node') or not os.path.isdir(os.path.join(MODULES, 'node_modules/@roamhq/wrtc')):
    skip_all('node, or what tests/load/compare/install.sh installs, is missing')
if not shutil.which('chromium'):
    skip_all('there is no chromium')
sys.argv.insert(1, MODULES)
enter_lab()
sys.argv.pop(1)
STAGE = Stage()


@at_end
def end():
    """the coordinator stops cleanly"""
    STAGE.end()


harness.main()
