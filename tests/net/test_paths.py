#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Nodes find a way to each other through NAT routers and firewalls, or say why there is none."""

import lab
from harness import at_end, check, contains, equal, main
from scenario import end_programs, scenario

LAB = lab.Lab()
SITES = {kind: (LAB.site(kind), LAB.site(kind))
         for kind in ('cone', 'restricted', 'symmetric', 'udp-blocked', 'open6')}
TURN = LAB.turn()
TURN_BY_SECRET = LAB.turn_by_secret()
COORDINATORS = {
    'STUN': LAB.coordinator('--stun', lab.stun_url()),
    'STUN and TURN': LAB.coordinator('--stun', lab.stun_url(), '--turn', lab.turn_url()),
}
PATIENT = 'connect-timeout=60000'  # a busy machine has its time
# Where neither end can say beforehand from which port it will come.
IMPOSSIBLE = {('symmetric', 'symmetric'), ('restricted', 'symmetric')}


def add_pair(one, other, servers):
    @scenario(f'{one} NAT to {other} NAT with {servers}')
    def run(world):
        impossible = servers == 'STUN' and (one, other) in IMPOSSIBLE
        alice = world.node(SITES[one][0], 'alice', COORDINATORS[servers], PATIENT)
        bob = world.node(SITES[other][1], 'bob', COORDINATORS[servers], PATIENT)
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


def meet(world, one, other, turn_servers):
    """Two nodes behind such NATs, with TURN servers of their own, in one room."""
    settings = (PATIENT, 'turn-servers=' + ','.join(turn_servers))
    nodes = (world.node(SITES[one][0], 'alice', COORDINATORS['STUN'], *settings),
             world.node(SITES[other][1], 'bob', COORDINATORS['STUN'], *settings))
    yield from world.enter(*nodes)
    return nodes


def relay(world, one, other, turn_servers):
    """They reach each other through a relay."""
    alice, bob = yield from meet(world, one, other, turn_servers)
    found = yield from world.connect(alice, bob)
    yield from world.talk(alice, bob)
    for event in found:
        world.note(event.get('pair'))
    check(any('relay' in event['pair'] for event in found), 'it is not relayed')


BOTH = (lab.turn_url('udp'), lab.turn_url('tcp'))


@scenario('UDP is blocked at one end: TURN over TCP')
def udp_blocked(world):
    yield from relay(world, 'udp-blocked', 'cone', BOTH)


@scenario('UDP is blocked at both ends: TURN over TCP')
def udp_blocked_twice(world):
    yield from relay(world, 'udp-blocked', 'udp-blocked', BOTH)


@scenario('TURN with a user made of the shared secret')
def secret(world):
    yield from relay(world, 'symmetric', 'symmetric', [lab.secret_turn_url()])


@scenario('IPv6 only, without a server')
def ipv6(world):
    alice = world.node(SITES['open6'][0], 'alice', COORDINATORS['STUN'], PATIENT, 'stun-servers=')
    bob = world.node(SITES['open6'][1], 'bob', COORDINATORS['STUN'], PATIENT, 'stun-servers=')
    yield from world.enter(alice, bob)
    found = yield from world.connect(alice, bob)
    yield from world.talk(alice, bob)
    for event in found:
        world.note(event.get('pair'))
        contains(event['pair'], f'[{lab.SWITCH6}:', 'the pair of candidates')


at_end(end_programs)


@at_end
def relays():
    """nothing is left at the TURN servers"""
    for turn in (TURN, TURN_BY_SECRET):
        allocated, given_back = lab.count_relays(turn)
        check(allocated > 0, 'no relay was asked for')
        equal(given_back, allocated, 'relays given back')


@at_end
def coordinators():
    """the coordinators and the TURN servers stop cleanly"""
    for coordinator in COORDINATORS.values():
        coordinator.stop()
    check(TURN.alive() and TURN_BY_SECRET.alive(), 'a TURN server is gone')


main()
