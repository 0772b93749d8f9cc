#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a node does when it is told that the network may be another one: by logind, which stands on a
system bus of its own here, and by the kernel (netlink, which GNetworkMonitor listens to)."""

import os
import signal

from gi.repository import Gio, GLib

import lab
import recovery
from bus import Bus
from harness import at_end, check, main
from scenario import LONG, NodeProgram, end_programs, passing, scenario

LAB = lab.Lab()
COORDINATOR = LAB.coordinator('--stun', 'none')
# Longer than it takes to see that something changed, and to do something about it.
QUIET_SECONDS = 1
SLEEPY, GONE, CHANGING, FLAPPING = ([LAB.site('open'), LAB.site('open')] for _ in range(4))
BUSES = []


class SystemBus(Bus):
    """With nobody on it so far."""

    def __init__(self):
        super().__init__(kind='system')
        BUSES.append(self)


class Login:
    """The part of logind that tells of sleep; a stranger has not its name."""

    def __init__(self, bus, is_stranger=False):
        self._connection = bus.connect()
        if not is_stranger:
            self._connection.call_sync(
                'org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus', 'RequestName',
                GLib.Variant('(su)', ('org.freedesktop.login1', 4)), None, Gio.DBusCallFlags.NONE, LONG * 1000, None)

    def prepare_for_sleep(self, begins):
        self._connection.emit_signal(None, '/org/freedesktop/login1', 'org.freedesktop.login1.Manager',
                                     'PrepareForSleep', GLib.Variant('(b)', (begins,)))
        self._connection.flush_sync(None)


def connected(world, sites, bus):
    """alice hears what is said on the bus; bob does not, and has a program of his own, too."""
    programs = [NodeProgram(sites[0], env=bus.env()), NodeProgram(sites[1])]
    alice, bob = (world.node(site, name, COORDINATOR, recovery.PATIENT, program=program)
                  for site, name, program in zip(sites, ('alice', 'bob'), programs))
    yield from world.enter(alice, bob)
    yield from world.connect(alice, bob)
    return alice, bob


def resumed(node, since):
    """It takes up its session over a new connection to the coordinator."""
    yield node.telling('state', since=since, state='reconnecting')
    yield node.telling('state', since=since, state='connected', resumed=1)
    check(not node.find_event('joined', since), 'the room was joined anew')


def quiet(node, since):
    """It does nothing about it."""
    yield passing(QUIET_SECONDS)
    node.mark()
    for event in ('state', 'connection', 'trace'):
        check(not node.find_event(event, since), f'{node.find_event(event, since)}')


def undisturbed(world, alice, bob, since):
    """Messages flowed all the time, over the same data channel."""
    yield passing(QUIET_SECONDS * 2)
    yield from recovery.settle(world, alice, bob)
    for node in (alice, bob):
        check(not node.find_event('reconnecting'), f'{node.node_id}: the connection was lost')
    check(not alice.find_event('trace', since), f'a channel that was well was made anew: {alice.report()}')


@scenario('the machine goes to sleep: nothing. It wakes up: the session is taken up, channels are tried')
def sleep(world):
    bus = SystemBus()
    login = Login(bus)
    alice, bob = yield from connected(world, SLEEPY, bus)
    yield from recovery.flow(alice, bob)
    since = alice.mark()
    login.prepare_for_sleep(True)
    yield from quiet(alice, since)
    login.prepare_for_sleep(False)
    yield from resumed(alice, since)
    since = alice.mark()
    Login(bus, is_stranger=True).prepare_for_sleep(False)
    yield from quiet(alice, since)
    yield from undisturbed(world, alice, bob, since)


@scenario('it wakes up, and the other node does not answer: another channel, before the old one is given up')
def gone(world):
    bus = SystemBus()
    alice, bob = yield from connected(world, GONE, bus)
    yield from world.talk(alice, bob)
    since = alice.mark()
    login = Login(bus)  # it may be there later than the node
    os.kill(bob.program.pid, signal.SIGSTOP)
    login.prepare_for_sleep(False)
    yield from resumed(alice, since)
    yield alice.telling('trace', since=since, text='offer sent')
    os.kill(bob.program.pid, signal.SIGCONT)
    yield alice.telling('trace', since=since, text='link replaced')
    yield from world.talk(alice, bob, run=1)
    check(not alice.find_event('reconnecting'), 'it was lost before')


@scenario('an address comes, a route goes: the session is taken up, channels that are well stay')
def changes(world):
    bus = SystemBus()
    alice, bob = yield from connected(world, CHANGING, bus)
    yield from recovery.flow(alice, bob)
    first = alice.mark()
    for line in ('address add 198.51.100.7/32 dev eth0', f'route del default via {lab.SWITCH4}.1'):
        since = alice.mark()
        alice.program.site.host.ip(line)
        yield from resumed(alice, since)
    yield from undisturbed(world, alice, bob, first)


@scenario('an address comes and goes all the time: the session is not taken up all the time')
def flapping(world):
    alice, bob = yield from connected(world, FLAPPING, SystemBus())
    yield from recovery.flow(alice, bob)
    since = alice.mark()
    n = 80
    for number in range(n):
        before_last = alice.mark()
        alice.program.site.host.ip(f'address {"delete" if number % 2 else "add"} 198.51.100.7/32 dev eth0')
        yield passing(0.05)
    alice.mark()
    times = [event['t'] for event in alice.events[since:] if event.get('state') == 'reconnecting']
    world.note(f'{n} changes, the session was taken up {len(times)} times')
    check(times, 'nothing was done')
    check(len(times) <= 4 + 1 + (times[-1] - times[0]) / 5000, f'the session was taken up {len(times)} times')
    yield alice.telling('state', since=before_last, state='connected', resumed=1)  # after the last change
    yield from undisturbed(world, alice, bob, since)


at_end(end_programs)


@at_end
def coordinator():
    """the coordinator and the buses stop cleanly"""
    COORDINATOR.stop()
    for bus in BUSES:
        bus.stop()


main()
