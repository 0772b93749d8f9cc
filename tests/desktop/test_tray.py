#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The icon in the tray of a real panel, and its menu under the pointer."""

import re
import subprocess

from harness import PATIENCE, Program, at_end, case, check, equal, main
from desktop import FAKE_DAEMON, Applet, Desktop

WATCHER = 'org.kde.StatusNotifierWatcher'
ONLINE = '#3FAE8A'  # of the icons

desktop = Desktop()
desktop.bus.serve('org.xfce.Xfconf', '/usr/lib/x86_64-linux-gnu/xfce4/xfconf/xfconfd')
daemon = Program([], program=FAKE_DAEMON, env=desktop.env, stdin=True)
daemon.wait_line('ready')
panel = Program(['--disable-wm-check'], program='xfce4-panel', env=desktop.quiet())
applet = Applet(desktop)


def items():
    """What the tray has, as it names them."""
    value = desktop.call(WATCHER, '/StatusNotifierWatcher', 'org.freedesktop.DBus.Properties', 'Get',
                         desktop.glib.Variant('(ss)', (WATCHER, 'RegisteredStatusNotifierItems')))
    return value.unpack()[0]


def icon_at(colour):
    """Where on the screen this colour is; None if nowhere in the panel."""
    shot = desktop.screenshot('tray')
    text = subprocess.run(['convert', shot, '-crop', 'x40+0+0', '+repage', 'txt:-'], check=True,
                          capture_output=True, text=True, timeout=PATIENCE).stdout
    found = re.search(rf'^(\d+),(\d+): .*{colour}', text, re.M)
    return (int(found.group(1)), int(found.group(2))) if found else None


def windows():
    return set(subprocess.run(['xdotool', 'search', '--onlyvisible', '--class', '.'],
                              env=desktop.env, capture_output=True, text=True, timeout=PATIENCE,
                              check=False).stdout.split())


# As they stand in the menu while a daemon is there, under the line that says how things stand.
MENU = ('', 'Open Sentient', 'Run the Node', 'Run a Coordinator', 'Settings', 'Quit')


def click_menu(name, shot=None):
    """Opens the menu of the icon with the right button, and clicks on an item with the left."""
    x, y = desktop.wait(lambda: icon_at(colour), 'the icon in the panel')
    before = windows()
    desktop.xdotool('mousemove', x, y, 'click', 3)

    def look():
        for window in windows() - before:
            shape = desktop.xdotool('getwindowgeometry', '--shell', window)
            values = dict(line.split('=') for line in shape.split())
            # A tip is lower than that.
            if int(values['HEIGHT']) > 20 * len(MENU):
                return int(values['WIDTH']), int(values['HEIGHT']), window
        return None

    width, height, window = desktop.wait(look, 'the menu of the icon')
    # Rows of one height, but for two thin lines.
    desktop.xdotool('mousemove', '--window', window, width // 2,
                    int((MENU.index(name) + 0.5) * height / len(MENU)))
    if shot:
        desktop.screenshot(shot)
    desktop.xdotool('click', 1)
    desktop.wait(lambda: window not in windows(), 'the end of the menu')


colour = '#8A949A'


@case('the icon is in the tray, under the unique name of the applet')
def _():
    desktop.wait(lambda: desktop.owns(WATCHER) and items(), 'an item in the tray')
    # Not over the panel: nobody here places windows.
    desktop.xdotool('windowmove', applet.window(), 50, 60)
    equal(len(items()), 1, 'items in the tray')
    check(items()[0].startswith(':'), f'not a unique name: {items()}')
    desktop.wait(lambda: icon_at(colour), 'the grey icon')


@case('a click in its menu starts the node, and the icon shows it')
def _():
    global colour
    click_menu('Run the Node', 'tray-menu')
    daemon.wait_line('^StartNode$')
    colour = ONLINE
    desktop.wait(lambda: icon_at(colour), 'the green icon')


@case('closing the window leaves the icon, whose menu opens it again')
def _():
    applet.window()
    applet.close()
    desktop.wait_gone(applet.has_window, 'the end of the window')
    check(applet.alive(), 'the applet ended')
    click_menu('Open Sentient')
    desktop.wait(applet.has_window, 'the window')


@case('a left click on the icon opens the window')
def _():
    applet.close()
    desktop.wait_gone(applet.has_window, 'the end of the window')
    x, y = icon_at(colour)
    desktop.xdotool('mousemove', x, y, 'click', 1)
    desktop.wait(applet.has_window, 'the window')


@case('a panel that comes again gets the icon again')
def _():
    global panel
    panel.popen.terminate()
    panel.wait_exit()
    panel.destroy()
    desktop.wait_gone(lambda: desktop.owns(WATCHER), 'the end of the tray')
    panel = Program(['--disable-wm-check'], program='xfce4-panel', env=desktop.quiet())
    desktop.wait(lambda: icon_at(colour), 'the icon in the panel')


@case('the menu ends the applet')
def _():
    click_menu('Quit')
    applet.stop(0)


@at_end
def _():
    """all the rest ends"""
    panel.destroy()
    daemon.kill()
    desktop.end()


if __name__ == '__main__':
    main()
