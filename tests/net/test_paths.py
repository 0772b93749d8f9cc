#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Nodes find a way to each other through NAT routers and firewalls, or say why there is none."""

import lab
from harness import at_end, check, contains, equal, main
from scenario import end_programs, scenario

LAB = lab.Lab()
SITES = {kind: (LAB.site(kind), LAB.site(kind)) for kind in ('cone', 'restricted', 'symmetric')}
TURN = LAB.turn()
COORDINATORS = {
    'STUN': LAB.coordinator('--stun', lab.stun_url()),
    'STUN and TURN': LAB.coordinator('--stun', lab.stun_url(), '--turn', lab.turn_url()),
}
# Where neither end can say beforehand from which port it will come.
IMPOSSIBLE = {('symmetric', 'symmetric'), ('restricted', 'symmetric')}


def add_pair(one, other, servers):
    @scenario(f'{one} NAT to {other} NAT with {servers}')
    def run(world):
        impossible = servers == 'STUN' and (one, other) in IMPOSSIBLE
        # Where it is possible, a busy machine has its time.
        timeout = f'connect-timeout={45000 if impossible else 60000}'
        alice = world.node(SITES[one][0], 'alice', COORDINATORS[servers], timeout)
        bob = world.node(SITES[other][1], 'bob', COORDINATORS[servers], timeout)
        yield from world.enter(alice, bob)
        if impossible:
            alice.connect(bob)
            failed = yield alice.telling('connect-failed', node=bob.node_id)
            contains(failed['message'], 'TURN', 'what is said of it')
            world.note(failed['message'])
            check(not alice.find_event('connected'), 'it connected all the same')
            return
        found = yield from world.connect(alice, bob)
        yield from world.talk(alice, bob)
        for event in found:
            world.note(event.get('pair'))
        if (one, other) in IMPOSSIBLE:
            check(any('relay' in event['pair'] for event in found), 'it is not relayed')


for a, b in (('cone', 'cone'), ('cone', 'symmetric'), ('symmetric', 'cone'), ('symmetric', 'symmetric'),
             ('restricted', 'restricted'), ('restricted', 'symmetric')):
    for which in COORDINATORS:
        add_pair(a, b, which)


at_end(end_programs)


@at_end
def relays():
    """nothing is left at the TURN server"""
    allocated, given_back = lab.count_relays(TURN)
    check(allocated > 0, 'no relay was asked for')
    equal(given_back, allocated, 'relays given back')


@at_end
def coordinators():
    """the coordinators and the TURN server stop cleanly"""
    for coordinator in COORDINATORS.values():
        coordinator.stop()
    check(TURN.alive(), 'the TURN server is gone')


main()
