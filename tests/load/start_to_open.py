#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""How long two nodes take from the start of their processes to an open data channel.

    start_to_open.py PROGRAM [ROUNDS]

A coordinator runs already. Ends with one line of JSON and one for people."""

import json
import os
import re
import select
import statistics
import subprocess
import sys
import time

PATIENCE_S = 30


def start(program, *args):
    return subprocess.Popen([program, *args, '--stun', 'none', '--no-color'], bufsize=0,
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL)


def await_text(process, pattern):
    """Reads on until pattern is there; the text so far is kept with the process."""
    process.text = getattr(process, 'text', '')
    deadline = time.monotonic() + PATIENCE_S
    while True:
        found = re.search(pattern, process.text)
        if found:
            return found
        ready, _, _ = select.select([process.stdout], [], [], deadline - time.monotonic())
        chunk = os.read(process.stdout.fileno(), 65536) if ready else b''
        if not chunk:
            sys.exit(f'start_to_open: no “{pattern}” in: {process.text}')
        process.text += chunk.decode()


def end(process):
    process.terminate()
    process.wait()


def measure(program, url, number):
    """Seconds until both nodes say that they are connected."""
    begin = time.monotonic()
    nodes = [start(program, '--node-id', f'{name}-{number}', '--seed', url)
             for name in ('alice', 'bob')]
    for node in nodes:
        await_text(node, 'Connected to')
    took = time.monotonic() - begin
    for node in nodes:
        end(node)
    return took


def main():
    program = sys.argv[1]
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 7
    server = start(program, '--server', '--host', '127.0.0.1', '--port', '0')
    url = await_text(server, r'http://127\.0\.0\.1:\d+').group(0)
    times = sorted(measure(program, url, number) * 1000 for number in range(rounds))
    end(server)
    print(json.dumps({'mode': 'start-to-open', 'rounds': rounds,
                      'medianMs': round(statistics.median(times)),
                      'minMs': round(times[0]), 'maxMs': round(times[-1])}))
    print(f'start-to-open: {statistics.median(times):.0f} ms from the start of two processes to '
          f'their open data channel, median of {rounds} ({times[0]:.0f} to {times[-1]:.0f})')


main()
