#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Nodes find a way to each other through NAT routers and firewalls, or say why there is none."""

import hashlib
import re
import time

import lab
from harness import at_end, check, contains, equal, main
from scenario import IS_LONG, end_programs, every, scenario

LAB = lab.Lab()
KINDS = ('open', 'cone', 'restricted', 'by-address', 'symmetric', 'udp-blocked')
SITES = {kind: (LAB.site(kind), LAB.site(kind)) for kind in (*KINDS, 'open6')}
RING = [LAB.site('symmetric') for _ in range(4)]
TURN = LAB.turn()
TURN_BY_SECRET = LAB.turn_by_secret()
COORDINATORS = {
    'STUN': LAB.coordinator('--stun', lab.stun_url()),
    'STUN and TURN': LAB.coordinator('--stun', lab.stun_url(), '--turn', lab.turn_url()),
}
PATIENT = 'connect-timeout=60000'  # a busy machine has its time
EVERYWHERE = 'STUN, and TURN by UDP and TCP'
if IS_LONG:
    COORDINATORS[EVERYWHERE] = LAB.coordinator('--stun', lab.stun_url(), '--turn', lab.turn_url(),
                                               '--turn', lab.turn_url('tcp'))


def needs_relay(one, other):
    """Where one end can send no UDP, or has a port for each that it talks to and the other does not
    let in whom it has not spoken to."""
    if 'udp-blocked' in (one, other):
        return True
    return 'symmetric' in (one, other) and not {'open', 'cone'} & {one, other}


def add_pair(one, other, servers):
    @scenario(f'{one} NAT to {other} NAT with {servers}')
    def run(world):
        impossible = servers == 'STUN' and needs_relay(one, other)
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
        if needs_relay(one, other):
            check(any('relay' in event['pair'] for event in found), 'it is not relayed')


PAIRS = (('cone', 'cone'), ('cone', 'symmetric'), ('symmetric', 'cone'), ('symmetric', 'symmetric'),
             ('restricted', 'restricted'), ('restricted', 'symmetric'))
for a, b in PAIRS:
    for which in ('STUN', 'STUN and TURN'):
        add_pair(a, b, which)
if IS_LONG:
    for a in KINDS:
        for b in KINDS:
            if (a, b) not in PAIRS:
                add_pair(a, b, 'STUN')
            add_pair(a, b, EVERYWHERE)


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


def ring(room, ids):
    """As a mesh lays its first, see sentient-mesh.h."""
    return sorted(ids, key=lambda node_id: hashlib.sha256(f'{room}\n0\n{node_id}'.encode()).digest())


@scenario('a large room without TURN: another node stands in for neighbours that cannot be reached')
def stand_in(world):
    names = 'alice', 'bob', 'carol', 'dave'
    # Each has two neighbours. Who stands opposite to the one that all can reach is alone without.
    reachable, _left, alone, _right = ring(f'room-{world.number}', [f'{name}-{world.number}' for name in names])
    nodes = {}
    for name, site in sorted(zip(names, RING), key=lambda pair: pair[0] in alone):  # who is alone comes last
        node_id = f'{name}-{world.number}'
        site = SITES['open'][0] if node_id == reachable else site
        nodes[node_id] = world.node(site, name, COORDINATORS['STUN'], PATIENT, 'auto-connect=true', 'mesh-limit=2',
                                    'mesh-degree=2')
        yield nodes[node_id].telling('joined')
    yield from world.enter(*nodes.values())
    yield nodes[alone].telling('connected', node=reachable)
    others = [node for node in nodes.values() if node.node_id != alone]
    nodes[alone].ask('say', 'room', 'hello from afar')
    yield every(*(node.telling('message', node=alone, text='hello from afar') for node in others))
    for node in others:
        node.ask('say', 'room', f'hello to you from {node.node_id}')
    yield every(*(nodes[alone].telling('message', node=node.node_id, text=f'hello to you from {node.node_id}')
                  for node in others))
    equal({event['node'] for event in nodes[alone].events if event['event'] == 'connected'}, {reachable},
          'whom it reaches')


PRIVATE = LAB.site('cone'), LAB.site('cone')
CANDIDATE = r'candidate (?:sent|received)[^:]*: (candidate:.*typ (\w+).*)'


def told(node):
    """The kinds of candidates that a node has told the other, and those it was told and took."""
    sent, taken = set(), set()
    for event in node.events:
        match = re.search(CANDIDATE, event.get('text', ''))
        if event['event'] == 'trace' and match:
            (sent if ' sent' in event['text'] else taken).add(match.group(2))
    return sent, taken


def kinds(pair):
    return re.findall(r'\b(host|srflx|prflx|relay) ', pair)


