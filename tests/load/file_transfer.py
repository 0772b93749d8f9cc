#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A file of 1 GB between two processes over WebRTC: file_transfer.py SENTIENT [BYTES]. Prints the rate and
by how much the memory of both grew, for people and as a line of JSON."""

import json
import os
import re
import subprocess
import sys
import tempfile
import time

GOAL_KIB = 32 * 1024


def memory(process, name):
    with open(f'/proc/{process.pid}/status', encoding='ascii') as file:
        return int(re.search(rf'^{name}:\s+(\d+) kB', file.read(), re.M).group(1))


def reset_peak(process):
    with open(f'/proc/{process.pid}/clear_refs', 'w', encoding='ascii') as file:
        file.write('5')


def start(*args):
    return subprocess.Popen(args, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def wait_line(process, pattern):
    for line in process.stdout:
        match = re.search(pattern, line)
        if match:
            return match
    sys.exit(f'no line like {pattern!r}')


def run(sentient, size, where):
    path = os.path.join(where, 'large')
    inbox = os.path.join(where, 'in')
    os.mkdir(inbox)
    with open(path, 'wb') as file:
        # What cannot be packed.
        piece = os.urandom(1 << 20)
        for left in range(size, 0, -len(piece)):
            file.write(piece[:left])
    server = start(sentient, '--server', '--port', '0', '--host', '127.0.0.1', '--stun', 'none')
    url = wait_line(server, r'(http://127\.0\.0\.1:\d+)').group(1)
    nodes = [start(sentient, '--seed', url, '--stun', 'none', '--node-id', name, *args)
             for name, args in (('alice', ('--accept-files', inbox)), ('bob', ()))]
    alice, bob = nodes
    try:
        wait_line(alice, 'Connected to bob')
        wait_line(bob, 'Connected to alice')
        before = [memory(node, 'VmRSS') for node in nodes]
        for node in nodes:
            reset_peak(node)
        began = time.monotonic()
        bob.stdin.write(f'/send-file alice {path}\n')
        bob.stdin.flush()
        wait_line(bob, 'Sent large to alice')
        seconds = time.monotonic() - began
        growth = [memory(node, 'VmHWM') - kib for node, kib in zip(nodes, before)]
        if os.path.getsize(os.path.join(inbox, 'large')) != size:
            sys.exit('what arrived is not as large as what was sent')
    finally:
        for process in (*nodes, server):
            process.terminate()
            process.communicate()
    return seconds, growth


def main():
    size = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000_000
    with tempfile.TemporaryDirectory() as where:
        seconds, growth = run(sys.argv[1], size, where)
    rate = size / seconds
    print(f'{size / 1e6:.0f} MB in {seconds:.1f} s: {rate / 1e6:.1f} MB/s; memory grew by at most '
          f'{growth[1] / 1024:.1f} MiB at who sent it, {growth[0] / 1024:.1f} MiB at who got it')
    print(json.dumps({'benchmark': 'file', 'bytes': size, 'seconds': round(seconds, 3), 'bytesPerSecond': int(rate),
                      'senderGrowthKiB': growth[1], 'receiverGrowthKiB': growth[0]}))
    sys.exit(max(growth) > GOAL_KIB)


main()
