#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Bad lines, lines that are cut, and networks that change under open connections: every message comes
once and in order."""

import select
import socket
import time

import lab
import recovery
from harness import at_end, check, main
from scenario import IS_LONG, LONG, end_programs, every, scenario

LAB = lab.Lab()
TURN = LAB.turn()
COORDINATOR = LAB.coordinator('--stun', lab.stun_url())
IMPATIENT = LAB.coordinator('--stun', 'none', '--limit', 'grace-time=5000')
SHORT_LIVED = [recovery.ShortLived(LAB, '--stun', 'none') for _ in range(2)]
# What a bad line does: delay in ms, jitter, loss in 1/1000, seed.
BAD = (50, 10, 20, 7)
CUT_SECONDS = 40 if IS_LONG else 10
N_MESSAGES = 10000 if IS_LONG else 1000


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
KILLED_FOR_GOOD = sites('open', 'open')
KILLED = sites('open', 'open')
KILLED_NAT = sites('restricted', 'restricted')
LOST = sites('open', 'open')
MOVED_ALONE = sites('open', 'open')


@scenario(f'2 % loss and a delay of 50±10 ms: {N_MESSAGES} messages each way')
def loss(world):
    alice, bob = yield from recovery.connected(world, COORDINATOR, *BAD_LINE)
    found = yield from world.talk(alice, bob, count=N_MESSAGES, size='1-300' if IS_LONG else '1-3000')
    for event in found:
        world.note(f'{event["bytes"]} bytes in {event["ms"]} ms')
    again = []
    for one, other in ((alice, bob), (bob, alice)):
        one.ask('statistics', other.node_id)
        again.append((yield one.telling('statistics'))['retransmits'])
    world.note(f'{again[0]} and {again[1]} packets were sent again')
    check(sum(again) > 0, 'what was lost was counted')


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


@scenario(f'a line that is cut for {CUT_SECONDS} s without a word')
def silent_cut(world):
    yield from recovery.cut(world, COORDINATOR, *CUT, CUT_SECONDS)


@scenario(f'a cable that is pulled for {CUT_SECONDS} s, behind NAT')
def pulled(world):
    yield from recovery.cut(world, COORDINATOR, *CUT_NAT, CUT_SECONDS, carrier=True)


@scenario('the interface is replaced')
def moved(world):
    yield from recovery.replaced(world, COORDINATOR, *MOVED)


@scenario('the interface is replaced, behind NAT')
def moved_behind_nat(world):
    yield from recovery.replaced(world, COORDINATOR, *MOVED_NAT)


@scenario('a node is killed while there is no coordinator')
def killed_alone(world):
    yield from recovery.killed(world, LAB.coordinator('--stun', 'none'), *KILLED_ALONE)


@scenario('a node is killed and stays away: the connection ends when the coordinator gives it up')
def killed_for_good(world):
    yield from recovery.killed_for_good(world, IMPATIENT, *KILLED_FOR_GOOD)


@scenario('a node is killed, and started again with its session')
def killed_and_started(world):
    yield from recovery.killed_and_started(world, COORDINATOR, *KILLED)


@scenario('a node is killed behind NAT, and started again with its session')
def killed_and_started_behind_nat(world):
    yield from recovery.killed_and_started(world, COORDINATOR, *KILLED_NAT)


@scenario('the coordinator is killed while two nodes have lost each other, and is back')
def lost_without_coordinator(world):
    yield from recovery.lost_without_coordinator(world, SHORT_LIVED[0], *LOST)


@scenario('the interface is replaced as the coordinator is killed, which is back then')
def moved_without_coordinator(world):
    yield from recovery.moved_without_coordinator(world, SHORT_LIVED[1], *MOVED_ALONE)


at_end(end_programs)


@at_end
def bad_line():
    """the bad line is as bad as it says"""
    n, (delay, jitter, loss_permille, _seed) = 1000, BAD
    with BAD_LINE[0].host:
        sender = socket.socket(type=socket.SOCK_DGRAM)
    with BAD_LINE[1].host:
        receiver = socket.socket(type=socket.SOCK_DGRAM)
    receiver.bind((BAD_LINE[1].address, 0))
    delays, n_sent, patience = [], 0, 0
    while patience < 100:
        if n_sent < n:
            sender.sendto(str(time.monotonic()).encode(), receiver.getsockname())
            n_sent += 1
        # A packet each millisecond; after the last one, a second.
        if select.select([receiver], [], [], 0.001 if n_sent < n else 0.01)[0]:
            delays.append((time.monotonic() - float(receiver.recv(100))) * 1000)
        elif n_sent == n:
            patience += 1
    print(f'# {n - len(delays)} of {n} packets are lost, the others take {min(delays):.1f} to {max(delays):.1f} ms')
    check(n * loss_permille / 5000 < n - len(delays) < n * loss_permille / 250, 'the loss')
    check(min(delays) >= delay - jitter, 'the delay')


@at_end
def coordinators():
    """the coordinators and the TURN server stop cleanly"""
    COORDINATOR.stop()
    IMPATIENT.stop()
    check(TURN.alive(), 'the TURN server is gone')


main()
