# SPDX-License-Identifier: LGPL-2.1-or-later
"""What happens to connected nodes, for tests and for the benchmark: each of these is a scenario that
returns how long it took, in ms, and fails if a message is lost, comes twice or out of order."""

import os
import time

import harness
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


def killed(world, coordinator, one, other):
    """The other's process is killed while there is no coordinator. How long it took the one to tell."""
    program = NodeProgram(other)
    alice = world.node(one, 'alice', coordinator, PATIENT)
    bob = world.node(other, 'bob', coordinator, PATIENT, program=program)
    yield from world.enter(alice, bob)
    yield from world.connect(alice, bob)
    yield from world.talk(alice, bob)
    coordinator.kill()
    yield alice.telling('state', state='reconnecting')
    told, _then = yield from kill(world, alice, bob)
    return told


def kill(world, alice, bob):
    """How long it took the one to tell that the other is killed, and where its events were then."""
    since = alice.mark()
    then = now_ms()
    world.nodes.remove(bob)
    bob.program.kill()
    event = yield told_of_end(alice, bob, since)
    told = event['t'] - then
    world.note(f'told {told} ms after the kill: {event["event"]}: {event.get("message")}')
    return told, since


def killed_for_good(world, coordinator, one, other):
    """The other's process is killed. The one waits for it as long as the coordinator, not for a minute."""
    alice = world.node(one, 'alice', coordinator, PATIENT)
    bob = world.node(other, 'bob', coordinator, PATIENT, program=NodeProgram(other))
    yield from world.enter(alice, bob)
    yield from world.connect(alice, bob)
    yield from world.talk(alice, bob)
    _told, since = yield from kill(world, alice, bob)
    event = yield alice.telling('disconnected', since=since, node=bob.node_id)
    world.note(f'{event["t"] - alice.events[since]["t"]} ms after that: {event["message"]}')
    check('did not come back' in event['message'], event['message'])


def killed_and_started(world, coordinator, one, other):
    """The other's process is killed, and started again with the session that it left. How long it took the
    one to tell of the end, and from the start until there is a channel again."""
    file = os.path.join(harness.tmpdir(), f'{world.number}.session')
    settings = (PATIENT, f'session-file={file}')
    alice = world.node(one, 'alice', coordinator, PATIENT)
    bob = world.node(other, 'bob', coordinator, *settings, program=NodeProgram(other))
    yield from world.enter(alice, bob)
    yield from world.connect(alice, bob)
    yield from world.talk(alice, bob)
    told, since = yield from kill(world, alice, bob)
    then = now_ms()
    again = world.node(other, 'bob', coordinator, *settings, 'auto-connect=true', program=NodeProgram(other))
    found, _ = yield every(again.telling('connected', node=alice.node_id),
                           alice.telling('connected', since=since, node=bob.node_id))
    world.note(f'a channel is open {found["t"] - then} ms after the start')
    yield from world.talk(alice, again, run=1)
    return told, found['t'] - then


class ShortLived:
    """A coordinator of a scenario's own, which is killed and started again at the same place."""

    def __init__(self, lab_, *args):
        self._lab = lab_
        self._args = args
        self._program = lab_.coordinator(*args)
        self.port = self._program.port
        self.url, self.url6 = self._program.url, self._program.url6

    def kill(self):
        self._program.kill()

    def start_again(self):
        self._program = self._lab.coordinator(*self._args, port=self.port)

    def stop(self):
        self._program.stop()


def without_coordinator(coordinator, nodes, since):
    """The coordinator is killed, and these have noticed, or lost it before."""
    coordinator.kill()
    yield every(*(node.telling('state', since=at, state='reconnecting') for node, at in zip(nodes, since)))


def coordinator_back(world, coordinator, alice, bob, before):
    """It knows nothing of before: they join anew, and find each other."""
    coordinator.start_again()
    yield every(*(node.telling('flowing', since=since) for node, since in zip((alice, bob), before)))
    pause = yield from settle(world, alice, bob)
    coordinator.stop()
    return pause


def lost_without_coordinator(world, coordinator, one, other):
    """A line is dead and the coordinator is gone: both ends wait for each other until all is back."""
    alice, bob = yield from connected(world, coordinator, one, other)
    yield from flow(alice, bob)
    before = [node.mark() for node in (alice, bob)]
    one.cut()
    yield from without_coordinator(coordinator, [bob], before[1:])
    yield every(*(node.telling('reconnecting', since=since) for node, since in zip((alice, bob), before)))
    one.heal()
    pause = yield from coordinator_back(world, coordinator, alice, bob, before)
    world.note(f'messages flow again after {pause} ms')


def moved_without_coordinator(world, coordinator, one, other):
    """An interface is replaced, and the coordinator dies as the other end is to hear of that from it."""
    alice, bob = yield from connected(world, coordinator, one, other)
    yield from flow(alice, bob)
    before = [node.mark() for node in (alice, bob)]
    one.replace_interface()
    yield from without_coordinator(coordinator, [alice, bob], before)
    yield passing(3)
    pause = yield from coordinator_back(world, coordinator, alice, bob, before)
    world.note(f'messages flow again after {pause} ms')
