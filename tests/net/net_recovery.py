#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""How soon nodes notice that something happened to a connection, and messages flow again; and what it is
worth to deflate on a narrow line.

    net_recovery.py [ROUNDS]

Real nodes in network namespaces, see lab.py. Each figure is a line of JSON and one for people, with the
median of all rounds and the goal; the exit status says whether all goals are met."""

import json
import statistics
import sys

import lab
import recovery
from scenario import LONG, Run, drive, end_programs, every

N_JSON, JSON_SIZE = 2000, 4000
_results = []
_runs = 0


def run(*functions):
    """What scenarios return that run side by side."""
    global _runs
    runs = []
    for function in functions:
        runs.append(Run(function.__name__, function, _runs))
        _runs += 1
    drive(runs)
    for one in runs:
        if one.error:
            sys.exit(f'net-recovery: {one.error}')
    return [one.result for one in runs]


def tell(name, words, values, unit, goal, at_least=False):
    """goal: at most, if it is not at least."""
    median = statistics.median(values)
    met = median >= goal if at_least else median <= goal
    _results.append(met)
    print(json.dumps({'benchmark': 'net-recovery', 'figure': name, 'unit': unit, 'median': round(median, 2),
                      'values': [round(value, 2) for value in values], 'goal': goal, 'met': met}))
    digits = 0 if unit == 'ms' else 1
    print(f'{words}: {median:.{digits}f} {unit}, median of {len(values)} '
          f'({min(values):.{digits}f} to {max(values):.{digits}f}); '
          f'goal: {"at least" if at_least else "at most"} {goal:g}, {"met" if met else "MISSED"}', flush=True)


def narrow(world, coordinator, sites, *properties):
    """How many bytes of messages a second come through a narrow line."""
    alice, bob = yield from recovery.connected(world, coordinator, *sites, *properties)
    alice.flood(bob, 0, N_JSON, JSON_SIZE, kind='json')
    found = yield bob.telling('received', seconds=LONG * 2, run=0)
    bob.check_order()
    return found['bytes'] / found['ms'] * 1000


def measure(world_lab, rounds):
    coordinator = world_lab.coordinator('--stun', lab.stun_url())

    def sites(*kinds):
        return [world_lab.site(kind) for kind in kinds]

    killed = sites('open', 'open')
    moved_nat = sites('restricted', 'restricted')
    line = sites('open', 'open')
    for site in line:
        site.host.limit('eth0', '20mbit')
    found = {name: [] for name in ('told', 'open', 'moved', 'moved_nat', 'ratio', 'with', 'without')}
    for _ in range(rounds):
        (told, opened), = run(lambda world: recovery.killed_and_started(world, coordinator, *killed))
        found['told'].append(told)
        found['open'].append(opened)
        moved = sites('open', 'open')
        found['moved'] += run(lambda world, at=moved: recovery.replaced(world, coordinator, *at))
        found['moved_nat'] += run(lambda world: recovery.replaced(world, coordinator, *moved_nat))
        found['with'] += run(lambda world: narrow(world, coordinator, line))
        found['without'] += run(lambda world: narrow(world, coordinator, line, 'deflate=false'))
        found['ratio'].append(found['with'][-1] / found['without'][-1])
    # They wait for most of the time.
    alone = [(world_lab.coordinator('--stun', 'none'), sites('open', 'open')) for _ in range(rounds)]
    found['alone'] = run(*(lambda world, at=at, by=by: recovery.killed(world, by, *at) for by, at in alone))
    coordinator.stop()
    return found


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    if not 1 <= rounds <= 15:
        sys.exit('net-recovery: 1 to 15 rounds')
    world_lab = lab.Lab()
    turn = world_lab.turn()
    found = measure(world_lab, rounds)
    end_programs()
    turn.kill()
    tell('told', 'killed, told to the other end, with a coordinator', found['told'], 'ms', 3000)
    tell('told-alone', 'killed, told to the other end, without', found['alone'], 'ms', 16000)
    tell('started-again', 'started again with its session, until the channel is open', found['open'], 'ms', 2000)
    tell('interface', 'interface replaced, until messages flow, without NAT', found['moved'], 'ms', 3000)
    tell('interface-nat', 'interface replaced, until messages flow, through NAT', found['moved_nat'], 'ms', 6000)
    for name, words in (('with', 'deflated'), ('without', 'as they are')):
        print(f'JSON of {JSON_SIZE} bytes over 20 Mbit/s, {words}: '
              f'{statistics.median(found[name]) / 1e6:.2f} MB/s')
    tell('deflate', f'JSON of {JSON_SIZE} bytes over 20 Mbit/s, deflated against not', found['ratio'], 'times', 2, True)
    sys.exit(0 if all(_results) else 1)


main()
