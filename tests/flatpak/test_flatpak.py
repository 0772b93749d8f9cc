#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The flatpak, built, installed and run, and a data channel out of its sandbox."""

import configparser
import os
import re
import signal

import sandbox
from bus import NAME, Bus, Client
from harness import Node, Server, case, check, contains, equal, main
from rawhttp import get_json

# What it may do, and nothing else: see flatpak/README.md.
PERMISSIONS = {
    'Context': {
        'shared': {'network', 'ipc'},
        'sockets': {'wayland', 'fallback-x11', 'x11'},
        'devices': {'dri'},
    },
    'Session Bus Policy': {'org.kde.StatusNotifierWatcher': {'talk'}},
}

sandbox.enter_namespace()
box = sandbox.Sandbox()


@case('it builds, and installs', seconds=400)
def _():
    box.make_runtime()
    box.build()


@case('it may do what is told, and nothing else')
def _():
    parser = configparser.RawConfigParser(delimiters='=')
    parser.optionxform = str
    parser.read_string(box.flatpak('info', '--show-permissions', sandbox.APP_ID))
    found = {section: {name: set(filter(None, value.split(';'))) for name, value in parser[section].items()}
             for section in parser.sections()}
    equal(found, PERMISSIONS, 'permissions')


@case('the desktop sees what it exports')
def _():
    exported = {os.path.relpath(os.path.join(folder, name), box.exports)
                for folder, _, names in os.walk(box.exports) for name in names}
    icons = {name for name in exported if name.endswith('.svg')}
    equal(len(icons), 8, f'icons: {icons}')
    # Once there is an applet, it is what a click on the icon runs.
    has_applet = 'sentient-applet' in os.environ['SENTIENT_PROGRAMS'].split()
    equal(box.manifest['command'], 'sentient-applet' if has_applet else 'sentient', 'command of the manifest')
    if has_applet:
        contains(exported, f'applications/{sandbox.APP_ID}.desktop', 'what is exported')
        # Under the name that this version of flatpak-builder has for it.
        check(exported & {f'metainfo/{sandbox.APP_ID}.{kind}.xml' for kind in ('metainfo', 'appdata')},
              f'no metainfo in {exported}')
    service = configparser.RawConfigParser(delimiters='=')
    service.optionxform = str
    service.read(os.path.join(box.exports, f'dbus-1/services/{NAME}.service'))
    service = service['D-BUS Service']
    contains(service['Exec'], 'flatpak run', 'how the bus starts it')
    contains(service['Exec'], 'sentientd', 'how the bus starts it')
    # The unit is not exported.
    check('SystemdService' not in service, f'the bus would look for {dict(service)}')


@case('doctor finds every piece of WebRTC in the sandbox')
def _():
    doctor = box.start('sentient', 'doctor')
    equal(doctor.wait_exit(), 0, f'status{doctor.report()}')
    check(doctor.count('there .*WebRTC|there .*SCTP') >= 3, f'what doctor looks for{doctor.report()}')
    equal(doctor.count('MISSING *[a-z]*(bin|src|sink|enc|dec|typelib|schema) '), 0, f'what is missing{doctor.report()}')
    doctor.check_stderr()


@case('a coordinator in the sandbox serves programs outside, and a node in it talks to one outside',
      seconds=120)
def _():
    server = box.start('sentient', '--server', '--host', '127.0.0.1', '--port', '0', '--stun', 'none',
                       '--no-color', '--limit', 'drain-time=0')
    port = int(server.wait_line(r'Listening on http://127\.0\.0\.1:(\d+)').group(1))
    url = f'http://127.0.0.1:{port}'
    inner = box.start('sentient', '--node-id', 'inner', '--seed', url, '--stun', 'none', '--no-color',
                      stdin=True)
    outer = Node('outer', url)
    inner.write('hello from the sandbox')
    outer.wait_line(r'^\[inner\] hello from the sandbox$', seconds=60)
    outer.write('hello from outside')
    inner.wait_line(r'^\[outer\] hello from outside$', seconds=60)
    peers = get_json(port, '/webrtc/peers?room=global')['peers']
    check({peer['nodeId'] for peer in peers} >= {'inner', 'outer'}, f'peers: {peers}')
    inner.write('/quit')
    equal(inner.wait_exit(), 0, f'status{inner.report()}')
    outer.quit()
    for child in children(server.pid):
        os.kill(child, signal.SIGTERM)
    server.wait_exit()
    check(server.find('Stopping'), f'it did not stop in good order{server.report()}')


@case('the bus outside starts the daemon in the sandbox, which talks over a data channel to a node outside',
      seconds=120)
def _():
    server = Server()
    # As its user would, who has settings for it: in the sandbox's own directory.
    settings = os.path.join(box.env()['HOME'], '.var/app', sandbox.APP_ID, 'config/sentient/sentient.conf')
    os.makedirs(os.path.dirname(settings), exist_ok=True)
    with open(settings, 'w', encoding='utf-8') as file:
        file.write('[coordinator]\ncoordinator=false\n\n[node]\nnode-id=daemon\n'
                   f'seeds={server.url}\nrooms=global\nstun=none\n')
    services = os.path.join(box.exports, 'dbus-1/services')
    bus = Bus(more=f'<servicedir>{services}</servicedir>', env=box.env(SENTIENT_CONFIG=''))
    client = Client(bus)
    equal(client.manager('NodeId'), 'daemon', 'a property of the daemon that the bus started')
    client.await_owned()
    node = Node('outer', server.url)
    node.write('hello from outside')
    client.await_message('hello from outside')
    client.call('Send', '(sayb)', 'outer', b'hello from the daemon', True)
    node.wait_line(r'^\[daemon\] hello from the daemon$')
    client.call('Quit')
    client.await_owned(False)
    node.quit()
    server.stop()
    bus.stop()


def children(pid):
    """The programs of the sandbox that flatpak runs as pid: what its pids end in."""
    found = []
    for entry in os.listdir('/proc'):
        if entry.isdigit():
            try:
                with open(f'/proc/{entry}/status', encoding='utf-8') as file:
                    parent = int(re.search(r'^PPid:\t(\d+)', file.read(), re.M).group(1))
            except OSError:
                continue
            if parent == pid:
                found += children(int(entry)) or [int(entry)]
    return found


if __name__ == '__main__':
    main()
