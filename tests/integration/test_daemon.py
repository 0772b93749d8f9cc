#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""sentientd as a program: how it is started, what it says when it cannot, and how it ends."""

import json
import os
import signal
import socket
import time

from bus import NAME, PATH, PREFIX, OPEN_POLICY, Bus, Client, Daemon, Notifications, scratch
from harness import case, check, contains, equal, isolated_env, main
from rawhttp import get
from v1_client import V1Socket

ERROR = PREFIX + 'Error.'


def url_port(client):
    return int(client.manager('CoordinatorUrl').rsplit(':', 1)[1])


@case('the bus starts it when it is needed, as the installed file says')
def activation():
    with open(os.environ['SENTIENTD_SERVICE'], encoding='utf-8') as file:
        lines = file.read().split('\n')
    equal(lines[0], '[D-BUS Service]', 'the first line')
    contains(lines, f'Name={NAME}', 'the file')
    contains(lines, 'SystemdService=sentientd.service', 'the file')
    place = scratch('.services')
    os.mkdir(place)
    with open(os.path.join(place, NAME + '.service'), 'w', encoding='utf-8') as file:
        # The program is not installed, and this bus has no systemd.
        file.write('\n'.join(f'Exec={os.environ["SENTIENTD"]} --port 0 --stun none'
                             if line.startswith('Exec=') else line for line in lines
                             if not line.startswith('SystemdService=')))
    bus = Bus(f'<servicedir>{place}</servicedir>' + OPEN_POLICY)
    client = Client(bus)
    check(not client.owned(), 'it runs before it is needed')
    started = time.monotonic()
    objects = client.objects()
    print(f'# activated in {(time.monotonic() - started) * 1000:.0f} ms')
    contains(objects, PATH + '/Manager', 'the objects')
    equal(objects[PATH + '/Manager'][PREFIX + 'Manager']['Mode'], 'both', 'the mode')
    client.call('Quit')
    client.await_owned(False)
    bus.stop()


@case('Quit and SIGTERM end it well, and it has its name again the next time')
def ends():
    bus = Bus()
    client = Client(bus)
    first = Daemon(bus)
    client.await_owned()
    name = client.manager('NodeId')
    contains(name, 'node-', 'a new name')
    client.call('Quit')
    first.stop(0)
    client.await_owned(False)
    second = Daemon(bus)
    client.await_owned()
    equal(client.manager('NodeId'), name, 'the name')
    second.stop(signal.SIGTERM)
    client.await_owned(False)
    third = Daemon(bus, '--node-id', 'someone')
    client.await_owned()
    equal(client.manager('NodeId'), 'someone', 'the name that was given')
    third.stop(signal.SIGINT)
    bus.stop()


@case('sessions outlive a restart')
def handover():
    data = scratch('.data')
    bus = Bus()
    client = Client(bus)
    args = ('--data', data, '--node', 'false', '--limit', 'grace-time=600000')
    first = Daemon(bus, *args)
    client.await_owned()
    client.await_value(lambda: client.manager('CoordinatorRunning'), True, 'that it runs')
    port = url_port(client)
    session = V1Socket(port, 'a')
    session.join('attic')
    first.stop(signal.SIGTERM)
    path = os.path.join(data, 'handover')
    equal(os.stat(path).st_mode & 0o777, 0o600, 'the mode of the hand-over file')
    second = Daemon(bus, *args, '--port', str(port))
    client.await_owned()
    client.await_value(lambda: client.manager('CoordinatorRunning'), True, 'that it runs')
    check(not os.path.exists(path), 'the hand-over file is still there')
    check(V1Socket(port, 'a', resume=session).connected['resumed'], 'the session is another')
    equal(client.manager('PeerCount'), 1, 'the count of nodes')
    second.stop(signal.SIGTERM)
    bus.stop()


@case('a second one says who has the name')
def owned():
    bus = Bus()
    client = Client(bus)
    first = Daemon(bus)
    client.await_owned()
    second = Daemon(bus)
    equal(second.wait_exit(), 1, 'the exit status')
    contains(second.stderr(), f'process {first.pid} (sentientd) has it', 'the sentence')
    contains(second.stderr(), 'session bus', 'the sentence')
    second.destroy()
    equal(client.manager('LastError'), '', 'the first has no error')
    first.stop(signal.SIGTERM)
    bus.stop()


@case('without a bus it says so')
def no_bus():
    for option, word in (('--session', 'session bus'), ('--system', 'system bus')):
        env = isolated_env(DBUS_SESSION_BUS_ADDRESS='unix:path=/nonexistent/bus',
                           DBUS_SYSTEM_BUS_ADDRESS='unix:path=/nonexistent/bus')
        daemon = Daemon(None, option, env=env)
        equal(daemon.wait_exit(), 1, 'the exit status')
        contains(daemon.stderr(), f'sentientd: the {word} cannot be reached', 'the sentence')
        daemon.destroy()


@case('when the bus goes, it ends and says so')
def bus_gone():
    bus = Bus()
    client = Client(bus)
    client.connection.set_exit_on_close(False)
    daemon = Daemon(bus)
    client.await_owned()
    bus.kill()
    equal(daemon.wait_exit(), 1, 'the exit status')
    contains(daemon.stderr(), 'the session bus is gone', 'the sentence')
    daemon.check_stderr()
    daemon.destroy()


