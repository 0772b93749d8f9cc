#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What our data path gives, beside what others give in the same run.

    compare.py --ours PROGRAM --naive PROGRAM --modules DIR [--only NAME,…] [--rounds N] [--long]
    compare.py --ours PROGRAM --naive PROGRAM --quick

Each contender is two processes on this machine. They take turns in each round, and the medians of
all rounds are compared: libwebrtc is Chromium's engine (npm: @roamhq/wrtc), libdatachannel the one
of node-datachannel; naive is webrtcbin as one would use it at first. The npm packages are put into
DIR if they are not there. $SENTIENT is the coordinator of ours. Ends with a table and one line of JSON.

--quick measures nothing: it checks that what is sent comes, as TAP."""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../fixtures'))

import harness  # noqa: E402
from pair import Coordinator, open_pair  # noqa: E402

CONTENDERS = ('ours', 'naive', 'libwebrtc', 'libdatachannel')
SIZES = (16384, 65536, 64)
MIB = 1024 * 1024
# Of a message in a large transfer, as large as the contender takes it.
LARGE = {'ours': MIB}
LARGE_OTHERS = 65536
PING_GAP_MS = 10
TRANSFER = 1024 * MIB


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--ours', required=True)
    parser.add_argument('--naive', required=True)
    parser.add_argument('--modules', default='compare-modules')
    parser.add_argument('--only', default=','.join(CONTENDERS))
    parser.add_argument('--parts', default='floods,transfers,connects')
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--ms', type=int, default=1500, help='of each flood')
    parser.add_argument('--transfer', type=int, default=TRANSFER, help='bytes')
    parser.add_argument('--quick', action='store_true')
    parser.add_argument('--long', action='store_true')
    args = parser.parse_args()
    args.modules = os.path.abspath(args.modules)
    return args


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


# Floods of messages of one size

def flood(pair, size, ms):
    """(messages a second, CPU seconds a message)"""
    cpu = pair.cpu_s()
    begin = time.monotonic()
    pair.begin_flood(size, ms=ms)
    count = pair.end_flood(ms / 1000 + 60)
    took = time.monotonic() - begin
    return count / took, (pair.cpu_s() - cpu) / count


def measure_floods(pairs, args):
    """{contender: {size: {rate, cpu}}}, medians of all rounds."""
    got = {name: {size: [] for size in SIZES} for name in pairs}
    for size in SIZES:
        for pair in pairs.values(): # nobody begins cold
            flood(pair, size, 300)
        for _ in range(args.rounds):
            for name, pair in pairs.items():
                got[name][size].append(flood(pair, size, args.ms))
    return {name: {size: {'rate': statistics.median(rate for rate, _ in rounds),
                          'cpu': statistics.median(cpu for _, cpu in rounds)}
                   for size, rounds in sizes.items()}
            for name, sizes in got.items()}


# A large transfer, and small messages beside it

def transfer(pair, total, pings):
    """(MB/s, round trips in ms)"""
    size = LARGE.get(pair.name, LARGE_OTHERS)
    begin = time.monotonic()
    pair.begin_flood(size, count=max(1, total // size))
    if pings:
        pair.tell(0, f'ping {PING_GAP_MS}')
    pair.end_flood(600)
    took = time.monotonic() - begin
    return total / took / 1e6, pair.end_pings() if pings else []


def measure_transfers(pairs, args):
    """{contender: {alone, beside, p50, p99, growth}}; the others get an eighth: it is ours to hold."""
    got = {}
    for name, pair in pairs.items():
        total = args.transfer if name == 'ours' else args.transfer // 8
        pair.mark_memory()
        transfer(pair, total // 8, False)
        # The parts take turns: what else this machine does hits both alike.
        parts = [transfer(pair, total // 4, turn % 2 == 1) for turn in range(8)]
        rtts = [rtt for _, part in parts for rtt in part]
        got[name] = {'alone': statistics.median(rate for rate, part in parts if not part),
                     'beside': statistics.median(rate for rate, part in parts if part),
                     'p50': percentile(rtts, 0.5), 'p99': percentile(rtts, 0.99), 'n': len(rtts),
                     'growth': pair.growth()}
    return got


# Connecting

def measure_connects(pair, count):
    times = []
    for _ in range(count):
        pair.disconnect()
        times.append(pair.connect() * 1000)
    return {'count': count, 'p50': statistics.median(times), 'p99': percentile(times, 0.99),
            'max': max(times)}


# The table

def rounded(value):
    """With four digits, as they are worth."""
    if isinstance(value, dict):
        return {str(key): rounded(part) for key, part in value.items()}
    if isinstance(value, list):
        return [rounded(part) for part in value]
    return float(f'{value:.4g}') if isinstance(value, float) else value


def verdict(value, goal, is_at_most=False):
    good = value <= goal if is_at_most else value >= goal
    return f'{"≤" if is_at_most else "≥"} {goal:g}: {"reached" if good else "MISSED"}'


def print_floods(floods):
    for size in SIZES:
        unit = 'messages/s · CPU µs each' if size == 64 else 'MB/s · CPU s/GB'
        print(f'\n{size} B messages ({unit})')
        for name, sizes in floods.items():
            rate, cpu = sizes[size]['rate'], sizes[size]['cpu']
            note = ', batched' if name == 'ours' and size == 64 else \
                   ', not batched' if size == 64 else ''
            figures = f'{rate:10.0f} · {cpu * 1e6:5.1f}' if size == 64 else \
                      f'{rate * size / 1e6:10.1f} · {cpu / size * 1e9:5.1f}'
            print(f'  {name:15}{figures}{note}')


GOALS = ((16384, 'libwebrtc', 1.0), (16384, 'naive', 1.2), (64, 'libdatachannel', 1.5))


def print_ratios(floods):
    ratios = {}
    if 'ours' not in floods:
        return ratios
    print('\nours to the others')
    for size in SIZES:
        for name in floods:
            if name == 'ours':
                continue
            ratio = floods['ours'][size]['rate'] / floods[name][size]['rate']
            goals = [verdict(ratio, goal) for at, to, goal in GOALS if (at, to) == (size, name)]
            print(f'  {size:6} B {name:15}{ratio:6.2f} ×  {"".join(goals)}')
            ratios[f'{size}:{name}'] = ratio
    return ratios


def print_transfers(transfers):
    print(f'\na large transfer, with a small message there and back each {PING_GAP_MS} ms')
    for name, got in transfers.items():
        kept = got['beside'] / got['alone']
        growth = max(got['growth'])
        print(f'  {name:15}{got["alone"]:6.1f} MB/s alone, {got["beside"]:6.1f} beside ({kept:.0%}); '
              f'round trip p50 {got["p50"]:.1f} ms, p99 {got["p99"]:.1f} ms of {got["n"]}; '
              f'growth {got["growth"][0]:.1f} and {got["growth"][1]:.1f} MiB')
        if name == 'ours':
            print(f'    p50 {verdict(got["p50"], 15, True)} · p99 {verdict(got["p99"], 40, True)} · '
                  f'rate kept {verdict(kept, 0.8)} · growth {verdict(growth, 32, True)}')


def print_connects(connects):
    print(f'\nconnecting, in one host, warm: all of {connects["count"]}; median '
          f'{connects["p50"]:.0f} ms ({verdict(connects["p50"], 100, True)}), p99 '
          f'{connects["p99"]:.0f} ms, at most {connects["max"]:.0f} ms')


def compare(args):
    names = args.only.split(',')
    if {'libwebrtc', 'libdatachannel'} & set(names):
        here = os.path.dirname(os.path.abspath(__file__))
        subprocess.run([os.path.join(here, 'install.sh'), args.modules], check=True)
    coordinator = Coordinator()
    pairs = {name: open_pair(name, args, coordinator) for name in names}
    for pair in pairs.values():
        pair.connect()
    result = {'mode': 'compare', 'rounds': args.rounds}
    if 'transfers' in args.parts:
        result['transfers'] = measure_transfers(pairs, args)
    if 'floods' in args.parts:
        result['floods'] = measure_floods(pairs, args)
    if 'connects' in args.parts and 'ours' in pairs:
        result['connects'] = measure_connects(pairs['ours'], 1000 if args.long else 200)
    for pair in pairs.values():
        pair.quit()
    coordinator.stop()
    if 'floods' in result:
        print_floods(result['floods'])
        result['ratios'] = print_ratios(result['floods'])
    if 'transfers' in result:
        print_transfers(result['transfers'])
    if 'connects' in result:
        print_connects(result['connects'])
    print(json.dumps(rounded(result)))


# Nothing is measured

def check_pair(name, args):
    coordinator = Coordinator()
    pair = open_pair(name, args, coordinator)
    pair.connect()
    pair.tell(1, 'check')
    for size, count in ((8, 3), (64, 5000), (16384, 300), (65536, 100), (LARGE.get(name, 65536), 8)):
        pair.begin_flood(size, count=count)
        harness.equal(pair.end_flood(), count, f'messages of {size} bytes')
    pair.begin_flood(LARGE.get(name, 65536), count=40)
    pair.tell(0, 'ping 0')
    pair.end_flood()
    harness.check(pair.end_pings(), 'no small message came there and back beside large ones')
    pair.quit()
    coordinator.stop()


def main():
    args = parse_arguments()
    if not args.quick:
        compare(args)
        return
    sys.argv[1:] = []
    for name in args.only.split(','):
        harness.case(f'{name}: what is sent comes', 240)(lambda name=name: check_pair(name, args))
    harness.main()


main()
