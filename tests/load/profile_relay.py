#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Where the coordinator's time goes while it relays: profile_relay.py SENTIENT_LOAD PROGRAM [MODE [NUMBER...]].
Runs that mode of the load tool (relay if none is given) with perf (Debian: linux-perf) on the coordinator
for 2 seconds and prints the share of each system call and of each part of our own code."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time

CALLS = {'__x64_sys_sendto': 'send ()', '__x64_sys_recvfrom': 'recv ()', '__x64_sys_epoll_wait': 'epoll_wait ()',
         '__x64_sys_poll': 'poll ()', '__x64_sys_epoll_ctl': 'epoll_ctl ()'}
# The first that matches; what matches none is "the rest".
PARTS = (
    ('frames: unmask, UTF-8', r'sentient_ws_|sentient_conn_ws_input|peek_text|handle_(frame|data|text)'),
    ('parsing JSON', r'scan_|sentient_json|sentient_request|sentient_name|take_|sentient_signal_(new|parse)|set_signal'),
    ('writing JSON', r'sentient_message_append|append_signal|put_|sentient_event|sentient_reply'),
    ('copying', r'__mem(move|cpy|set)|sentient_buf'),
    ('malloc and free', r'malloc|_int_free|cfree|unlink_chunk|g_free|calloc'),
    ('rooms, outboxes, limits', r'sentient_(directory|outbox|session|room|member|message|sender|rate|metrics|signal)'
                                r'|g_hash|g_str_|strcmp|enqueue|find_target'),
    ('connections, the turn', r'sentient_(conn|engine|clock|hub)|engine_|ws_|update_events|receive|consume|stamp'),
    ('GLib\'s main loop', r'g_main|g_source|g_poll|g_get_'),
)


def server_of(load):
    """The coordinator's pid, once it has been at work for a while."""
    before, since = None, 0
    while load.poll() is None:
        for entry in filter(str.isdigit, os.listdir('/proc')):
            try:
                with open(f'/proc/{entry}/stat', encoding='utf-8') as file:
                    parent = int(file.read().rsplit(')', 1)[1].split()[1])
                with open(f'/proc/{entry}/cmdline', encoding='utf-8') as file:
                    line = file.read()
            except OSError:
                continue
            if parent == load.pid and '--server' in line:
                since = since if entry == before else time.monotonic()
                before = entry
                if time.monotonic() - since > 0.7:
                    return entry
        time.sleep(0.05)
    sys.exit('profile_relay: the load ended too early; give it more to do')


def report(data, *options):
    result = subprocess.run(['perf', 'report', '-i', data, '-g', 'none', '--sort', 'sym', *options],
                            capture_output=True, text=True, check=True)
    return [(float(m.group(1)), m.group(2), m.group(3)) for m in
            re.finditer(r'^\s*([\d.]+)%(?:\s+[\d.]+%)?\s+\[(.)\]\s+(\S+)', result.stdout, re.M)]


def show(data):
    children = {name: share for share, _kind, name in report(data, '--children')}
    own = report(data, '--no-children')
    kernel = sum(share for share, kind, _name in own if kind == 'k')
    print(f'{kernel:5.1f} %  the kernel, of that')
    for call, name in CALLS.items():
        print(f'{children.get(call, 0):12.1f} %  {name}')
    print(f'{sum(share for share, kind, _name in own if kind != "k"):5.1f} %  the program, of that')
    sums = dict.fromkeys([part for part, _ in PARTS] + ['the rest'], 0)
    for share, kind, name in own:
        if kind != 'k':
            sums[next((part for part, pattern in PARTS if re.match(pattern, name)), 'the rest')] += share
    for part, share in sums.items():
        print(f'{share:12.1f} %  {part}')


def main():
    if len(sys.argv) < 3:
        sys.exit('usage: profile_relay.py SENTIENT_LOAD PROGRAM [MODE [NUMBER...]]')
    tool, program, *mode = sys.argv[1:]
    mode = mode or ['relay', '200', '400000']
    with tempfile.TemporaryDirectory() as folder:
        data = os.path.join(folder, 'perf.data')
        with subprocess.Popen([tool, mode[0], program, *mode[1:]], stdout=subprocess.DEVNULL) as load:
            subprocess.run(['perf', 'record', '-q', '-F', '4000', '-g', '-o', data, '-p', server_of(load), '--',
                            'sleep', '2'], check=True)
            load.send_signal(signal.SIGTERM)
        show(data)


main()