@scenario('relays only, at both ends, where a direct way was there')
def relay_only(world):
    for site in PRIVATE:
        site.watch_strays()
    settings = (PATIENT, 'relay-only=true')
    alice = world.node(PRIVATE[0], 'alice', COORDINATORS['STUN and TURN'], *settings)
    bob = world.node(PRIVATE[1], 'bob', COORDINATORS['STUN and TURN'], *settings)
    yield from world.enter(alice, bob)
    found = yield from world.connect(alice, bob)
    yield from world.talk(alice, bob)
    for event in found:
        equal(kinds(event['pair']), ['relay', 'relay'], f'the pair {event["pair"]}')
    for node, site in ((alice, PRIVATE[0]), (bob, PRIVATE[1])):
        equal(told(node)[0], {'relay'}, f'what {node.node_id} told')
        equal(site.count_strays(), 0, f'packets that {site.host.name} sent to others than the server')


@scenario('relays only at one end: the other never hears from where it is')
def one_relay_only(world):
    alice = world.node(SITES['cone'][0], 'alice', COORDINATORS['STUN and TURN'], PATIENT, 'relay-only=true')
    bob = world.node(SITES['cone'][1], 'bob', COORDINATORS['STUN and TURN'], PATIENT)
    yield from world.enter(alice, bob)
    found = yield from world.connect(bob, alice)
    yield from world.talk(alice, bob)
    equal(kinds(found[1]['pair'])[0], 'relay', f'the pair {found[1]["pair"]}')
    equal(kinds(found[0]['pair'])[1], 'relay', f'the pair {found[0]["pair"]}')
    check(SITES['cone'][0].address not in str(bob.events), 'its address is told')
    check(f'{lab.SWITCH4}.{SITES["cone"][0].number}' not in str(bob.events), 'its outer address is told')


@scenario('a filter that leaves relays')
def filter_relay(world):
    alice = world.node(SITES['cone'][0], 'alice', COORDINATORS['STUN and TURN'], PATIENT, 'candidate-filter=relay')
    bob = world.node(SITES['cone'][1], 'bob', COORDINATORS['STUN and TURN'], PATIENT)
    yield from world.enter(alice, bob)
    found = yield from world.connect(alice, bob)
    yield from world.talk(alice, bob)
    equal(kinds(found[0]['pair']), ['relay', 'relay'], f'the pair {found[0]["pair"]}')
    equal(told(alice)[0], {'relay'}, 'what it told')


@scenario('a filter that keeps relays out, where only they would do')
def filter_no_relay(world):
    settings = (PATIENT, 'candidate-filter=host,srflx')
    alice = world.node(SITES['symmetric'][0], 'alice', COORDINATORS['STUN and TURN'], *settings)
    bob = world.node(SITES['symmetric'][1], 'bob', COORDINATORS['STUN and TURN'], *settings)
    yield from world.enter(alice, bob)
    alice.connect(bob)
    failed = yield alice.telling('connect-failed', node=bob.node_id)
    contains(failed['message'], 'the candidate filter keeps relays out', 'what is said of it')
    for node in (alice, bob):
        check('relay' not in told(node)[0], f'{node.node_id} told of a relay')
        check(not node.find_event('connected'), 'it connected all the same')


@scenario('a filter that keeps what STUN servers see out: a relay is taken')
def filter_no_srflx(world):
    settings = (PATIENT, 'candidate-filter=host,relay')
    alice = world.node(SITES['restricted'][0], 'alice', COORDINATORS['STUN and TURN'], *settings)
    bob = world.node(SITES['restricted'][1], 'bob', COORDINATORS['STUN and TURN'], *settings)
    yield from world.enter(alice, bob)
    found = yield from world.connect(alice, bob)
    yield from world.talk(alice, bob)
    for node, event in zip((alice, bob), found):
        world.note(event['pair'])
        check('relay' in kinds(event['pair']), f'the pair {event["pair"]}')
        check('srflx' not in told(node)[0], f'{node.node_id} told what a STUN server sees')


@scenario('a wrong TURN password is told, and the attempt ends')
def wrong_password(world):
    url = lab.turn_url(password='looking-glass')
    started = time.monotonic()
    alice, bob = yield from meet(world, 'symmetric', 'symmetric', [url])
    alice.connect(bob)
    failed = yield alice.telling('connect-failed', node=bob.node_id)
    world.note(f'{failed["message"]} (after {time.monotonic() - started:.1f} s)')
    contains(failed['message'], 'its user and password', 'what is said of it')
    error = yield alice.telling('error')
    world.note(error['message'])
    contains(error['message'], 'No TURN server lends an address here', 'what is told of the server')
    check('looking-glass' not in str(alice.events), 'the password is shown')


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
