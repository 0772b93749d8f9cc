#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The applet with a real daemon and a real other node, used as with a screen reader and a keyboard."""

import os
import re
import subprocess
import tempfile

from harness import Node, Server, at_end, case, check, contains, equal, main, tmpdir
from desktop import DAEMON, Applet, Desktop, gsettings

LONG = 60

desktop = Desktop()
desktop.bus.serve('org.sentient.Sentient', DAEMON)
server = Server()
gsettings(desktop.env, 'set', 'org.sentient.Sentient', 'coordinator', 'false')
gsettings(desktop.env, 'set', 'org.sentient.Sentient', 'node-id', 'me')
gsettings(desktop.env, 'set', 'org.sentient.Sentient', 'seeds', f"['{server.url}']")
gsettings(desktop.env, 'set', 'org.sentient.Sentient', 'stun', "['none']")
gsettings(desktop.env, 'set', 'org.sentient.Sentient', 'rooms', "['none']")
gsettings(desktop.env, 'set', 'org.sentient.Sentient', 'auto-webrtc', 'false')
applet = Applet(desktop)
bob = None


def make_folder():
    return tempfile.mkdtemp(dir=tmpdir())


def make_file(name, text):
    path = os.path.join(make_folder(), name)
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text)
    return path


def read(path):
    with open(path, encoding='utf-8') as file:
        return file.read()


@case('the daemon is started by the button, and it is told to whom it is connected')
def _():
    applet.find('Sentient Does Not Run', 'label')
    applet.window()
    applet.click('Start')
    applet.find(f'Connected to {server.url}', 'label')
    applet.find('Connected by WebSocket', 'label')
    check(applet.is_on('Run the node'), 'the switch of the node is off')
    check(not applet.is_on('Run a coordinator'), 'the switch of the coordinator is on')


@case('a room is joined, and who is there is seen')
def _():
    applet.click('Rooms', 'page tab')
    applet.enter('Name of a room to join', 'tea')
    applet.click('Join')
    applet.find('tea', 'label')
    applet.find('me', 'list item')


@case('a peer appears')
def _():
    global bob
    bob = Node('bob', server.url, args=('--auto-webrtc', 'false'))
    bob.write('/join tea')
    applet.find('bob', 'list item')
    applet.find('2 members', 'label')


@case('a member is written to, which connects to it, and what it answers is read')
def _():
    applet.activate('bob')
    applet.find('not connected', 'label')
    applet.enter('Message to this node', 'Hello <b>bob</b>')
    applet.click('Send')
    bob.wait_line(r'Hello <b>bob</b>')
    applet.find('connected', 'label')
    applet.find(re.compile(r'^You, \d\d:\d\d: Hello <b>bob</b>$'), 'list item')
    bob.write('Hello yourself')
    applet.find(re.compile(r'^They, \d\d:\d\d: Hello yourself$'), 'list item')
    desktop.screenshot('applet-talk')


@case('what comes while nobody looks counts as unread until it is looked at')
def _():
    applet.click('Back')
    applet.find('me', 'list item')
    bob.write('Are you there?')
    desktop.wait(lambda: '1 unread message' in applet.description('bob'), 'an unread message')
    desktop.screenshot('applet-unread')
    applet.activate('bob')
    applet.find(re.compile('Are you there'), 'list item')
    applet.click('Back')
    desktop.wait(lambda: 'unread' not in applet.description('bob'), 'that it counts as read')


@case('a message goes to everyone who is connected in the room')
def _():
    applet.enter('Message to everyone connected in this room', 'Tea is ready')
    applet.click('Send to everyone')
    applet.find('Sent to 1 node', 'label')
    bob.wait_line('Tea is ready')


def answer_dialog(title, path, button):
    """A path typed into a dialog that asks for a file or folder."""
    def look():
        found = subprocess.run(['xdotool', 'search', '--onlyvisible', '--name', title], env=desktop.env,
                               capture_output=True, text=True, timeout=60, check=False).stdout.split()
        return found[0] if found else None
    dialog = desktop.wait(look, f'the dialog {title!r}')
    # So the toolkit names it: with and without the mark of its key.
    name = f'_{button} {button}'
    applet.find(name, 'push button|button')
    if path:
        desktop.xdotool('windowfocus', '--sync', dialog)
        desktop.xdotool('type', '--window', dialog, path)
    desktop.screenshot('applet-' + button.lower())
    applet.click(name)
    applet.gone(name, 'push button|button')


@case('a file is sent to a member')
def _():
    path, inbox = make_file('to bob.txt', 'Dear Bob'), make_folder()
    applet.activate('bob')
    applet.click('Send a file')
    answer_dialog('Send a File to bob', path, 'Send')
    applet.find('Offered to bob', 'label')
    number = bob.wait_line(r'me offers a file, to bob\.txt .* /accept (\d+) ').group(1)
    bob.write(f'/accept {number} {inbox}')
    bob.wait_line(r'Got to bob\.txt from me')
    equal(read(os.path.join(inbox, 'to bob.txt')), 'Dear Bob', 'what bob has')
    applet.click('Back')
    applet.click('Files', 'page tab')
    desktop.wait(lambda: 'sent' in applet.description('to bob.txt'), 'that it is sent')


@case('a file is offered, told of, and taken into a folder')
def _():
    applet.click('Rooms', 'page tab')
    bob.write('/send-file me ' + make_file('to me.txt', 'Dear me'))
    [number] = desktop.wait(lambda: list(desktop.notifications), 'a notification')
    equal(desktop.notifications[number][:2], ('bob Offers a File', 'to me.txt (7 bytes)'),
          'the notification')
    desktop.press_notification(number, 'default')
    applet.find('Accept to me.txt', 'push button|button')
    desktop.screenshot('applet-offer')
    applet.click('Accept to me.txt')
    answer_dialog('Where to Store the File', None, 'Accept')
    where = os.path.join(desktop.env['HOME'], 'to me.txt')
    desktop.wait(lambda: os.path.exists(where), 'the file')
    desktop.wait(lambda: where in applet.description('to me.txt'), 'that it is told where it is')
    equal(read(where), 'Dear me', 'what came')


