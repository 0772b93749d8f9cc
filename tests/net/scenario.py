# SPDX-License-Identifier: LGPL-2.1-or-later
"""Scenarios that run side by side in one lab, since most of the time each waits for a network.

A scenario is a generator: it yields a Condition and goes on once that holds, with what it found. The
first case that is asked for runs them all; each is a TAP case of its own."""

import json
import os
import select
import sys
import time
import traceback

from harness import PATIENCE, TestFailure, case, equal, fail
from lab import SpaceProgram

_node_programs = []
# What may take its time on a busy machine, with several dozen nodes on it.
LONG = PATIENCE * 4
# tools/test --long
IS_LONG = os.environ.get('SENTIENT_NET_LONG') == '1'
ALL_SECONDS = 1100 if IS_LONG else 280
# Scenarios side by side; it takes two processors to make so many connections in time.
AT_ONCE = 24


class Condition:
    """check () returns what was waited for, or None."""

    def __init__(self, what, check, seconds=LONG):
        self.what = what
        self.check = check
        self.seconds = seconds


def every(*conditions):
    """All of them, with a list of what they found."""
    def check():
        found = [condition.check() for condition in conditions]
        return found if all(f is not None for f in found) else None
    return Condition(' and '.join(c.what for c in conditions), check,
                     max(c.seconds for c in conditions))


def passing(seconds):
    """That so much time has passed: how long a cable stays pulled, and the like."""
    until = time.monotonic() + seconds
    return Condition(f'{seconds} s', lambda: True if time.monotonic() >= until else None, seconds + 5)


class NodeProgram(SpaceProgram):
    """A net-node in a host: a program with any number of nodes, each of a scenario of its own."""

    def __init__(self, site, **kwargs):
        _node_programs.append(self)
        self.site = site
        self.nodes = {}
        self._parsed = 0
        super().__init__(site.host, [os.environ['NET_NODE']], stdin=True, **kwargs)

    def pump(self):
        super().pump()
        while self._parsed < len(self.lines):
            event = json.loads(self.lines[self._parsed])
            self.nodes[event['self']].events.append(event)
            self._parsed += 1


class Node:
    """A node. Its events are dictionaries with "t" in ms, the same clock for all."""

    def __init__(self, program, node_id, url, room, properties):
        self.program = program
        self.node_id = node_id
        self.events = []
        program.nodes[node_id] = self
        self.ask('begin', url, room, *properties)

    def ask(self, *words):
        self.program.write(' '.join(map(str, (self.node_id, *words))))

    def find_event(self, event, since=0, **fields):
        for one in self.events[since:]:
            if one['event'] == event and all(one.get(key) == value for key, value in fields.items()):
                return one
        return None

    def telling(self, event, since=0, seconds=LONG, **fields):
        """That it tells of such an event, after the first "since" ones."""
        def check():
            found = self.find_event(event, since, **fields)
            if found is None and not self.program.alive():
                fail(f'the program of {self.node_id} ended')
            return found
        return Condition(f'{self.node_id} telling "{event}" {fields or ""}', check, seconds)

    def mark(self):
        """Where the events are now, for "since"."""
        self.program.pump()
        return len(self.events)

    def report(self):
        lines = '\n'.join('  ' + json.dumps(event, ensure_ascii=False) for event in self.events[-60:])
        errors = '\n'.join('  err: ' + line for line in self.program.stderr().splitlines()[-20:])
        return f'\n{self.node_id}:\n{lines}\n{errors}'

    # What it can be asked

    def connect(self, other):
        self.ask('connect', other.node_id)

    def flood(self, other, run, count, size, kind='binary', pace_ms=0):
        self.ask('flood', other.node_id, run, count, size, kind, pace_ms)

    def check_order(self):
        """Nothing that came was wrong, missing or there before."""
        broken = self.find_event('broken')
        if broken:
            fail(f'{self.node_id}: {broken}')


