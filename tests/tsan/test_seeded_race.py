#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""ThreadSanitizer must find the races that seeded-race has on purpose, and nothing in the rest of it:
so that a quiet run of the other tests means something."""

import subprocess
import sys

EXITCODE = 66  # as in TSAN_OPTIONS
# What to run: the function a report must name, None if there must be none.
CASES = {
    'locked': None,
    'unlocked': 'add_up',
    'posted': None,
    'posted-and-kept': 'post_one',
}


def check(program, what, culprit):
    """What is wrong, or None."""
    result = subprocess.run([program, what], capture_output=True, text=True, timeout=30, check=False)
    if culprit is None and (result.returncode != 0 or 'ThreadSanitizer' in result.stderr):
        return f'status {result.returncode}, wanted 0 and no report:\n{result.stderr}'
    if culprit is not None and (result.returncode != EXITCODE
                                or 'WARNING: ThreadSanitizer: data race' not in result.stderr
                                or culprit not in result.stderr):
        return f'status {result.returncode}, wanted {EXITCODE} and a data race in {culprit}:\n{result.stderr}'
    return None


def main():
    print(f'1..{len(CASES)}')
    problems = []
    for number, (what, culprit) in enumerate(CASES.items(), 1):
        problem = check(sys.argv[1], what, culprit)
        print('ok' if problem is None else 'not ok', number, what)
        if problem is not None:
            problems.append(problem)
            print('\n'.join('# ' + line for line in problem.splitlines()))
    sys.exit(1 if problems else 0)


main()
