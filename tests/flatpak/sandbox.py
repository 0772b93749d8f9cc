# SPDX-License-Identifier: LGPL-2.1-or-later
"""Builds, installs and runs our flatpak without the network.

The runtime that the manifest names cannot be fetched, so another one stands in under its name: this
machine's own /usr, laid over a runtime of one file, in a mount namespace that ends with the test. What
is really in the runtime, test_runtime.py holds. All of it needs root."""

import atexit
import json
import os
import shutil
import subprocess
import sys
import tempfile

from harness import Program, fail, isolated_env

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MANIFEST = os.path.join(SOURCE, 'flatpak/org.sentient.Sentient.json')
APP_ID = 'org.sentient.Sentient'
STAND_IN = '''[Runtime]
name={name}
runtime={platform}/{arch}/{branch}
sdk={sdk}/{arch}/{branch}

[Environment]
GI_TYPELIB_PATH=/app/lib/girepository-1.0
GST_PLUGIN_SYSTEM_PATH=/app/lib/gstreamer-1.0:/usr/lib/{triplet}/gstreamer-1.0
XDG_DATA_DIRS=/app/share:/usr/share:/usr/share/runtime/share:/run/host/user-share:/run/host/share
'''


def enter_namespace():
    """Starts this program again where its mounts are nobody else's."""
    if os.getuid() != 0:
        print('Bail out! only root may lay a runtime over the stand-in; run it with sudo')
        sys.exit(99)
    if os.environ.get('SENTIENT_MOUNTS') != 'own':
        os.environ['SENTIENT_MOUNTS'] = 'own'
        os.execvp('unshare', ['unshare', '--mount', '--propagation', 'private', sys.executable, *sys.argv])


def run(*command, **kwargs):
    """The stdout of a command that must succeed."""
    result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True, check=False, **kwargs)
    if result.returncode != 0:
        fail(f'{" ".join(command)}: status {result.returncode}\n{(result.stdout + result.stderr)[-6000:]}')
    return result.stdout


class Sandbox:
    """One installation of flatpak, with our program in it."""

    def __init__(self):
        self.work = tempfile.mkdtemp(prefix='sentient-flatpak-', dir='/var/tmp')
        atexit.register(shutil.rmtree, self.work, ignore_errors=True)
        self.mounts = []
        atexit.register(self._unmount)
        self.installation = os.path.join(self.work, 'installation')
        os.mkdir(self.installation)
        with open(MANIFEST, encoding='utf-8') as file:
            self.manifest = json.load(file)
        self.branch = self.manifest['runtime-version']
        self.arch = run('flatpak', '--default-arch').strip()
        self.exports = os.path.join(self.installation, 'exports/share')

    def env(self, **more):
        # With the scratch directories of the test, not with the user's. A warning of flatpak is not ours.
        env = isolated_env(FLATPAK_USER_DIR=self.installation, **more)
        env.pop('G_DEBUG', None)
        return env

    def flatpak(self, *arguments):
        return run('flatpak', '--user', *arguments, env=self.env())

    def _unmount(self):
        for path in self.mounts:
            subprocess.run(['umount', '--lazy', path], check=False)

    def _add_remote(self, name, repository):
        self.flatpak('remote-add', '--no-gpg-verify', name, repository)

    def _install_stub(self, name, repository):
        stub = os.path.join(self.work, 'stub-' + name)
        os.makedirs(os.path.join(stub, 'files'))
        os.makedirs(os.path.join(stub, 'usr'))
        with open(os.path.join(stub, 'files/.stub'), 'w', encoding='utf-8'):
            pass
        with open(os.path.join(stub, 'metadata'), 'w', encoding='utf-8') as file:
            file.write(STAND_IN.format(name=name, platform=self.manifest['runtime'], sdk=self.manifest['sdk'],
                                       arch=self.arch, branch=self.branch,
                                       triplet=run('gcc', '-print-multiarch').strip()))
        run('flatpak', 'build-export', '--runtime', '--files=files', '--disable-sandbox',
            f'--arch={self.arch}', repository, stub, self.branch, env=self.env())

    def _lay_usr(self, name):
        """This machine's /usr, with the few things that a runtime has at other places."""
        delta = os.path.join(self.work, 'delta')
        if not os.path.isdir(delta):
            os.makedirs(os.path.join(delta, 'etc'))
            os.makedirs(os.path.join(delta, 'bin'))
            for path in ('ssl', 'fonts', 'alternatives'):
                if os.path.isdir(os.path.join('/etc', path)):
                    shutil.copytree(os.path.join('/etc', path), os.path.join(delta, 'etc', path), symlinks=True)
            for path in ('nsswitch.conf', 'services', 'protocols'):
                if os.path.exists(os.path.join('/etc', path)):
                    shutil.copy(os.path.join('/etc', path), os.path.join(delta, 'etc'))
            for path in ('.ref', 'etc/ld.so.conf'):  # empty: flatpak writes one with /app/lib
                with open(os.path.join(delta, path), 'w', encoding='utf-8'):
                    pass
            os.symlink('../sbin/ldconfig', os.path.join(delta, 'bin/ldconfig'))
        files = os.path.realpath(os.path.join(self.installation, 'runtime', name, self.arch, self.branch,
                                              'active/files'))
        run('mount', '-t', 'overlay', 'overlay', '-o', f'ro,lowerdir={delta}:/usr', files)
        self.mounts.append(files)

    def make_runtime(self):
        repository = os.path.join(self.work, 'runtimes')
        names = [self.manifest['runtime'], self.manifest['sdk']]
        for name in names:
            self._install_stub(name, repository)
        self._add_remote('stand-in', repository)
        self.flatpak('install', '-y', '--noninteractive', 'stand-in',
                     *(f'runtime/{name}/{self.arch}/{self.branch}' for name in names))
        for name in names:
            self._lay_usr(name)

    def build(self):
        """As the manifest says, but without what only takes time: optimization, debugging symbols."""
        repository = os.path.join(self.work, 'apps')
        manifest = json.loads(json.dumps(self.manifest))
        manifest['build-options'] = {'no-debuginfo': True}
        module = manifest['modules'][-1]
        module['config-opts'] += ['-Doptimization=0', '-Ddebug=false']
        module['sources'][0]['path'] = SOURCE
        path = os.path.join(self.work, APP_ID + '.json')
        with open(path, 'w', encoding='utf-8') as file:
            json.dump(manifest, file)
        run('flatpak-builder', '--user', '--disable-updates', '--disable-rofiles-fuse',
            f'--state-dir={self.work}/state', f'--repo={repository}', os.path.join(self.work, 'build'),
            path, env=self.env())
        self._add_remote('apps', repository)
        self.flatpak('install', '-y', '--noninteractive', 'apps', APP_ID)

    def command(self, program, *arguments):
        """The arguments of flatpak that run a program in the sandbox."""
        strict = f'--env=G_DEBUG={os.environ.get("G_DEBUG", "fatal-warnings")}'
        return ['--user', 'run', strict, f'--command={program}', APP_ID, *arguments]

    def start(self, program, *arguments, **kwargs):
        return Program(self.command(program, *arguments), program=shutil.which('flatpak'),
                       env=self.env(), **kwargs)
