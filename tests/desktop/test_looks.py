#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Pictures for people to look at: wide and narrow, light and dark, empty, full, long and wrong. What
a machine can tell of them is tested: nothing warns, everything fits, every control has a name."""

import re

from harness import Program, at_end, case, check, main
from desktop import FAKE_DAEMON, Applet, Desktop

desktop = Desktop()
SIZES = {'wide': (900, 650), 'narrow': (360, 600)}
LONG = 'a-node-whose-name-is-as-long-as-a-name-may-be-' + 'x' * 80


def fill(daemon):
    for n in range(15):
        daemon.write(f'room room-{n}')
    daemon.write('room ' + LONG)
    for n in range(30):
        daemon.write(f'member room-0 node-{n}')
    daemon.write('member room-0 ' + LONG)
    for n in range(15):
        daemon.write(f'connection node-{n} {("connected", "connecting", "failed")[n % 3]}')
    for line in ('way node-0 relay srflx 45', 'way node-3 host host 0', 'way node-6 prflx srflx 1200'):
        daemon.write(line)
    for line in ('transfer 1 outgoing node-0 48000000 holiday.zip', 'progress 1 active 21000000 3400000 8',
                 'transfer 2 incoming node-1 1234567 photo of a mountain.jpg', 'transfer 3 incoming node-2 500 notes.txt',
                 'end 3 done /home/me/Downloads/notes.txt', 'transfer 4 outgoing node-3 700000000 ' + 'long-name-' * 15,
                 'transfer 5 incoming node-0 10 x',
                 'end 5 failed “x” from “node-0”: the connection ended before it was through: it did not answer'):
        daemon.write(line)
    for text in ('Hello', 'A long message that needs more than one line to be read. ' * 5, 'x' * 300):
        daemon.write('message node-0 ' + text)
    daemon.write('sync')
    daemon.wait_line('^synced$')


def look_around(scheme, size):
    """One walk through everything, with a picture of each place."""
    daemon = Program([], program=FAKE_DAEMON, env=desktop.env, stdin=True)
    daemon.wait_line('ready')
    applet = Applet(desktop, ADW_DEBUG_COLOR_SCHEME='prefer-' + scheme)
    try:
        walk(applet, daemon, scheme, size)
    finally:
        daemon.destroy()
        applet.destroy()


def walk(applet, daemon, scheme, size):
    width, height = SIZES[size]
    window = applet.window()

    def shot(name):
        # The same in each colour.
        if scheme == 'light':
            applet.check_names()
        desktop.screenshot(f'looks-{size}-{scheme}-{name}', window)

    # The shadow is part of the X window.
    desktop.xdotool('windowsize', '--sync', window, width, height)
    applet.find('Run the node', 'label')
    shot('overview')
    applet.click('Rooms', 'page tab')
    applet.find('No Rooms', 'label')
    shot('no-rooms')
    applet.click('Files', 'page tab')
    applet.find('No Files', 'label')
    shot('no-files')
    applet.click('Connections', 'page tab')
    applet.find('No Connections', 'label')
    fill(daemon)
    applet.find('node-0', 'list item', within='Connections')
    shot('connections')
    applet.click('Files', 'page tab')
    applet.find('holiday.zip', 'list item', within='Files')
    applet.find('Accept photo of a mountain.jpg', 'push button|button')
    shot('files')
    applet.click('Rooms', 'page tab')
    applet.find('room-0', 'list item')
    daemon.write('failed ConnectionLost The coordinator at http://127.0.0.1:8888 does not answer; '
                 'start one there, or give another address in the settings')
    applet.find('Dismiss', 'push button|button')
    shot('rooms-error')
    applet.click('Dismiss')
    applet.activate('room-0')
    applet.find('node-0', 'list item', within='Members')
    shot('members')
    applet.activate('node-0')
    applet.find('Messages', 'list')
    shot('talk')
    applet.click('Back')
    applet.find('Members', 'list')
    if size == 'narrow':
        applet.click('Back')
        applet.find('Rooms', 'page tab')
    applet.key('ctrl+comma')
    applet.find('node-id', 'text|entry')
    desktop.screenshot(f'looks-{size}-{scheme}-settings')
    applet.click('Close', within='Settings')
    applet.gone('Settings', 'frame')
    applet.click('Main menu')
    applet.click('Network Doctor', 'menu item')
    applet.find('How Do Nodes Reach Each Other?', 'label')
    desktop.screenshot(f'looks-{size}-{scheme}-doctor-start')
    applet.click('Examine', within='Network Doctor')
    applet.find(re.compile('^Error: The TURN server'), 'list item')
    if scheme == 'light':
        applet.check_names()
    desktop.screenshot(f'looks-{size}-{scheme}-doctor')
    applet.click('Close', within='Network Doctor')
    applet.gone('Network Doctor', 'frame')
    # Nothing in it needed more.
    shape = desktop.xdotool('getwindowgeometry', '--shell', window)
    check(f'WIDTH={width}\n' in shape, f'the window does not keep its size: {shape}')
    daemon.kill()
    applet.find('Sentient Does Not Run', 'label')
    shot('away')
    applet.key('ctrl+q')
    applet.stop(signum=0)


for SCHEME in ('light', 'dark'):
    for SIZE in SIZES:
        case(f'{SIZE} and {SCHEME}')(lambda scheme=SCHEME, size=SIZE: look_around(scheme, size))


@at_end
def _():
    """all the rest ends"""
    desktop.end()


if __name__ == '__main__':
    main()
