#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The program does all it does inside what the units of the system leave it."""

import atexit
import os
import shutil
import tempfile

import confine
import installed
from bus import OPEN_POLICY, Bus, Client
from harness import (Node, Program, Server, case, check, contains, equal, isolated_env, main, sentient_path)

CONFINE = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'confine.py')


def unit_path(name):
    return installed.prefix() + '/lib/systemd/system/' + name


def confined(unit):
    """(a program that runs its arguments in the confinement of the unit, a directory it may write to)"""
    scratch = tempfile.mkdtemp(prefix='sentient-confined-', dir='/var/tmp')
    atexit.register(shutil.rmtree, scratch, ignore_errors=True)
    os.chown(scratch, confine.NOBODY, confine.NOBODY)
    return scratch, ('/usr/bin/python3', [CONFINE, unit_path(unit), scratch])


# (what it tries, what it must meet)
TRIES = '''
import ctypes, mmap, os, socket
def attempt(name, function):
    try:
        function()
        print(name, 'done')
    except (OSError, PermissionError) as error:
        print(name, 'refused')
def writable_code():
    mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
def code():
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    at = libc.mmap(None, ctypes.c_size_t(4096), 3, 0x22, -1, ctypes.c_long(0))
    if libc.mprotect(ctypes.c_void_p(at), ctypes.c_size_t(4096), 5) != 0:
        raise OSError
attempt('writable-code', writable_code)
attempt('code-of-data', code)
attempt('data', lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE))
attempt('packet-socket', lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW))
attempt('tcp-socket', lambda: socket.socket(socket.AF_INET6, socket.SOCK_STREAM))
attempt('netlink-socket', lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW))
attempt('change-root', lambda: os.chroot('/'))
attempt('write-to-usr', lambda: open('/usr/sentient-confined', 'w'))
attempt('write-to-own', lambda: open(os.environ['SCRATCH'] + '/file', 'w'))
attempt('look-at-kernel', lambda: open('/proc/kallsyms'))
'''
DONE = {'data', 'tcp-socket', 'netlink-socket', 'write-to-own'}
REFUSED = {'writable-code', 'code-of-data', 'packet-socket', 'change-root', 'write-to-usr', 'look-at-kernel'}


@case('the confinement is one')
def _():
    scratch, (python, args) = confined('sentient-coordinator.service')
    program = Program([*args, python, '-c', TRIES], program=python, env=isolated_env(SCRATCH=scratch))
    equal(program.wait_exit(), 0, f'status{program.report()}')
    equal({line for line in program.lines if line}, {f'{name} done' for name in DONE} |
          {f'{name} refused' for name in REFUSED}, 'what was done')


class Confined:
    """A program in the confinement of a unit: program and env for Program."""

    def __init__(self, unit, path):
        self.scratch, (python, args) = confined(unit)
        self.program = os.path.join(self.scratch, 'start')
        with open(self.program, 'w', encoding='utf-8') as file:
            file.write(f'#!/bin/sh\nexec {python} {" ".join(args)} {path} "$@"\n')
        os.chmod(self.program, 0o755)

    def env(self, **more):
        return isolated_env(HOME=self.scratch, XDG_CACHE_HOME=self.scratch, XDG_RUNTIME_DIR=self.scratch, **more)


def check_confined(program):
    with open(f'/proc/{program.pid}/maps', encoding='utf-8') as maps:
        check('orcexec' not in maps.read(), f'{program} made machine code')
    with open(f'/proc/{program.pid}/status', encoding='utf-8') as status:
        contains(status.read(), 'Seccomp:\t2', 'how it is confined')


@case('a coordinator and two nodes inside it talk over a data channel')
def _():
    inside = Confined('sentient-coordinator.service', sentient_path())
    server = Server('--data', inside.scratch, program=inside.program, env=inside.env())
    check(os.path.exists(os.path.join(inside.scratch, 'node-id')), 'its state was not written')
    nodes = [Node(name, server.url, program=inside.program, env=inside.env()) for name in ('inner-a', 'inner-b')]
    nodes[0].write('hello from within')
    nodes[1].wait_line(r'^\[inner-a\] hello from within$', seconds=40)
    for program in (server, *nodes):
        check_confined(program)
    for node in nodes:
        node.quit()
    server.stop()


@case('the daemon inside it is on the system bus, and a node outside talks to its node')
def _():
    inside = Confined('sentientd.service', os.environ['SENTIENTD'])
    # Where a program with a /tmp of its own finds it, and another user may call it.
    bus = Bus(policy=OPEN_POLICY + '<policy context="default"><allow user="*"/></policy>', kind='system',
              folder=inside.scratch)
    client = Client(bus)
    server = Server()
    daemon = Program(['--system', '--coordinator', 'false', '--node-id', 'daemon', '--seeds', server.url,
                      '--rooms', 'global', '--stun', 'none', '--data', inside.scratch], program=inside.program,
                     env=inside.env(DBUS_SYSTEM_BUS_ADDRESS=bus.address))
    client.await_owned()
    node = Node('outer', server.url)
    node.write('hello from outside')
    client.await_message('hello from outside')
    equal((client.manager('NodeId'), client.manager('NodeState')), ('daemon', 'connected'), 'its node')
    check_confined(daemon)
    client.call('Quit')
    equal(daemon.wait_exit(), 0, f'status{daemon.report()}')
    daemon.check_stderr()
    node.quit()
    server.stop()
    bus.stop()


if __name__ == '__main__':
    main()
