#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs a program in the confinement that a unit asks systemd for, where no systemd runs:
confine.py UNIT WRITABLE-DIRECTORY PROGRAM ARGUMENT...

Of the unit it takes SystemCallFilter=, MemoryDenyWriteExecute=, RestrictAddressFamilies=,
NoNewPrivileges=, Environment=, ProtectSystem=, ProtectHome=, PrivateTmp= and ProcSubset=. It needs
to be root, and the program runs as nobody."""

import ctypes
import errno
import mmap
import os
import socket
import subprocess
import sys

NOBODY = 65534
CLONE_NEWNS = 0x20000
MS_BIND = 0x1000
MASKED_EQ, EQ = 7, 4
ALLOW = 0x7fff0000
DENY = 0x00050000 | errno.EPERM

libc = ctypes.CDLL(None, use_errno=True)
seccomp = ctypes.CDLL('libseccomp.so.2', use_errno=True)
seccomp.seccomp_init.restype = ctypes.c_void_p


class Compare(ctypes.Structure):
    """struct scmp_arg_cmp of seccomp.h"""
    _fields_ = [('arg', ctypes.c_uint), ('op', ctypes.c_int), ('a', ctypes.c_uint64), ('b', ctypes.c_uint64)]


class Unit(dict):
    """The [Service] of a unit: a list of values for each name."""

    def __init__(self, path):
        super().__init__()
        section = None
        with open(path, encoding='utf-8') as file:
            for line in file.read().splitlines():
                if line.startswith('['):
                    section = line
                elif '=' in line and not line.startswith('#') and section == '[Service]':
                    name, value = line.split('=', 1)
                    self.setdefault(name, []).append(value)

    def is_on(self, name):
        return self.get(name, ['no'])[-1] in ('yes', 'strict', 'pid')


def syscall_sets():
    """The sets of system calls, as systemd has them."""
    sets, now = {}, None
    text = subprocess.run(['systemd-analyze', 'syscall-filter', '--no-pager'], check=True, text=True,
                          capture_output=True).stdout
    for line in text.splitlines():
        if line.startswith('@'):
            now = sets.setdefault(line.strip(), [])
        elif line.startswith('    ') and not line.lstrip().startswith('#'):
            now.append(line.strip())
    return sets


def expand(name, sets):
    if not name.startswith('@'):
        return {name}
    return set().union(*(expand(part, sets) for part in sets[name]))


def allowed_syscalls(unit):
    sets, allowed = syscall_sets(), set()
    for value in unit['SystemCallFilter']:
        for name in value.lstrip('~').split():
            names = expand(name, sets)
            allowed = allowed - names if value.startswith('~') else allowed | names
    return allowed


def conditions(unit):
    """For some system calls what their arguments must be: any of the comparisons."""
    must = {'socket': [Compare(0, EQ, getattr(socket, name))
                       for name in unit['RestrictAddressFamilies'][-1].split()]}
    if unit.is_on('MemoryDenyWriteExecute'):
        both = mmap.PROT_WRITE | mmap.PROT_EXEC
        must['mmap'] = [Compare(2, MASKED_EQ, both, bits) for bits in (0, mmap.PROT_WRITE, mmap.PROT_EXEC)]
        must['mprotect'] = must['pkey_mprotect'] = [Compare(2, MASKED_EQ, mmap.PROT_EXEC, 0)]
    return must


def load_filter(unit):
    context = ctypes.c_void_p(seccomp.seccomp_init(ctypes.c_uint32(DENY)))
    must = conditions(unit)
    for name in allowed_syscalls(unit):
        number = seccomp.seccomp_syscall_resolve_name(name.encode())
        if number < 0:  # not on this kind of machine
            continue
        for compare in must.get(name, [None]):
            status = seccomp.seccomp_rule_add_array(context, ctypes.c_uint32(ALLOW), number,
                                                    0 if compare is None else 1,
                                                    None if compare is None else ctypes.byref(compare))
            if status != 0:
                sys.exit(f'confine.py: no rule for {name}: {os.strerror(-status)}')
    status = seccomp.seccomp_load(context)
    if status != 0:
        sys.exit(f'confine.py: the filter of system calls: {os.strerror(-status)}')


def mount(*arguments):
    subprocess.run(['mount', *arguments], check=True)


def hide(unit, program, writable):
    """A mount namespace of its own, where most is hidden or cannot be written."""
    if libc.unshare(CLONE_NEWNS) != 0:
        sys.exit(f'confine.py: unshare: {os.strerror(ctypes.get_errno())}')
    mount('--make-rprivate', '/')
    kept = {path: os.open(path, os.O_PATH) for path in (os.path.dirname(program), writable)}
    for path, name in (('/tmp', 'PrivateTmp'), ('/home', 'ProtectHome'), ('/root', 'ProtectHome')):
        if unit.is_on(name):
            mount('-t', 'tmpfs', '-o', 'mode=1777' if path == '/tmp' else 'mode=755', 'none', path)
    for path, fd in kept.items():
        os.makedirs(path, exist_ok=True)
        # The program mount would take the link for the path it shows, which is hidden by now.
        if libc.mount(f'/proc/self/fd/{fd}'.encode(), path.encode(), None, MS_BIND, None) != 0:
            sys.exit(f'confine.py: {path}: {os.strerror(ctypes.get_errno())}')
    if unit.is_on('ProtectSystem'):
        mount('-o', 'remount,bind,ro', '/')
        mount('-o', 'remount,bind,ro', os.path.dirname(program))
    if unit.is_on('ProcSubset'):
        mount('-t', 'proc', '-o', 'subset=pid', 'proc', '/proc')


def main():
    unit, writable, program = Unit(sys.argv[1]), sys.argv[2], sys.argv[3]
    hide(unit, os.path.realpath(program), writable)
    for assignment in unit.get('Environment', []):
        os.environ.update([assignment.split('=', 1)])
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)
    if unit.is_on('NoNewPrivileges'):
        libc.prctl(38, 1, 0, 0, 0)
    load_filter(unit)
    os.execv(program, sys.argv[3:])


if __name__ == '__main__':
    main()
