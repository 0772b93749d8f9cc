# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two processes of one contender that are connected to each other, see contender.h."""

import os
import re
import time

from harness import Program, await_programs, fail

TICKS_PER_S = os.sysconf('SC_CLK_TCK')
SETUP_S = 60


class Coordinator:
    """Where the ends of ours meet."""

    def __init__(self):
        self.program = Program(['--server', '--host', '127.0.0.1', '--port', '0', '--stun', 'none',
                                '--no-color'])
        self.url = self.program.wait_line(r'(http://127\.0\.0\.1:\d+)', SETUP_S).group(1)

    def stop(self):
        self.program.stop()


class Pair:
    """a sends, b hears. words: the command of each end."""

    def __init__(self, name, words, env=None):
        self.name = name
        self.ends = [Program(line[1:], program=line[0], stdin=True, env=env) for line in words]
        self.seen = [0, 0]
        for end in (0, 1):
            self.wait(end, 'ready')

    def relay(self):
        """Hands the signals of each end to the other; what else was said is kept."""
        for end, program in enumerate(self.ends):
            program.pump()
            for line in program.lines:
                if line.startswith('signal '):
                    self.ends[1 - end].write(line)
                elif line.startswith('error '):
                    fail(f'{self.name}: {line}{program.report()}')
            program.lines = [line for line in program.lines if not line.startswith('signal ')]

    def take(self, end, pattern):
        for number, line in enumerate(self.ends[end].lines):
            match = re.fullmatch(pattern, line)
            if match:
                del self.ends[end].lines[number]
                return match
        return None

    def wait(self, end, pattern, seconds=SETUP_S):
        """The line that an end says, or said and nobody asked for yet."""
        found = []

        def is_there():
            self.relay()
            match = self.take(end, pattern)
            found.extend([match] if match else [])
            return found

        await_programs(self.ends, is_there, seconds, f'{self.name}: “{pattern}”')
        return found[0]

    def tell(self, end, line):
        self.ends[end].write(line)

    def connect(self):
        """Seconds until both are open."""
        begin = time.monotonic()
        self.tell(0, 'connect')
        for end in (0, 1):
            self.wait(end, 'open')
        return time.monotonic() - begin

    def disconnect(self):
        self.tell(0, 'disconnect')
        for end in (0, 1):
            self.wait(end, 'closed')

    def begin_flood(self, size, count=0, ms=0):
        self.tell(0, f'flood {size} {count} {ms}')

    def end_flood(self, seconds=SETUP_S):
        """Messages that came, all of them."""
        sent = int(self.wait(0, r'sent (\d+)', seconds).group(1))
        heard = int(self.wait(1, r'heard (\d+) \d+', seconds).group(1))
        if sent != heard:
            fail(f'{self.name}: {heard} of {sent} messages came')
        return heard

    def end_pings(self):
        """Round trips in ms."""
        self.tell(0, 'stop')
        return [int(us) / 1000 for us in self.wait(0, r'rtts((?: \d+)*)').group(1).split()]

    def cpu_s(self):
        """What both took until now."""
        total = 0
        for program in self.ends:
            with open(f'/proc/{program.pid}/stat', encoding='utf-8') as file:
                fields = file.read().rsplit(')', 1)[1].split()
            total += int(fields[11]) + int(fields[12])
        return total / TICKS_PER_S

    def mark_memory(self):
        """From here on growth () counts."""
        self.marks = []
        for program in self.ends:
            with open(f'/proc/{program.pid}/clear_refs', 'w', encoding='ascii') as file:
                file.write('5')
            self.marks.append(program.rss_kib())

    def growth(self):
        """MiB by which each end grew at most since the mark."""
        grown = []
        for program, mark in zip(self.ends, self.marks):
            with open(f'/proc/{program.pid}/status', encoding='ascii') as status:
                peak = int(re.search(r'VmHWM:\s+(\d+) kB', status.read()).group(1))
            grown.append((peak - mark) / 1024)
        return grown

    def quit(self):
        for end in (0, 1):
            self.tell(end, 'quit')
        for program in self.ends:
            program.stop(signum=0, seconds=SETUP_S)


def open_pair(name, args, coordinator):
    """The ends of a contender, not connected yet."""
    here = os.path.dirname(os.path.abspath(__file__))
    if name == 'ours':
        pair = Pair(name, [[args.ours, 'a', 'b', coordinator.url],
                           [args.ours, 'b', 'a', coordinator.url]])
        for end in (0, 1):
            pair.wait(end, 'joined')
        return pair
    if name == 'naive':
        return Pair(name, [[args.naive], [args.naive]])
    command = ['node', os.path.join(here, f'{name}.mjs')]
    return Pair(name, [command, command], {**os.environ, 'COMPARE_MODULES': args.modules})
