# SPDX-License-Identifier: LGPL-2.1-or-later
"""What happens to connected nodes, for tests and for the benchmark: each of these is a scenario that
returns how long it took, in ms, and fails if a message is lost, comes twice or out of order."""

import time

from harness import check, equal, fail
from scenario import LONG, NodeProgram, every, passing

PACE_MS = 20
PATIENT = 'connect-timeout=60000'


def connected(world, coordinator, one, other, *properties):
    """Two nodes with an open channel."""
    alice = world.node(one, 'alice', coordinator, PATIENT, *properties)
    bob = world.node(other, 'bob', coordinator, PATIENT, *properties)
    yield from world.enter(alice, bob)
    yield from world.connect(alice, bob)
    return alice, bob


def flow(alice, bob):
    """Messages flow steadily both ways."""
    for one, other in ((alice, bob), (bob, alice)):
        one.flood(other, 0, 0, '50-300', pace_ms=PACE_MS)
    yield every(*(node.telling('flowing') for node in (alice, bob)))


def settle(world, alice, bob):
    """They end, and all of them came. Gives the longest time without a message, in ms."""
    pauses = []
    for one, other in ((alice, bob), (bob, alice)):
        one.ask('stop', other.node_id)
    for one, other in ((alice, bob), (bob, alice)):
        sent, received = yield every(one.telling('sent', seconds=LONG * 2, node=other.node_id),
                                     other.telling('received', seconds=LONG * 2, node=one.node_id))
        equal(received['count'], sent['count'], 'messages received')
        pauses.append(received['pause'])
    for node in (alice, bob):
        node.check_order()
        for event in node.events:
            if event['event'] in ('reconnecting', 'reconnected', 'refused'):
                world.note(f'{event["self"]}: {event["event"]}: '
                           f'{event.get("message") or event.get("pair")}')
        if node.find_event('disconnected'):
            fail(f'{node.node_id}: the connection ended')
    return max(pauses)


def cut(world, coordinator, one, other, seconds, carrier=False):
    """The one's line is dead for a time, and heals. How long nothing flowed after that."""
    alice, bob = yield from connected(world, coordinator, one, other)
    yield from flow(alice, bob)
    one.cut(carrier)
    yield passing(seconds)
    one.heal()
    pause = yield from settle(world, alice, bob)
    check(pause >= seconds * 900, f'the line was not dead: the longest pause was {pause} ms')
    world.note(f'messages flow {pause - seconds * 1000} ms after the line healed')
    return pause - seconds * 1000


def replaced(world, coordinator, one, other):
    """The one is in another network suddenly. How long nothing flowed."""
    alice, bob = yield from connected(world, coordinator, one, other)
    yield from flow(alice, bob)
    before = len(alice.events)
    one.replace_interface()
    yield every(*(node.telling('flowing', since=before) for node in (alice, bob)))
    pause = yield from settle(world, alice, bob)
    world.note(f'messages flow {pause} ms after the interface was replaced')
    return pause


def told_of_end(node, other, since):
    """That it tells of the loss of the other, by whatever event comes first."""
    def check_one():
        for event in node.events[since:]:
            if event['event'] in ('reconnecting', 'disconnected') and event['node'] == other.node_id:
                return event
        return None
    condition = node.telling('disconnected')
    condition.check = check_one
    condition.what = f'{node.node_id} telling of the end of {other.node_id}'
    return condition


def now_ms():
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000000


def killed(world, coordinator, one, other, keep_coordinator=True):
    """The other's process is killed; with the coordinator there, it is started again. How long it took
    the one to tell, and the other to have a channel again."""
    program = NodeProgram(other)
    alice = world.node(one, 'alice', coordinator, PATIENT)
    bob = world.node(other, 'bob', coordinator, PATIENT, program=program)
    yield from world.enter(alice, bob)
    yield from world.connect(alice, bob)
    yield from world.talk(alice, bob)
    if not keep_coordinator:
        coordinator.kill()
        yield alice.telling('state', state='reconnecting')
    since = alice.mark()
    then = now_ms()
    world.nodes.remove(bob)
    program.kill()
    event = yield told_of_end(alice, bob, since)
    told = event['t'] - then
    world.note(f'told {told} ms after the kill: {event["event"]}: {event.get("message")}')
    if not keep_coordinator:
        return told, None

    # Until then its id is kept for it, and it has not what would prove that it is the same.
    yield alice.telling('member-left', since=since, node=bob.node_id)
    then = now_ms()
    again = world.node(other, 'bob', coordinator, PATIENT, 'auto-connect=true',
                       program=NodeProgram(other))
    found, _ = yield every(again.telling('connected', node=alice.node_id),
                           alice.telling('reconnected', since=since, node=bob.node_id))
    world.note(f'a channel is open {found["t"] - then} ms after the start')
    yield from world.talk(alice, again, run=1)
    return told, found['t'] - then
