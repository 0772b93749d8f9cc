#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The doctor in the applet: what it finds, how that is told to eyes, ears and the clipboard, and what it
says where there is nobody to ask."""

import re

from harness import PATIENCE, Program, at_end, case, check, contains, main
from desktop import FAKE_DAEMON, Applet, Desktop

desktop = Desktop()
daemon = Program([], program=FAKE_DAEMON, env=desktop.env, stdin=True)
daemon.wait_line('^ready$')
applet = Applet(desktop)


def description(name):
    one = applet.find(name, 'list item')
    one.clear_cache()
    return one.get_description() or ''


@case('it is opened from the menu, and looks when it is told to')
def _():
    applet.window()
    applet.find('Run the node', 'label')
    applet.click('Main menu')
    applet.click('Network Doctor', 'menu item')
    applet.find('How Do Nodes Reach Each Other?', 'label')
    check(not daemon.find('^diagnose'), 'it looked without being told to')
    applet.click('Examine', within='Network Doctor')
    daemon.wait_line('^diagnose open$')


@case('each finding is a row that says how bad it is and what to do')
def _():
    for name, advice in ((r'^Good: The coordinator http://192\.0\.2\.1:8888', ''), ('^Note: This machine', 'With IPv6'),
                         ('^Warning: The connection to “bob”', 'Name a STUN server <that> answers.'),
                         ('^Error: The TURN server [0-9.:]+ does not take these credentials\\.$', 'Check user and password in --turn.')):
        contains(description(re.compile(name)), advice, name)
    applet.find('bob · relayed', 'label')
    applet.find('gathering 1 ms, relay 40 ms, open 120 ms', 'label')
    applet.find('ann · connecting…', 'label')
    applet.check_names()


@case('the report is copied without addresses, and nobody is asked again for that')
def _():
    applet.click('Copy the report, with addresses hidden', within='Network Doctor')
    daemon.wait_line('^report hidden$')
    applet.find('Copied, with addresses hidden', 'label')
    text = desktop.clipboard()
    contains(text, 'Error: The TURN server address-1:3478 does not take these credentials. (turn-credentials)', 'the text')
    contains(text, '    Check user and password in --turn.', 'the text')
    contains(text, 'bob · relayed: gathering 1 ms', 'the text')
    check('192.0.2' not in text, text)


@case('it looks again')
def _():
    applet.click('Examine again', within='Network Doctor')
    def looked_twice():
        daemon.pump()
        return daemon.lines.count('diagnose open') == 2
    desktop.wait(looked_twice, 'the second look')
    applet.find(re.compile('^Error: The TURN server'), 'list item')


@case('without a daemon it says so, and how to start one')
def _():
    daemon.kill()
    applet.click('Examine again', within='Network Doctor')
    applet.find('The Network Could Not Be Examined', 'label')
    applet.find(re.compile('^The Sentient daemon does not run'), 'label')
    applet.find('Try Again', 'push button|button', PATIENCE)
    applet.click('Close', within='Network Doctor')
    applet.gone('Network Doctor', 'frame')


@at_end
def _():
    """the applet ends well"""
    applet.key('ctrl+q')
    applet.stop(0)
    daemon.destroy()
    desktop.end()


if __name__ == '__main__':
    main()
