#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""sentientd --system and the policy of the system bus: who may own, who may call, who hears.

There is one user here. So the file's users and group are renamed such that this user is root, a
member of the group, or nobody to it, and owner or not."""

import grp
import os
import pwd
import signal

from gi.repository import Gio

from bus import MANAGER, NAME, PATH, PREFIX, Bus, Client, Daemon, Notifications, scratch
from harness import case, check, contains, equal, main

ME = pwd.getpwuid(os.getuid()).pw_name
MY_GROUP = grp.getgrgid(os.getgid()).gr_name
DENIED = 'org.freedesktop.DBus.Error.AccessDenied'
# As /usr/share/dbus-1/system.conf has it.
SYSTEM = '''<policy context="default">
  <allow user="*"/>
  <deny own="*"/>
  <deny send_type="method_call"/>
  <allow send_type="signal"/>
  <allow send_requested_reply="true" send_type="method_return"/>
  <allow send_requested_reply="true" send_type="error"/>
  <allow receive_type="method_call"/>
  <allow receive_type="method_return"/>
  <allow receive_type="error"/>
  <allow receive_type="signal"/>
  <allow send_destination="org.freedesktop.DBus"/>
</policy>'''
SOMEBODY = next(entry for entry in pwd.getpwall() if entry.pw_uid != os.getuid()).pw_name
SOME_GROUP = next(group for group in grp.getgrall()
                  if group.gr_gid not in os.getgrouplist(ME, os.getgid())).gr_name


def system_bus(role, owner=True):
    """A system bus on which we are "root", "member" or "nobody"."""
    with open(os.environ['SENTIENTD_POLICY'], encoding='utf-8') as file:
        text = file.read()
    policy = scratch('.policy.conf')
    for quoted, name in (('user="root"', f'user="{ME if role == "root" else SOMEBODY}"'),
                         ('group="sentient"', f'group="{MY_GROUP if role == "member" else SOME_GROUP}"'),
                         ('user="sentient"', f'user="{ME if owner else SOMEBODY}"')):
        check(quoted in text, f'the policy says nothing of {quoted}')
        text = text.replace(quoted, name.replace('="', '=@'))
    with open(policy, 'w', encoding='utf-8') as file:
        file.write(text.replace('=@', '="'))
    return Bus(f'{SYSTEM}<include>{policy}</include>', kind='system')


def ask(client, method, signature='()', *arguments, **more):
    """'ok', or the name of the error."""
    try:
        client.call(method, signature, *arguments, **more)
    except Exception as error:
        return Gio.DBusError.get_remote_error(error)
    return 'ok'


def listen(client):
    """The names of the signals of the daemon that this client hears."""
    heard = []
    client.connection.signal_subscribe(
        NAME, None, None, None, None, Gio.DBusSignalFlags.NONE,
        lambda _bus, _sender, _path, _interface, name, _arguments: heard.append(name))
    return heard


def start(bus):
    """A daemon that said it is ready."""
    notes = Notifications()
    daemon = Daemon(bus, '--node-id', 'sys', '--data', scratch('.data'),
                    env=bus.env(NOTIFY_SOCKET=notes.path))
    notes.wait('READY=1')
    return daemon


def hear_all(client, daemon):
    """Ends the daemon: whatever it said was heard before that is known."""
    daemon.stop(signal.SIGTERM)
    client.await_owned(False)
    client.drain()


ADMIN = ('StopNode', 'StartNode', 'StopCoordinator', 'StartCoordinator', 'Reload')


@case('root sees it and controls it')
def root():
    bus = system_bus('root')
    client = Client(bus)
    heard = listen(client)
    daemon = start(bus)
    contains(client.objects(), MANAGER, 'the objects')
    for method in ADMIN:
        equal(ask(client, method), 'ok', method)
    equal(ask(client, 'Quit'), 'ok', 'Quit')
    daemon.stop(0)
    client.await_owned(False)
    client.drain()
    contains(heard, 'InterfacesAdded', 'what it hears')
    contains(heard, 'PropertiesChanged', 'what it hears')
    bus.stop()


@case('a member of the group sees it and uses it, but does not control it')
def member():
    bus = system_bus('member')
    client = Client(bus)
    heard = listen(client)
    daemon = start(bus)
    contains(client.objects(), MANAGER, 'the objects')
    client.await_value(lambda: client.manager('NodeState'), 'connected', 'the state')
    path = client.call('Join', '(ss)', 'attic', '')[0]
    equal(client.call('Broadcast', '(ayb)', b'x', False, path=path, interface=PREFIX + 'Room'), (0,),
          'to how many nodes it went')
    equal(ask(client, 'Leave', path=path, interface=PREFIX + 'Room'), 'ok', 'Leave')
    equal(ask(client, 'GetSettings'), 'ok', 'GetSettings')
    for method in ADMIN + ('Quit',):
        equal(ask(client, method), DENIED, method)
    equal(ask(client, 'ConnectSeed', '(s)', 'http://127.0.0.1:1'), DENIED, 'ConnectSeed')
    hear_all(client, daemon)
    contains(heard, 'InterfacesAdded', 'what it hears')
    bus.stop()


@case('nobody else calls or hears it')
def nobody():
    bus = system_bus('nobody')
    client = Client(bus)
    heard = listen(client)
    daemon = start(bus)
    check(client.owned(), 'the name has an owner')
    for method, more in (('GetManagedObjects', {'path': PATH,
                                                'interface': 'org.freedesktop.DBus.ObjectManager'}),
                         ('Introspect', {'interface': 'org.freedesktop.DBus.Introspectable'}),
                         ('GetStatistics', {}), ('Quit', {})):
        equal(ask(client, method, **more), DENIED, method)
    equal(ask(client, 'Get', '(ss)', PREFIX + 'Manager', 'NodeId',
              interface='org.freedesktop.DBus.Properties'), DENIED, 'Get')
    hear_all(client, daemon)
    equal(heard, [], 'what it hears')
    bus.stop()


@case('who may not own the name is told so')
def not_owner():
    bus = system_bus('nobody', owner=False)
    daemon = Daemon(bus)
    equal(daemon.wait_exit(), 1, 'the exit status')
    contains(daemon.stderr(), 'does not let this user own it', 'the sentence')
    contains(daemon.stderr(), 'system bus', 'the sentence')
    daemon.destroy()
    bus.stop()


main()
