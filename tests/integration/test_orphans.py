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
    # Both of them stand, and who keeps watch over each: in between nobody would end a bus.
    await_programs([test], lambda: count(test.pid, 'dbus-daemon') == count(test.pid, 'sh') == 2, 60, 'two buses')
    test.popen.send_signal(signal.SIGABRT)
    await_programs([test], lambda: test.at_eof, 30, 'the end of all that holds its stdout')
    check(test.wait_exit() == -signal.SIGABRT, f'it ended in another way{test.report()}')
    test.destroy()


def count(pid, name):
    """Children that run this program."""
    with open(f'/proc/{pid}/task/{pid}/children', encoding='ascii') as children:
        return sum(runs(child, name) for child in re.findall(r'\d+', children.read()))


def runs(pid, name):
    try:
        with open(f'/proc/{pid}/stat', encoding='ascii') as stat:
            return re.search(r'\((.*)\) (\S)', stat.read()).groups() in ((name, 'S'), (name, 'R'), (name, 'D'))
    except OSError:
        return False


main()