@case('a port that is taken: at a desktop it goes on and tells, as a service of the system it ends')
def port_taken():
    with socket.create_server(('127.0.0.1', 0)) as other:
        port = str(other.getsockname()[1])
        bus = Bus()
        client = Client(bus)
        daemon = Daemon(bus, '--port', port, '--node', 'false')
        client.await_owned()
        client.await_value(lambda: port in client.manager('LastError'), True, 'the port in LastError')
        check(not client.manager('CoordinatorRunning'), 'the coordinator runs')
        name, text = client.refused('StartCoordinator')
        equal(name, ERROR + 'Busy', 'the error')
        contains(text, port, 'the sentence')
        contains(daemon.stderr(), port, 'the sentence')
        daemon.stop(signal.SIGTERM)
        bus.stop()

        bus = Bus(kind='system')
        daemon = Daemon(bus, '--port', port)
        equal(daemon.wait_exit(), 1, 'the exit status')
        contains(daemon.stderr(), port, 'the sentence')
        daemon.destroy()
        bus.stop()


@case('where nothing can be written it works, and says what is lost')
def read_only():
    bus = Bus()
    client = Client(bus)
    # Not even root makes a directory below a file.
    daemon = Daemon(bus, env=bus.env(XDG_STATE_HOME='/proc/version'))
    client.await_owned()
    client.await_value(lambda: 'cannot be kept' in client.manager('LastError'), True, 'LastError')
    contains(daemon.stderr(), '/proc/version/sentient', 'the sentence')
    client.await_value(lambda: client.manager('NodeState'), 'connected', 'the state')
    daemon.stop(signal.SIGTERM)
    bus.stop()


@case('what is wrong with the command line or the file is said, with status 2')
def usage():
    bus = Bus()
    config = scratch('.conf')
    with open(config, 'w', encoding='utf-8') as file:
        file.write('[coordinator]\nport = 8888\n[limits]\nmax-peers = many\n')
    for args, says in ((['--port', '70000'], '--port'), (['--sistem'], '--sistem'),
                       (['--session', '--system'], 'one of them'), (['extra'], 'extra'),
                       (['--limit', 'nothing=3'], 'nothing'), (['--limit', 'max-peers=0'], 'max-peers'),
                       (['--seeds', 'gopher://x'], '--seeds'), (['--node', 'maybe'], '--node'),
                       (['--config', config], config + ':4:')):
        daemon = Daemon(bus, *args)
        equal(daemon.wait_exit(), 2, f'the exit status with {args}')
        contains(daemon.stderr(), says, f'the sentence with {args}')
        daemon.destroy()
    daemon = Daemon(bus, '--config', '/nonexistent/file')
    equal(daemon.wait_exit(), 1, 'the exit status')
    contains(daemon.stderr(), '/nonexistent/file', 'the sentence')
    daemon.destroy()
    daemon = Daemon(bus, '--version')
    equal(daemon.wait_exit(), 0, 'the exit status')
    check(daemon.find(r'^sentientd \d+\.\d+'), 'the version')
    daemon.destroy()
    bus.stop()


@case('systemd hears that it is ready, alive, reloading and stopping')
def notifies():
    bus = Bus()
    client = Client(bus)
    config = scratch('.conf')
    notes = Notifications()

    def write(rest):
        with open(config, 'w', encoding='utf-8') as file:
            file.write(f'[coordinator]\nport = 0\n{rest}\n')

    write('')
    daemon = Daemon(bus, '--config', config, '--node-id', 'me',
                    env=bus.env(NOTIFY_SOCKET=notes.path, WATCHDOG_USEC='200000'))
    notes.wait('READY=1')
    check(client.owned(), 'ready before it has its name')
    check(client.manager('CoordinatorRunning'), 'ready before it listens')
    notes.wait('WATCHDOG=1')
    notes.wait('WATCHDOG=1')

    write('network-id = other\n[node]\nrooms = attic\n[limits]\nhead-timeout = 4000')
    daemon.popen.send_signal(signal.SIGHUP)
    contains(notes.wait('RELOADING=1'), 'MONOTONIC_USEC=', 'what systemd hears')
    notes.wait('READY=1')
    nodes = json.loads(get(url_port(client), '/nodes').body)
    contains(json.dumps(nodes), 'other', '/nodes')

    write('[limits]\nmax-peers = many')
    daemon.popen.send_signal(signal.SIGHUP)
    notes.wait('RELOADING=1')
    notes.wait('READY=1')
    contains(daemon.stderr(), 'the settings stay as they are', 'the sentence')
    contains(daemon.stderr(), config + ':4:', 'the sentence')

    daemon.popen.send_signal(signal.SIGTERM)
    contains(notes.wait('STOPPING=1'), 'EXTEND_TIMEOUT_USEC=', 'what systemd hears')
    daemon.stop(0)
    bus.stop()


@case('it listens on the socket that systemd passes on')
def sockets():
    bus = Bus()
    client = Client(bus)
    with socket.create_server(('127.0.0.1', 0)) as listener:
        os.set_inheritable(listener.fileno(), True)
        port = listener.getsockname()[1]
        start = f'exec 3<&{listener.fileno()}; LISTEN_PID=$$ LISTEN_FDS=1'
        daemon = Daemon(bus, start=start, pass_fds=[listener.fileno()])
        client.await_owned()
        client.await_value(lambda: client.manager('CoordinatorUrl'), f'http://127.0.0.1:{port}', 'the URL')
        equal(get(port, '/healthz').status, 200, '/healthz')
        daemon.stop(signal.SIGTERM)
    with socket.socket(socket.AF_UNIX) as wrong:
        os.set_inheritable(wrong.fileno(), True)
        start = f'exec 3<&{wrong.fileno()}; LISTEN_PID=$$ LISTEN_FDS=1'
        daemon = Daemon(bus, start=start, pass_fds=[wrong.fileno()])
        equal(daemon.wait_exit(), 1, 'the exit status')
        contains(daemon.stderr(), 'socket', 'the sentence')
        daemon.destroy()
    bus.stop()


main()