@case('a file is offered and refused')
def _():
    applet.click('Rooms', 'page tab')
    bob.write('/send-file me ' + make_file('no.txt', 'x'))
    desktop.wait(lambda: desktop.notifications, 'a notification')
    applet.click('Files', 'page tab')
    applet.click('Refuse no.txt')
    desktop.wait(lambda: '\nit was refused here' in applet.description('no.txt'), 'that it is refused')
    applet.gone('Refuse no.txt', 'push button|button')
    desktop.wait(lambda: not desktop.notifications, 'the end of the notification')
    applet.click('Rooms', 'page tab')


@case('the network is examined by the daemon, with the connection that is there')
def _():
    applet.click('Main menu')
    applet.click('Network Doctor', 'menu item')
    applet.click('Examine', within='Network Doctor')
    applet.find(re.compile(f'^Good: The coordinator {re.escape(server.url)}'), 'list item', LONG)
    applet.find('Good: 1 connection to another node is direct.', 'list item')
    applet.find('bob · direct', 'label')
    applet.find(re.compile(r'host \d+ ms, .*open \d+ ms'), 'label')
    desktop.screenshot('applet-doctor')
    applet.click('Copy the report, with addresses hidden', within='Network Doctor')
    applet.find('Copied, with addresses hidden', 'label')
    check('127.0.0.1' not in desktop.clipboard(), 'an address is copied')
    applet.click('Close', within='Network Doctor')
    applet.gone('Network Doctor', 'frame')


@case('the connection is listed, and closed')
def _():
    applet.click('Connections', 'page tab')
    contains(applet.description('bob', within='Connections'), 'met in tea', 'what is said of the connection')
    desktop.wait(lambda: re.search(r'^direct · host · \d+ ms · met in tea', applet.description('bob', within='Connections')),
                 'the way of the connection')
    desktop.screenshot('applet-connections')
    applet.activate('bob', within='Connections')
    applet.click('Disconnect')
    applet.find('No Connections', 'label')


@case('a peer that leaves is gone')
def _():
    applet.click('Rooms', 'page tab')
    applet.activate('tea')
    applet.find('bob', 'list item')
    bob.write('/leave tea')
    applet.gone('bob', 'list item')
    bob.quit()


@case('a room is left')
def _():
    applet.click('Leave')
    applet.gone('tea', 'list item', within='Rooms')
    applet.find('Choose a Room', 'label')


@case('a coordinator is started and stopped, and its address is shown')
def _():
    gsettings(desktop.env, 'set', 'org.sentient.Sentient', 'port', '0')
    applet.click('Overview', 'page tab')
    applet.toggle('Run a coordinator')
    applet.find(re.compile('^Running, '), 'label')
    applet.find(re.compile(r'^http://127\.0\.0\.1:\d+'), 'label')
    applet.click('Copy the address of this coordinator')
    applet.find('Copied', 'label')
    check(applet.is_on('Run a coordinator'), 'the switch is off')
    applet.find(re.compile(r'^http://127\.0\.0\.1:\d+ on this computer$'), 'label')
    applet.toggle('Run a coordinator')
    desktop.wait(lambda: not applet.is_on('Run a coordinator'), 'that the coordinator stopped')


@case('the node is stopped and started')
def _():
    applet.toggle('Run the node')
    applet.find('Stopped', 'label')
    desktop.wait(lambda: not applet.is_on('Run the node'), 'the switch of the node is off')
    applet.toggle('Run the node')
    applet.find(f'Connected to {server.url}', 'label')


@case('a setting is changed: it is kept, and told when it takes effect')
def _():
    applet.key('ctrl+comma')
    applet.find('auto-webrtc', 'check box')
    applet.check_names()
    desktop.screenshot('applet-settings')
    check(not applet.is_on('auto-webrtc'), 'the switch does not show what is set')
    applet.toggle('auto-webrtc')
    applet.find('In force now', 'label')
    equal(gsettings(desktop.env, 'get', 'org.sentient.Sentient', 'auto-webrtc'), 'true', 'auto-webrtc')
    applet.enter('rooms', 'lobby, tea')
    applet.click('Apply rooms')
    desktop.wait(lambda: gsettings(desktop.env, 'get', 'org.sentient.Sentient', 'rooms')
                 == "['lobby', 'tea']", 'the rooms in the settings')
    applet.enter('node-id', 'me-too')
    applet.click('Apply node-id')
    applet.find('At the next start takes effect: node-id', 'label')
    equal(gsettings(desktop.env, 'get', 'org.sentient.Sentient', 'node-id'), "'me-too'", 'node-id')
    applet.click('Close', within='Settings')
    applet.gone('auto-webrtc', 'check box')
    applet.click('Rooms', 'page tab')
    applet.find('lobby', 'list item')
    applet.find('tea', 'list item')


@case('every control that takes the keyboard has a name')
def _():
    for page in ('Overview', 'Rooms', 'Connections', 'Files'):
        applet.click(page, 'page tab')
        applet.check_names()


@case('the daemon is stopped from the menu, and the window says so')
def _():
    applet.click('Main menu')
    applet.click('Stop the Daemon', 'menu item')
    applet.find('Sentient Does Not Run', 'label')


@at_end
def _():
    """the applet ends well"""
    applet.key('ctrl+q')
    applet.stop(0)
    server.stop()
    desktop.end()


if __name__ == '__main__':
    main()
