#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The units as systemd reads them, and the program as its manager sees it."""

import configparser
import json
import os
import re
import select
import shutil
import socket
import tempfile

import installed
from harness import PATIENCE, Server, case, check, contains, equal, fail, isolated_env, main, tmpdir

EXPOSURE_MAX = 2.5


def units(manager):
    return [path for path in installed.files('.service', '.socket') if f'/systemd/{manager}/' in path]


def host_root():
    """A root with what is installed here, and the units of this machine's systemd that ours refer to."""
    root = installed.root()
    os.makedirs(os.path.join(root, 'bin'), exist_ok=True)
    shutil.copy('/bin/kill', os.path.join(root, 'bin'))
    for manager in ('system', 'user'):
        ours = os.path.join(root, 'usr/lib/systemd', manager)
        theirs = os.path.join('/usr/lib/systemd', manager)
        os.makedirs(ours, exist_ok=True)
        for name in os.listdir(theirs):
            if not os.path.lexists(os.path.join(ours, name)) and name.endswith(('.target', '.slice', '.socket',
                                                                                'umount.target')):
                shutil.copy(os.path.join(theirs, name), ours, follow_symlinks=True)
    return root


def read_unit(path):
    parser = configparser.RawConfigParser(strict=False, delimiters='=', comment_prefixes='#')
    parser.optionxform = str
    with open(installed.root() + path, encoding='utf-8') as file:
        parser.read_file(file)
    return parser


def verify(manager, path):
    place = [f'--root={host_root()}', path]
    if manager == 'user':
        # It takes no --root; so the copy names our files by where they are.
        with open(installed.root() + path, encoding='utf-8') as file:
            text = file.read()
        place = [os.path.join(tempfile.mkdtemp(dir=tmpdir()), os.path.basename(path))]
        with open(place[0], 'w', encoding='utf-8') as file:
            file.write(text.replace('=' + os.environ['SENTIENT_PREFIX'], '=' + installed.prefix()))
    installed.silent('systemd-analyze', f'--{manager}', 'verify', '--man=no', '--generators=no',
                     '--recursive-errors=one', *place, env=isolated_env())


@case('systemd finds nothing to say about any unit')
def _():
    check(units('system'), 'no unit of the system is installed')
    for manager in ('system', 'user'):
        for path in units(manager):
            verify(manager, path)


@case('a fault in a unit is found')
def _():
    good = next(path for path in units('system') if path.endswith('.service'))
    bad = os.path.join(os.path.dirname(good), 'sentient-bad.service')
    with open(installed.root() + good, encoding='utf-8') as file:
        text = re.sub('^Also=.*', '', file.read(), flags=re.M)
    for old, new, wanted in (('', '', None), ('Restart=', 'Restarts=', 'Unknown key'),
                             ('ExecStart=/', 'ExecStart=/none/', 'not executable')):
        with open(installed.root() + bad, 'w', encoding='utf-8') as file:
            file.write(text.replace(old, new))
        try:
            verify('system', bad)
            equal(wanted, None, f'{new}: what was found')
        except AssertionError as error:
            check(wanted is not None and wanted in str(error), f'{new}: {error}')
        os.unlink(installed.root() + bad)


@case(f'services of the system are exposed by at most {EXPOSURE_MAX}')
def _():
    for path in units('system'):
        if not path.endswith('.service'):
            continue
        said = installed.output('systemd-analyze', 'security', '--no-pager', '--offline=true',
                                f'--threshold={int(EXPOSURE_MAX * 10)}', f'--root={host_root()}', path)
        exposure = float(re.search(r'Overall exposure level for \S+: ([0-9.]+)', said).group(1))
        print(f'# {os.path.basename(path)}: {exposure}')
        check(exposure <= EXPOSURE_MAX, f'{path}: {exposure}\n{said}')


@case('a service tells when it is ready, is watched, comes back after a crash, and has time to drain')
def _():
    for path in units('system') + units('user'):
        if path.endswith('.service'):
            service = dict(read_unit(path)['Service'])
            equal(service['Type'], 'notify', f'{path}: Type')
            equal(service['Restart'], 'on-failure', f'{path}: Restart')
            contains(service, 'WatchdogSec', path)
            # drain-time, 2 s, and CLI_STOP_MS, 10 s
            check(int(service['TimeoutStopSec'].rstrip('s')) > 12, f'{path}: TimeoutStopSec')


@case('the user and the directories of the daemon are made as told')
def _():
    for users in installed.files('sysusers.d/sentient.conf'):
        directories, = installed.files('tmpfiles.d/sentient.conf')
        root = tempfile.mkdtemp(dir=tmpdir())
        os.makedirs(os.path.join(root, 'etc/sentient'))
        installed.output('systemd-sysusers', f'--root={root}', installed.root() + users)
        with open(os.path.join(root, 'etc/passwd'), encoding='utf-8') as file:
            entry = file.read().strip().split(':')
        equal((entry[0], entry[5], entry[6]), ('sentient', '/var/lib/sentient', '/usr/sbin/nologin'), 'the user')
        check(0 < int(entry[2]) < 1000, f'no user of the system: {entry}')
        settings = os.path.join(root, 'etc/sentient/sentient.conf')
        with open(settings, 'w', encoding='utf-8'):
            pass
        installed.silent('systemd-tmpfiles', '--create', f'--root={root}', installed.root() + directories)
        for path, mode in ((os.path.dirname(settings), 0o750), (settings, 0o640)):
            found = os.stat(path)
            equal((found.st_mode & 0o777, found.st_uid, found.st_gid), (mode, 0, int(entry[3])), path)


class Manager:
    """The end of sd_notify(3) that systemd holds."""

    def __init__(self):
        self.path = os.path.join(tempfile.mkdtemp(dir=tmpdir()), 'notify')
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)

    def next(self):
        if not select.select([self.socket], [], [], PATIENCE)[0]:
            fail(f'nothing was told within {PATIENCE:g} s')
        text = self.socket.recv(4096).decode()
        return dict(line.split('=', 1) for line in text.splitlines())

    def env(self, **more):
        return isolated_env(NOTIFY_SOCKET=self.path, **more)


@case('systemd hears READY, a sign of life again and again, and how long the stop may take')
def _():
    manager = Manager()
    # Nobody kills it here: WATCHDOG_USEC only says how often it must tell.
    server = Server('--limit', 'drain-time=3000', env=manager.env(WATCHDOG_USEC='200000'))
    ready = manager.next()
    equal(ready['READY'], '1', 'READY')
    contains(ready['STATUS'], f':{server.port}', 'STATUS')
    for _ in range(3):
        equal(manager.next(), {'WATCHDOG': '1'}, 'a sign of life')
    server.popen.terminate()
    told = manager.next()
    while 'WATCHDOG' in told:
        told = manager.next()
    equal(told, {'STOPPING': '1', 'EXTEND_TIMEOUT_USEC': '13000000'}, 'at the stop')
    server.stop(signum=0)


@case('who is not watched does not tell that it lives; who cannot start is never ready')
def _():
    manager = Manager()
    server = Server(env=manager.env())
    equal(manager.next()['READY'], '1', 'READY')
    try:
        second = Server(port=server.port, env=manager.env())
        fail(f'two servers at one port{second.report()}')
    except AssertionError as error:
        contains(str(error), 'in use', 'what the second one says')
    server.stop()
    contains(manager.next(), 'STOPPING', 'nothing but the end came')


if __name__ == '__main__':
    main()
