# SPDX-License-Identifier: LGPL-2.1-or-later
"""A test that fails ends: what it started does not stay and hold the pipes of whoever waits for it."""

import os
import re
import signal

from harness import Program, await_programs, case, check, main


@case('a test that aborts takes its buses along')
def _():
    test = Program([], program=os.environ['DAEMON_TALK'])
    # The buses of the second case inherit what keeps watch over those of the first.
    test.wait_line('^ok 1 ', 60)
    # They stand when the nodes on them call their coordinator.
    first = next(n for n, line in enumerate(test.lines) if line.startswith('ok 1 '))
    test.wait_line('GSocketClient: Connection successful', 60, first)
    check(count_buses(test.pid) > 0, f'there is no bus{test.report()}')
    test.popen.send_signal(signal.SIGABRT)
    await_programs([test], lambda: test.at_eof, 30, 'the end of all that holds its stdout')
    check(test.wait_exit() == -signal.SIGABRT, f'it ended in another way{test.report()}')
    test.destroy()


def count_buses(pid):
    with open(f'/proc/{pid}/task/{pid}/children', encoding='ascii') as children:
        return sum(is_bus(child) for child in re.findall(r'\d+', children.read()))


def is_bus(pid):
    try:
        with open(f'/proc/{pid}/comm', encoding='ascii') as comm:
            return comm.read().strip() == 'dbus-daemon'
    except OSError:
        return False


main()
