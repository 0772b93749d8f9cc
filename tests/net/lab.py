# SPDX-License-Identifier: LGPL-2.1-or-later
"""A small internet of network namespaces: sites behind NAT routers and firewalls, a server.

    Lab()  has a switch, the "internet", 203.0.113.0/24 and 2001:db8::/64, with a server on it.
    lab.site ('cone')  makes a host, most kinds with a router between it and the switch:

    open        the host stands on the switch itself
    open6       likewise, and has no address but an IPv6 one
    cone        NAT whose mapping and filter do not depend on whom the host talks to (full cone)
    restricted  the same mapping, but only who was spoken to gets in (port restricted cone)
    symmetric   another outer port for each one the host talks to, and the same filter
    by-address  restricted, but the server's second address sees the host at another outer address
    udp-blocked restricted, and lets no UDP through at all

The namespaces have no names: this process holds them, and with it they are gone, however it ends.
Nothing here can reach the machine's own network. It needs root, or user namespaces."""

import base64
import ctypes
import hashlib
import hmac
import os
import re
import shutil
import subprocess
import sys
import time

import harness
from harness import Program, fail

CLONE_NEWNET = 0x40000000
SWITCH4, SWITCH6 = '203.0.113', '2001:db8:'
SERVER4, SERVER6 = f'{SWITCH4}.10', f'{SWITCH6}:10'
SECOND4 = f'{SWITCH4}.11'  # the server's, too
TURN_USER, TURN_PASSWORD, TURN_SECRET = 'alice', 'wonderland', 'north'
TURN_PORT, TURN_SECRET_PORT = 3478, 3480

_libc = ctypes.CDLL(None, use_errno=True)


def _must(result, what):
    if result != 0:
        error = os.strerror(ctypes.get_errno())
        print(f'Bail out! {what}: {error}. These tests need root, or user namespaces.')
        sys.exit(99)


def become_root():
    """Begins anew as the root of a user namespace of our own, if we are not root."""
    if os.geteuid() != 0:
        os.execvp('unshare', ['unshare', '--map-root-user', '--net', sys.executable, *sys.argv])


def tool(name):
    """What an ordinary user does not have in the path."""
    path = shutil.which(name, path=os.environ.get('PATH', '') + ':/usr/sbin:/sbin')
    if path is None:
        print(f'Bail out! There is no {name} here')
        sys.exit(99)
    return path


