#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whatever our files need is in the runtime that the flatpak names, or in its modules.

test_flatpak.py cannot tell: its stand-in runtime holds whatever this machine holds."""

import json
import os
import re
import xml.etree.ElementTree as ElementTree

import installed
from harness import Program, case, check, contains, equal, main

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
GI = '{http://www.gtk.org/introspection/core/1.0}'


def read(*path):
    with open(os.path.join(SOURCE, *path), encoding='utf-8') as file:
        return file.read()


def runtime(text, modules):
    """{(kind, name): version} of a list, without what comes from modules that there are not."""
    there = {}
    for line in text.splitlines():
        words = line.split('#')[0].split()
        if not words:
            continue
        if 'from' in words:
            words, module = words[:-2], words[-1]
            if module not in modules:
                continue
        there[words[0], words[1]] = words[2] if len(words) > 2 else ''
    return there


def manifest_modules():
    return [module['name'] for module in json.loads(read('flatpak/org.sentient.Sentient.json'))['modules']]


def version(text):
    return tuple(int(part) for part in text.split('.'))


def missing(needs, there):
    """The needs, each (kind, name, version or ''), that are not there, or too old."""
    return [need for need in needs
            if need[:2] not in there or need[2] and version(there[need[:2]]) < version(need[2])]


def ours_alone(*folders):
    for folder in folders:
        for place, _, names in os.walk(os.path.join(SOURCE, folder)):
            for name in names:
                yield os.path.join(place, name)


def elf_files():
    for path in installed.files(''):
        whole = installed.root() + path
        if os.path.isfile(whole) and not os.path.islink(whole):
            with open(whole, 'rb') as file:
                if file.read(4) == b'\x7fELF':
                    yield whole


def sonames():
    needs, ours = set(), set()
    for path in elf_files():
        said = installed.output('readelf', '--dynamic', path)
        needs |= set(re.findall(r'\(NEEDED\).*\[(.*)\]', said))
        ours |= set(re.findall(r'\(SONAME\).*\[(.*)\]', said))
    return [('soname', name, '') for name in sorted(needs - ours)]


def typelibs():
    needs = set()
    for path in installed.files('.gir'):
        for include in ElementTree.parse(installed.root() + path).iter(GI + 'include'):
            needs.add(f'{include.get("name")}-{include.get("version")}')
    for path in installed.files('.js', '.py'):
        with open(installed.root() + path, encoding='utf-8') as file:
            text = file.read()
        needs |= {'-'.join(found) for found in re.findall(r'gi://(\w+)\?version=([\d.]+)', text)}
        needs |= {'-'.join(found) for found in re.findall(r'require_version\(.(\w+)., .([\d.]+).\)', text)}
    return [('typelib', name, '') for name in sorted(needs)]


def elements():
    """What "sentient doctor" looks for, and what the source makes or asks for by name."""
    doctor = Program(['doctor', '--no-color'])
    doctor.wait_exit()
    needs = set()
    for line in doctor.lines[1:]:  # below "To talk over WebRTC, from GStreamer:"
        match = re.match(r'\s+(?:there|MISSING)\s+([a-z0-9]+)\s', line)
        if match is None:
            break
        needs.add(match.group(1))
    contains(needs, 'webrtcbin', f'what doctor looks for{doctor.report()}')
    for path in ours_alone('src'):
        if path.endswith('.c'):
            needs |= set(re.findall(r'gst_element_factory_(?:make|find) \("(\w+)"', read(path)))
    return [('element', name, '') for name in sorted(needs)]


def modules():
    """What meson asks pkg-config for, outside of the tests."""
    needs = []
    for path in [os.path.join(SOURCE, 'meson.build'), *ours_alone('src', 'data', 'introspection')]:
        if not path.endswith('meson.build'):
            continue
        text = read(path)
        glib = re.search(r"^glib_req = '>= ([\d.]+)'$", read('meson.build'), re.M).group(1)
        for name, what in re.findall(r"\bdependency\('([^']+)'([^)]*)", text):
            asked = re.search(r"version: (?:'>= ([\d.]+)'|glib_req)", what)
            needs.append(('pkg-config', name, '' if asked is None else asked.group(1) or glib))
    return sorted(set(needs))


def held(needs, least):
    check(len(needs) >= least, f'only {len(needs)} needs were found: {needs}')
    equal(missing(needs, runtime(read('flatpak/runtime.list'), manifest_modules())), [],
          'what is not in the runtime')


@case('every library that the programs are linked to is there')
def _():
    held(sonames(), 8)


@case('every typelib that ours includes is there')
def _():
    held(typelibs(), 2)


@case('every GStreamer element is there')
def _():
    held(elements(), 10)


@case('every module of pkg-config is there, and new enough')
def _():
    held(modules(), 10)


@case('what is missing, too old or of a module that is not built is found')
def _():
    there = runtime('soname a.so.1 # one\npkg-config b 1.9\nsoname c.so.2 from c\nelement d from e\n', ['e'])
    needs = [('soname', 'a.so.1', ''), ('element', 'd', ''), ('pkg-config', 'b', '1.9')]
    equal(missing(needs, there), [], 'what is there')
    bad = [('soname', 'a.so.2', ''), ('element', 'a.so.1', ''), ('pkg-config', 'b', '1.10'), ('soname', 'c.so.2', '')]
    equal(missing(needs + bad, there), bad, 'what is not')


if __name__ == '__main__':
    main()
