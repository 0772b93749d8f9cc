#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What can be missing: display, bus, daemon, tray. Each time a person is told in a sentence."""

import re

from harness import Program, at_end, case, check, contains, equal, main
from desktop import APPLET, FAKE_DAEMON, Applet, Desktop, gsettings

PORTAL = '''<node><interface name="org.freedesktop.portal.Background">
  <method name="SetStatus"><arg type="a{sv}" direction="in"/></method>
</interface></node>'''

desktop = Desktop()


def fake_daemon():
    daemon = Program([], program=FAKE_DAEMON, env=desktop.env, stdin=True)
    daemon.wait_line('ready')
    return daemon


@case('without a display it ends with a sentence, and tells its version all the same')
def _():
    env = {name: value for name, value in desktop.env.items() if name != 'DISPLAY'}
    program = Program([], program=APPLET, env=env)
    equal(program.wait_exit(), 1, 'the exit status')
    contains(program.stderr(), 'there is no display', 'what it says')
    program.check_stderr()
    program.destroy()
    program = Program(['--version'], program=APPLET, env=env)
    program.wait_line(r'^sentient-applet \d')
    program.stop(signum=0)


@case('without a bus there is a window that says so, and nothing to start')
def _():
    applet = Applet(desktop, DBUS_SESSION_BUS_ADDRESS='unix:path=/nonexistent')
    applet.window()
    desktop.wait(lambda: 'There is no session bus' in applet.stderr(), 'the sentence')
    # No reader of windows can tell: light pixels do, where the screen was black.
    desktop.wait(lambda: desktop.brightness('trouble-no-bus') > 0.5, 'a window that is painted')
    applet.key('ctrl+q')
    applet.stop(signum=0)


@case('a daemon that nothing can start: it is told why, and can be tried again')
def _():
    applet = Applet(desktop)
    applet.find(re.compile('daemon does not run'), 'label')
    applet.click('Start')
    applet.find(re.compile('^The bus cannot start the Sentient daemon'), 'label')
    desktop.screenshot('trouble-no-service')
    daemon = fake_daemon()
    applet.find('Run the node', 'label')
    daemon.kill()
    applet.find('Sentient Does Not Run', 'label')
    applet.close()
    applet.stop(signum=0)


@case('the daemon is killed and comes back: it is told, and nothing of the old is left')
def _():
    daemon = fake_daemon()
    for line in ('room old', 'member old fake', 'member old bob', 'connection bob connected'):
        daemon.write(line)
    applet = Applet(desktop)
    applet.click('Rooms', 'page tab')
    applet.activate('old')
    applet.find('bob', 'list item')
    applet.activate('bob')
    applet.find('Disconnect', 'push button|button')
    daemon.kill()
    applet.find('Sentient Does Not Run', 'label')
    desktop.screenshot('trouble-killed')
    daemon = fake_daemon()
    daemon.write('room new')
    applet.find('new', 'list item')
    applet.find('Choose a Room', 'label')
    check(applet.look('old', 'list item') is None, 'a room of the daemon that was')
    applet.close()
    applet.stop(signum=0)
    daemon.kill()


@case('a call that fails is told, and what was typed is not lost')
def _():
    daemon = fake_daemon()
    daemon.write('room talk')
    daemon.write('member talk nobody')
    applet = Applet(desktop)
    applet.click('Rooms', 'page tab')
    applet.enter('Name of a room to join', 'full')
    applet.click('Join')
    applet.find('the room full is full; try again later', 'label')
    applet.activate('talk')
    applet.activate('nobody')
    applet.enter('Message to this node', 'precious')
    applet.click('Send')
    applet.find('nobody is in no room with this node', 'label')
    desktop.wait(lambda: applet.text('Message to this node') == 'precious', 'what was typed')
    daemon.write('failed ConnectionLost The connection broke; it is made anew')
    applet.find('The connection broke; it is made anew', 'label')
    applet.click('Dismiss')
    applet.close()
    applet.stop(signum=0)
    daemon.kill()


@case('without a tray, the setting lets it stay; a second start shows the window of the first')
def _():
    told = []

    def on_call(_connection, _sender, _path, _interface, _method, parameters, invocation):
        told.append(parameters.unpack()[0]['message'])
        invocation.return_value(None)

    info = desktop.gio.DBusNodeInfo.new_for_xml(PORTAL)
    desktop.connection.register_object('/org/freedesktop/portal/desktop', info.interfaces[0],
                                       on_call, None, None)
    desktop.call('org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus',
                 'RequestName',
                 desktop.glib.Variant('(su)', ('org.freedesktop.portal.Desktop', 0)))
    gsettings(desktop.env, 'set', 'org.sentient.Sentient.Applet', 'stay-in-background', 'true')
    daemon = fake_daemon()
    applet = Applet(desktop)
    applet.window()
    applet.toggle('Run the node')
    desktop.wait(lambda: any(line.startswith('Connected to') for line in told),
                 'the line of the portal')
    applet.close()
    desktop.wait_gone(applet.has_window, 'the end of the window')
    check(applet.alive(), 'the applet ended')
    second = Program([], program=APPLET, env=desktop.env)
    second.stop(signum=0)
    desktop.wait(applet.has_window, 'the window of the first')
    applet.key('ctrl+q')
    applet.stop(signum=0)
    daemon.kill()


@case('started in the background there is no window until it is asked for')
def _():
    applet = Applet(desktop, '--background')
    desktop.wait(lambda: desktop.owns('org.sentient.Sentient.Applet'), 'the applet')
    desktop.call('org.sentient.Sentient.Applet', '/org/sentient/Sentient/Applet', 'org.gtk.Actions',
                 'List')
    equal(desktop.visible_windows(), [], 'windows')
    second = Program([], program=APPLET, env=desktop.env)
    second.stop(signum=0)
    applet.window()
    applet.key('ctrl+q')
    applet.stop(signum=0)


@at_end
def _():
    """all the rest ends"""
    desktop.end()


if __name__ == '__main__':
    main()
