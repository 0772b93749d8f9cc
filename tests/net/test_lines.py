#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Bad lines, lines that are cut, and networks that change under open connections: every message comes
once and in order."""

import lab
import recovery
from harness import at_end, check, main
from scenario import LONG, end_programs, every, scenario

LAB = lab.Lab()
TURN = LAB.turn()
COORDINATOR = LAB.coordinator('--stun', lab.stun_url())
SHORT_LIVED = LAB.coordinator('--stun', 'none')
# What a bad line does: delay in ms, jitter, loss in 1/1000, seed.
BAD = (50, 10, 20, 7)


def sites(*kinds):
    return [LAB.site(kind) for kind in kinds]


BAD_LINE = (LAB.site('open', BAD), LAB.site('open'))
NARROW = sites('open', 'open')
for site in NARROW:
    site.host.limit('eth0', '20mbit')
CUT = sites('open', 'open')
CUT_NAT = sites('restricted', 'restricted')
MOVED = sites('open', 'open')
MOVED_NAT = sites('restricted', 'restricted')
KILLED_ALONE = sites('open', 'open')


@scenario('2 % loss and a delay of 50±10 ms: 1,000 messages each way')
def loss(world):
    alice, bob = yield from recovery.connected(world, COORDINATOR, *BAD_LINE)
    found = yield from world.talk(alice, bob, count=1000, size='1-3000')
    for event in found:
        world.note(f'{event["bytes"]} bytes in {event["ms"]} ms')


@scenario('a line of 20 Mbit/s: large messages, and small ones between them')
def narrow(world):
    alice, bob = yield from recovery.connected(world, COORDINATOR, *NARROW)
    for one, other in ((alice, bob), (bob, alice)):
        one.flood(other, 1, 3, 1500000)
    yield from world.talk(alice, bob, run=2, count=100, size='1-100', pace_ms=10)
    found = yield every(*(node.telling('received', seconds=LONG * 2, run=1) for node in (alice, bob)))
    for event in found:
        world.note(f'{event["bytes"]} bytes in {event["ms"]} ms')
    for node in (alice, bob):
        node.check_order()


@scenario('a line that is cut for 10 s without a word')
def silent_cut(world):
    yield from recovery.cut(world, COORDINATOR, *CUT, 10)


@scenario('a cable that is pulled for 10 s, behind NAT')
def pulled(world):
    yield from recovery.cut(world, COORDINATOR, *CUT_NAT, 10, carrier=True)


@scenario('the interface is replaced')
def moved(world):
    yield from recovery.replaced(world, COORDINATOR, *MOVED)


@scenario('the interface is replaced, behind NAT')
def moved_behind_nat(world):
    yield from recovery.replaced(world, COORDINATOR, *MOVED_NAT)


@scenario('a node is killed while there is no coordinator')
def killed_alone(world):
    yield from recovery.killed(world, SHORT_LIVED, *KILLED_ALONE, keep_coordinator=False)


at_end(end_programs)


@at_end
def coordinators():
    """the coordinator and the TURN server stop cleanly"""
    COORDINATOR.stop()
    check(TURN.alive(), 'the TURN server is gone')


main()
