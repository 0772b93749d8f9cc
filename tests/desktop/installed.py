# SPDX-License-Identifier: LGPL-2.1-or-later
"""What "meson install" installs, in a directory that holds nothing else."""

import atexit
import os
import shutil
import subprocess
import tempfile

_root = None
_files = []


def root():
    """The destination directory, installed into once a test program."""
    global _root, _files
    if _root is None:
        destination = tempfile.mkdtemp(prefix='sentient-installed-')
        atexit.register(shutil.rmtree, destination, ignore_errors=True)
        subprocess.run(['meson', 'install', '-C', os.environ['SENTIENT_BUILD'], '--no-rebuild', '--quiet',
                        '--destdir', destination], check=True, stdin=subprocess.DEVNULL)
        _root = destination
        _files = sorted(os.path.join(folder, name)[len(_root):]
                        for folder, _, names in os.walk(_root) for name in names)
    return _root


def prefix():
    return root() + os.environ['SENTIENT_PREFIX']


def files(*endings):
    """The paths of what was installed, seen from the root, that end so."""
    root()
    return [path for path in _files if path.endswith(endings)]


def silent(*command, **kwargs):
    """Runs a command that must succeed without a word."""
    result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, check=False, **kwargs)
    if result.returncode != 0 or result.stdout.strip():
        raise AssertionError(f'{" ".join(command)}: status {result.returncode}\n{result.stdout}')


def output(*command, **kwargs):
    """The stdout of a command that must succeed."""
    result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                            **kwargs)
    if result.returncode != 0:
        raise AssertionError(f'{" ".join(command)}: status {result.returncode}\n{result.stdout}'
                             f'{result.stderr}')
    return result.stdout