class Space:
    """A network namespace. What is started "with" it lives there."""

    def __init__(self, name):
        self.name = name
        self._outside = []
        outer = os.open('/proc/thread-self/ns/net', os.O_RDONLY | os.O_CLOEXEC)
        _must(_libc.unshare(CLONE_NEWNET), 'A network namespace cannot be made')
        self.fd = os.open('/proc/thread-self/ns/net', os.O_RDONLY | os.O_CLOEXEC)
        _must(_libc.setns(outer, CLONE_NEWNET), 'There is no way back')
        os.close(outer)
        self.path = f'/proc/{os.getpid()}/fd/{self.fd}'
        with self:
            for what in ('all', 'default'):
                self.sysctl(f'ipv6/conf/{what}/accept_dad', 0)
                self.sysctl(f'ipv6/conf/{what}/disable_ipv6', 1)
        self.ip('link set lo up')

    def __enter__(self):
        self._outside.append(os.open('/proc/thread-self/ns/net', os.O_RDONLY | os.O_CLOEXEC))
        _must(_libc.setns(self.fd, CLONE_NEWNET), f'No way into {self.name}')
        return self

    def __exit__(self, *_error):
        outer = self._outside.pop()
        _must(_libc.setns(outer, CLONE_NEWNET), f'No way out of {self.name}')
        os.close(outer)

    def sysctl(self, name, value):
        with self, open(f'/proc/sys/net/{name}', 'w', encoding='ascii') as file:
            file.write(str(value))

    def run(self, name, *args, text=None):
        with self:
            result = subprocess.run([tool(name), *args], input=text, text=True, check=False,
                                    stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if result.returncode != 0:
            fail(f'in {self.name}: {name} {" ".join(args)} {text or ""}: {result.stdout}')
        return result.stdout

    def ip(self, *lines):
        self.run('ip', '-batch', '-', text='\n'.join(lines) + '\n')

    def nft(self, rules):
        self.run('nft', '-f', '-', text=rules)

    def use_ipv6(self):
        """Without link-local addresses: those would let neighbours meet without a network."""
        for what in ('all', 'default'):
            self.sysctl(f'ipv6/conf/{what}/addr_gen_mode', 1)
            self.sysctl(f'ipv6/conf/{what}/disable_ipv6', 0)

    def limit(self, interface, rate, burst='64k', latency='200ms'):
        """What leaves by the interface is no faster, by a token bucket."""
        self.run('tc', 'qdisc', 'replace', 'dev', interface, 'root', 'tbf', 'rate', rate,
                 'burst', burst, 'latency', latency)


def join(one, interface, other, other_interface):
    """A cable between two namespaces, both ends up."""
    one.ip(f'link add {interface} type veth peer name {other_interface} netns {other.path}',
           f'link set {interface} up')
    other.ip(f'link set {other_interface} up')


FIREWALL = '''
table ip nat {
 chain incoming {
  type nat hook prerouting priority dstnat
  %(forward_all)s
 }
 chain outgoing {
  type nat hook postrouting priority srcnat
  %(by_address)s
  oifname "wan" masquerade %(flags)s
 }
}
table ip firewall {
 chain to_router {
  type filter hook input priority filter
  iifname "wan" ct state new drop
 }
 chain through {
  type filter hook forward priority filter; policy drop
  %(first)s
  ct state established,related accept
  iifname "lan" accept
  %(inwards)s
 }
}
'''


STRAYS = f'''
table ip strays {{
 counter strays {{ }}
 chain out {{
  type filter hook output priority filter
  meta l4proto udp ip daddr != {SERVER4} counter name strays
 }}
}}
'''


class Site:
    """A host, and the router that it is behind."""

    def __init__(self, lab, number, kind, cable=None):
        self.lab = lab
        self.number = number
        self.kind = kind
        self.host = Space(f'host {number} ({kind})')
        self.router = None
        self.replaced = 0
        self.interface = 'eth0'
        if kind == 'open6':
            self.host.use_ipv6()
        if kind.startswith('open'):
            self.outer = self.host
            self._plug_into_switch(cable)
        else:
            self.router = self.outer = Space(f'router {number} ({kind})')
            self._plug_into_router()
            self._set_up_router()

    # The addresses

    @property
    def address(self):
        number = self.number + 100 * self.replaced
        if self.kind == 'open6':
            return f'{SWITCH6}:{number}'
        return f'{SWITCH4}.{number}' if self.router is None else f'10.{self.number}.0.{2 + self.replaced}'

    def _configure(self):
        interface = self.interface
        if self.kind == 'open6':
            self.host.ip(f'address add {self.address}/64 dev {interface} nodad')
        elif self.router is None:
            self.host.ip(f'address add {self.address}/24 dev {interface}',
                         f'route add default via {SWITCH4}.1')
        else:
            self.host.ip(f'address add {self.address}/24 dev {interface}',
                         f'route add default via 10.{self.number}.0.1')

    # The cables

    def _plug_into_switch(self, cable):
        port = f'p{self.number}x{self.replaced}'
        if cable is not None:
            middle = Space(f'the cable of host {self.number}')
            join(self.host, self.interface, middle, 'near')
            join(middle, 'far', self.lab.switch, port)
            self.lab.start_cable(middle, cable)
        else:
            join(self.host, self.interface, self.lab.switch, port)
        self.lab.switch.ip(f'link set {port} master br0')
        self._configure()

    def _plug_into_router(self):
        join(self.host, self.interface, self.router, 'lan')
        self.router.ip(f'address add 10.{self.number}.0.1/24 dev lan')
        self._configure()

    def _set_up_router(self):
        router, port = self.router, f'p{self.number}'
        join(router, 'wan', self.lab.switch, port)
        self.lab.switch.ip(f'link set {port} master br0')
        router.ip(f'address add {SWITCH4}.{self.number}/24 dev wan',
                  f'route add default via {SWITCH4}.1')
        router.sysctl('ipv4/ip_forward', 1)
        is_cone = self.kind == 'cone'
        second = f'{SWITCH4}.{self.number + 100}' if self.kind == 'by-address' else None
        if second:
            router.ip(f'address add {second}/24 dev wan')
        router.nft(FIREWALL % {
            'forward_all': f'iifname "wan" meta l4proto udp dnat to {self.address}' if is_cone else '',
            'inwards': 'iifname "wan" meta l4proto udp accept' if is_cone else '',
            'flags': 'fully-random' if self.kind == 'symmetric' else '',
            'by_address': f'oifname "wan" ip daddr {SECOND4} snat to {second}' if second else '',
            'first': 'meta l4proto udp drop' if self.kind == 'udp-blocked' else '',
        })

    # What they do

    def watch_strays(self):
        """From now on what the host sends over UDP to anybody but the server is counted."""
        self.host.nft(STRAYS)

    def count_strays(self):
        return int(re.search(r'packets (\d+)', self.host.run('nft', 'list', 'counters')).group(1))

    # What happens to them

    @property
    def _port(self):
        """The switch's end of the cable to the host or to its router."""
        return f'p{self.number}x{self.replaced}' if self.router is None else f'p{self.number}'

    def cut(self, carrier=False):
        """Nothing passes any more; with carrier, the host sees its cable pulled, too."""
        if carrier and self.router is not None:
            self.router.ip('link set lan down')
        elif carrier:
            self.lab.switch.ip(f'link set {self._port} down')
        else:
            self.lab.switch.ip(f'link set {self._port} nomaster')

    def heal(self):
        self.lab.switch.ip(f'link set {self._port} up', f'link set {self._port} master br0')
        if self.router is not None:
            self.router.ip('link set lan up')

    def replace_interface(self):
        """The host leaves the one network and is in another: other interface, other address."""
        self.host.ip(f'link delete {self.interface}')
        self.replaced += 1
        self.interface = f'eth{self.replaced}'
        if self.router is not None:
            self._plug_into_router()
        else:
            self._plug_into_switch(None)


class SpaceProgram(Program):
    """A program in a namespace."""

    def __init__(self, space, args, **kwargs):
        with space:
            super().__init__(args[1:], program=args[0], **kwargs)


class Coordinator(SpaceProgram):
    """A real coordinator, at all addresses of the server."""

    def __init__(self, lab, *args, port=0):
        super().__init__(lab.server, [harness.sentient_path(), '--server', '--host', '::', '--port', str(port),
                                      '--no-color', '--limit', 'drain-time=0', *args])
        self.port = int(self.wait_line(rf'http://{SERVER4}:(\d+)').group(1))
        self.url = f'http://{SERVER4}:{self.port}'
        self.url6 = f'http://[{SERVER6}]:{self.port}'


class Lab:
    """The switch and the server; see above."""

    def __init__(self):
        become_root()
        self.n_sites = 0
        self.switch = Space('the switch')
        self.server = Space('the server')
        self.switch.ip('link add br0 type bridge', 'link set br0 up',
                       f'address add {SWITCH4}.1/24 dev br0')
        self.server.use_ipv6()
        join(self.server, 'eth0', self.switch, 'pserver')
        self.switch.ip('link set pserver master br0')
        self.server.ip(f'address add {SERVER4}/24 dev eth0', f'address add {SECOND4}/24 dev eth0',
                       f'address add {SERVER6}/64 dev eth0 nodad',
                       f'route add default via {SWITCH4}.1')

    def site(self, kind, cable=None):
        """cable: arguments of net-cable, the wire of an open host then does as they say."""
        self.n_sites += 1
        return Site(self, 20 + self.n_sites, kind, cable)

    def start_cable(self, space, args):
        cable = SpaceProgram(space, [os.environ['NET_CABLE'], 'near', 'far', *map(str, args)])
        cable.wait_line('ready')

    def coordinator(self, *args, port=0):
        return Coordinator(self, *args, port=port)

    def _coturn(self, port, *args):
        data = os.path.join(harness.tmpdir(), f'turn-{port}')
        os.mkdir(data)
        turn = SpaceProgram(self.server, [
            tool('turnserver'), '-n', '--listening-port', str(port), '--listening-ip', SERVER4,
            '--relay-ip', SERVER4, '--listening-ip', SERVER6, '--relay-ip', SERVER6, '--realm', 'lab',
            '--no-tls', '--no-dtls', '--no-cli', '-v', '--log-file', 'stdout',
            '--pidfile', f'{data}/pid', '--db', f'{data}/db', *args])
        turn.wait_line('Total General servers')
        turn.wait_line('DB connection success')
        return turn

    def turn(self):
        """Real TURN (and STUN), over UDP and TCP, with a user and a password."""
        return self._coturn(TURN_PORT, '--lt-cred-mech', '--user', f'{TURN_USER}:{TURN_PASSWORD}')

    def turn_by_two(self):
        """The same at two addresses, so that it tells by which a node is seen how (RFC 5780)."""
        return self._coturn(TURN_PORT, '--lt-cred-mech', '--user', f'{TURN_USER}:{TURN_PASSWORD}',
                            '--listening-ip', SECOND4)

    def turn_by_secret(self):
        """The same with a shared secret, of which anybody who knows it makes users that expire."""
        return self._coturn(TURN_SECRET_PORT, '--use-auth-secret', '--static-auth-secret', TURN_SECRET)


def stun_url(host=SERVER4):
    return f'stun:{host}:{TURN_PORT}'


def turn_url(transport='udp', user=TURN_USER, password=TURN_PASSWORD, port=TURN_PORT):
    return f'turn:{user}:{password}@{SERVER4}:{port}?transport={transport}'


def secret_turn_url(secret=TURN_SECRET, seconds=600):
    """What a coordinator that knows the secret would hand out."""
    user = f'{int(time.time()) + seconds}:node'
    digest = hmac.new(secret.encode(), user.encode(), hashlib.sha1).digest()
    password = base64.b64encode(digest).decode()

    def quote(text):
        return ''.join(c if c.isalnum() else f'%{ord(c):02X}' for c in text)
    return turn_url('udp', quote(user), quote(password), TURN_SECRET_PORT)


def count_relays(turn):
    """(allocated, given back) at a TURN server, so far."""
    turn.pump()
    # A server that is asked twice says so twice.
    sessions = {re.search(r'session (\d+): refreshed, .*lifetime=0', line) for line in turn.lines}
    return (turn.count(r'incoming packet ALLOCATE processed, success'),
            len({found.group(1) for found in sessions if found}))