class World:
    """What one scenario has: a room of its own, and its nodes."""

    def __init__(self, name, number):
        self.name = name
        self.number = number
        self.nodes = []
        self.notes = []

    def node(self, site, name, coordinator, *properties, program=None):
        """program: one of its own, to be killed; else one that all nodes of the site share."""
        url = coordinator.url6 if site.kind == 'open6' else coordinator.url
        if program is None:
            program = _programs[site] = _programs.get(site) or NodeProgram(site)
        node = Node(program, f'{name}-{self.number}', url, f'room-{self.number}', properties)
        self.nodes.append(node)
        return node

    def note(self, text):
        """Something for people who read the log."""
        self.notes.append(text)

    def enter(self, *nodes):
        """That all are in the room, and know of each other."""
        yield every(*(node.telling('joined') for node in nodes))
        yield every(*(node.telling('member-joined', node=other.node_id)
                      for node in nodes for other in nodes if node != other))

    def connect(self, one, other, seconds=LONG):
        """That the one reaches the other; gives what both tell of it."""
        one.connect(other)
        found = yield every(one.telling('connected', seconds=seconds, node=other.node_id),
                            other.telling('connected', seconds=seconds, node=one.node_id))
        return found

    def talk(self, one, other, run=0, count=20, size='1-5000', **how):
        """That numbered messages go through, both ways, in order, once."""
        one.flood(other, run, count, size, **how)
        other.flood(one, run, count, size, **how)
        found = yield every(*(a.telling('received', seconds=LONG * 2, node=b.node_id, run=run)
                              for a, b in ((one, other), (other, one))))
        for node in (one, other):
            node.check_order()
        equal([event['count'] for event in found], [count, count], 'messages received')
        return found

    def finish(self):
        alive = [node for node in self.nodes if node.program.alive()]
        for node in alive:
            node.ask('quit', 'now')
        if alive:
            yield every(*(node.telling('closed') for node in alive))


class Run:
    """A scenario under way."""

    def __init__(self, name, function, number):
        self.world = World(name, number)
        self.error = None
        self.result = None  # what the function returned
        self.started = time.monotonic()
        self.seconds = None
        self.condition = None
        self.deadline = 0
        self.steps = self._whole(function)
        self._step(lambda: next(self.steps))

    def _whole(self, function):
        self.result = yield from function(self.world)
        yield from self.world.finish()

    @property
    def done(self):
        return self.seconds is not None

    def _end(self, error=None):
        self.error = error
        self.seconds = time.monotonic() - self.started

    def _step(self, go):
        try:
            self.condition = go()
            self.deadline = time.monotonic() + self.condition.seconds
        except StopIteration:
            self._end()
        except Exception:  # whatever it is, it is told in the case
            self._end(traceback.format_exc() + ''.join(n.report() for n in self.world.nodes))

    def advance(self):
        while not self.done:
            try:
                found = self.condition.check()
            except Exception as error:  # likewise
                self._step(lambda e=error: self.steps.throw(e))
                continue
            if found is not None:
                self._step(lambda f=found: self.steps.send(f))
            elif time.monotonic() > self.deadline:
                late = TestFailure(f'{self.condition.what}: not within {self.condition.seconds:g} s')
                self._step(lambda e=late: self.steps.throw(e))
            else:
                return


_scenarios = []  # (name, function)
_programs = {}  # site: its NodeProgram
_runs = {}


def _wanted(name):
    return not sys.argv[1:] or any(word in name for word in sys.argv[1:])


def run_all():
    waiting = [(name, function, number) for number, (name, function) in enumerate(_scenarios) if _wanted(name)]

    def start_next():
        if not waiting:
            return None
        name, function, number = waiting.pop(0)
        _runs[name] = Run(name, function, number)
        return _runs[name]
    drive([start_next() for _ in range(min(AT_ONCE, len(waiting)))], start_next)


def drive(runs, start_next=lambda: None):
    """Side by side, until each is done; for one that is done the next may start."""
    while any(not run.done for run in runs):
        programs = {node.program for run in runs if not run.done for node in run.world.nodes}
        for program in programs:
            program.pump()
        for place, run in enumerate(runs):
            run.advance()
            if run.done:
                runs[place] = start_next() or run
        select.select([program for program in programs if not program.at_eof], [], [], 0.05)


def _result(name):
    if not _runs:
        run_all()
    run = _runs[name]
    print(f'# it took {run.seconds:.2f} s')
    for note in run.world.notes:
        print(f'# {note}')
    if run.error:
        fail(run.error)


def scenario(name):
    """Registers a generator function, which gets its World, as a scenario and a case."""
    def register(function):
        _scenarios.append((name, function))
        case(name, ALL_SECONDS)(lambda: _result(name))
        return function
    return register


def end_programs():
    """the nodes' programs stop cleanly"""
    alive = [program for program in _node_programs if program.alive()]
    for program in alive:
        program.popen.stdin.close()
    for program in alive:
        program.stop(signum=0)
