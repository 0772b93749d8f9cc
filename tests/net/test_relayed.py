#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Why a connection is relayed, as a daemon tells it, behind real NAT routers and firewalls with a real
TURN server: what it says is what is there."""

import json
import os

import harness
import lab
from bus import Bus, Client
from harness import at_end, case, check, contains, equal, main
from lab import SpaceProgram

SECONDS = 60

LAB = lab.Lab()
SITES = {}
TURN = LAB.turn_by_two()
COORDINATOR = LAB.coordinator('--stun', 'none')


def site(kind, number=0):
    if (kind, number) not in SITES:
        SITES[kind, number] = LAB.site(kind)
    return SITES[kind, number]


STUN = ('--stun', lab.stun_url())
TURN_UDP = ('--turn', lab.turn_url('udp'))
TURN_TCP = ('--turn', lab.turn_url('tcp'))
RELAY_ONLY = ('--relay-only',)

# Of the daemon: site and options; of the other node; why it is relayed, and which finding is what.
CASES = {
    'both behind symmetric NAT':
        ('symmetric', STUN + TURN_UDP, 'symmetric', STUN + TURN_UDP, 'relayed-nat', 'note'),
    'UDP is blocked':
        ('udp-blocked', STUN + TURN_TCP, 'open', STUN, 'relayed-udp-blocked', 'warning'),
    'the other node uses relays only':
        ('open', STUN, 'open', TURN_UDP + RELAY_ONLY, 'relayed-by-peer', 'note'),
    'this node uses relays only':
        ('open', TURN_UDP + ('--relay-only', 'true'), 'open', (), 'relayed-by-setting', 'note'),
    'no STUN server':
        # Over UDP the TURN server would tell as much as one.
        ('restricted', ('--stun', 'none') + TURN_TCP, 'restricted', STUN, 'relayed-no-stun', 'warning'),
    'nothing is in the way':
        ('cone', STUN + TURN_UDP, 'cone', STUN, None, None),
}


def add(name, here, options, there, their_options, reason, severity):
    @case(name, 2 * SECONDS)
    def run():
        bus = Bus()
        daemon = SpaceProgram(site(here).host, [os.environ['SENTIENTD'], '--coordinator', 'false', '--node-id', 'alice',
                                                '--seeds', COORDINATOR.url, *options], env=bus.env())
        client = Client(bus)
        client.await_owned()
        client.await_value(lambda: client.manager('NodeState'), 'connected', 'the state')
        other = SpaceProgram(site(there, 1).host, [harness.sentient_path(), '--seed', COORDINATOR.url, '--node-id', 'bob',
                                                   '--no-color', *their_options], stdin=True)
        other.wait_line('Connected to', SECONDS)
        doctor = SpaceProgram(site(here).host, [harness.sentient_path(), 'doctor', '--network', '--json'], env=bus.env())
        doctor.wait_exit(SECONDS)
        report = json.loads(doctor.lines[0])
        [connection] = report['connections']
        print(f'# {connection}')
        equal((connection['open'], connection['relayed'], connection['reason']), (True, reason is not None, reason),
              f'the connection {connection}')
        codes = {finding['code']: finding for finding in report['findings']}
        if reason:
            equal(codes[reason]['severity'], severity, reason)
            check(codes[reason]['advice'], 'what to do')
        else:
            contains(codes, 'connections-direct', 'the findings')
        for program in (doctor, other, daemon):
            program.destroy()
        bus.kill()


for title, details in CASES.items():
    add(title, *details)


@at_end
def servers():
    """the coordinator and the TURN server stop cleanly"""
    COORDINATOR.stop()
    check(TURN.alive(), 'the TURN server is gone')


main()
