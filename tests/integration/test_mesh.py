#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A room of 40 nodes (SENTIENT_MESH_NODES), ten to a process, over real webrtcbin data channels: everybody
stands in the mesh, and hears every broadcast once."""

import json
import os
import time

from harness import Program, Server, await_programs, case, check, equal, main

NODES = int(os.environ.get('SENTIENT_MESH_NODES', '40'))
PER_PROCESS = 10
# Threads of a process, for each node in it: those of its own connections, see README.md.
THREADS = 100
LONG = 300
# Bytes that are said at once. Where a hundred nodes share two processors some get none for a while, and no
# more than 3 MiB wait for each of them; where each has its own, that does not come about.
AT_ONCE = 3_000_000


class Host(Program):
    """Nodes in a process of their own."""

    def __init__(self, url, first, count):
        super().__init__([url, 'hall', str(first), str(count)], stdin=True, program=os.environ['MESH_HOST'])
        self.count = count
        self.said = 0
        self.asked = 0
        self.most = 0

    def tell(self, line):
        self.write(line)
        self.asked += 1


    def threads_each(self):
        """Threads of the process for each node in it."""
        each = self.threads() / self.count
        self.most = max(self.most, each)
        return each


def ask_each(hosts, get_line):
    """What each answers to its own line."""
    for host in hosts:
        host.tell(get_line(host))
    await_programs(hosts, lambda: all(host.threads_each() and len(host.lines) >= host.asked for host in hosts), LONG,
                   f'an answer to "{get_line(hosts[0])}"')
    return [host.lines[host.asked - 1].split(' ', 1)[-1] for host in hosts]


def ask(hosts, line):
    """What each answers."""
    return ask_each(hosts, lambda host: line)


def say(hosts, text, size):
    """Every node says it, and everybody hears it once. To how many neighbours it was sent."""
    together = max(AT_ONCE // (size * PER_PROCESS), 1)
    sent = 0
    for first in range(0, len(hosts), together):
        group = hosts[first:first + together]
        sent += sum(int(answer) for answer in ask(group, f'say {text} {size}'))
        for host in group:
            host.said += 1
        total = sum(host.said * host.count for host in hosts)
        twice = ask_each(hosts, lambda host: f'hear {total - host.said}')
        equal(twice, ['0'] * len(hosts), 'broadcasts that came twice')
    return sent


def number_of_nodes(server):
    """Under a sanitizer as many as show the same."""
    return 14 if server.sanitized() else NODES


@case('everybody in a large room hears every broadcast once', 2 * LONG)
def _():
    server = Server('--max-peers', '500', '--no-limits')
    n = number_of_nodes(server)
    hosts = [Host(server.url, first, min(PER_PROCESS, n - first)) for first in range(0, n, PER_PROCESS)]
    start = time.monotonic()
    for host in hosts:
        ask([host], 'join')
    ask(hosts, f'stand {n}')
    stood = time.monotonic() - start
    rounds = 0
    for size in (10, 10, 1000, 100000):
        rounds += 1
        sent = say(hosts, f'round-{rounds}', size)
        check(2 * n <= sent <= 20 * n, f'{n} nodes sent to {sent} neighbours')
    standing = [int(answer) for answer in ask(hosts, f'settle {n}')]
    threads = [host.threads_each() for host in hosts]
    counted = [json.loads(answer) for answer in ask(hosts, 'count')]
    total = {key: sum(c[key] for c in counted) for key in counted[0]}
    equal(total['delivered'], rounds * n * (n - 1), 'broadcasts that were delivered')
    equal(total['lost'], 0, 'parts that were lost')
    print(f'# {n} nodes stood after {stood:.1f} s, {sum(standing) / n:.1f} connections each: {max(threads):.0f} threads '
          f'({max(host.most for host in hosts):.0f} at most) and '
          f'{max(host.rss_kib() / host.count for host in hosts) / 1024:.1f} MiB a node; a broadcast came '
          f'{total["received"] / total["delivered"]:.1f} times, over {total["hops"] / total["delivered"]:.1f} links, '
          f'at most {max(c["maxHops"] for c in counted)}')
    check(max(threads) <= THREADS, f'{max(threads):.0f} threads a node')
    for host in hosts:
        host.write('leave')
    for host in hosts:
        host.stop(0, seconds=LONG)
        equal(host.lines[-1], 'left', 'the last word')
    server.stop()


main()
