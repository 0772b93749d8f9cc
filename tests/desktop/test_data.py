#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a desktop reads of an installation: desktop files, metainfo, icons, the schema, D-Bus services."""

import configparser
import os
import re
import xml.etree.ElementTree as ElementTree

import installed
from harness import case, check, contains, equal, main, tmpdir

APP_ID = 'org.sentient.Sentient'
STATES = ('online', 'connecting', 'offline')


def ini(path):
    parser = configparser.RawConfigParser(delimiters='=', comment_prefixes='#')
    parser.optionxform = str
    with open(installed.root() + path, encoding='utf-8') as file:
        parser.read_file(file)
    return parser


def one(ending):
    found = installed.files(ending)
    equal(len(found), 1, f'what ends with {ending}: {found}')
    return found[0]


def check_program(command, what):
    """The first word of a command is a program that is installed as well."""
    program = command.split()[0]
    path = program if program.startswith('/') else os.path.join(os.environ['SENTIENT_PREFIX'], 'bin', program)
    check(os.access(installed.root() + path, os.X_OK), f'{what}: there is no program {program}')


@case('every icon is drawn, in its colours, and named so that a flatpak may export it')
def _():
    icons = installed.files('.svg')
    names = {os.path.basename(path) for path in icons}
    wanted = {f'{APP_ID}{end}.svg' for end in ('', '-symbolic')}
    wanted |= {f'{APP_ID}-{state}{end}.svg' for state in STATES for end in ('', '-symbolic')}
    equal(names, wanted, 'icons')
    for path in icons:
        drawn = os.path.join(tmpdir(), 'icon.png')
        installed.silent('rsvg-convert', '--width=24', '--output', drawn, installed.root() + path)
        check(os.path.getsize(drawn) > 200, f'{path}: nothing is drawn')
        with open(installed.root() + path, encoding='utf-8') as file:
            colours = set(re.findall(r'#[0-9a-f]{6}', file.read()))
        # GTK gives a symbolic icon the colour of the text; it has to have but one.
        equal(colours == {'#2e3436'}, path.endswith('-symbolic.svg'), f'{path}: colours {colours}')


@case('desktop files are valid, and what they start and show is installed')
def _():
    for path in installed.files('.desktop'):
        installed.silent('desktop-file-validate', installed.root() + path)
        entry = ini(path)['Desktop Entry']
        check_program(entry['Exec'], path)
        contains(installed.files('.svg'), os.environ['SENTIENT_PREFIX'] +
                 f'/share/icons/hicolor/scalable/apps/{entry["Icon"]}.svg', path)


@case('the metainfo is valid, and what it names is installed')
def _():
    for path in installed.files('.metainfo.xml'):
        said = installed.output('appstreamcli', 'validate', '--no-net', '--no-color', installed.root() + path)
        contains(said, 'Validation was successful', said)
        tree = ElementTree.parse(installed.root() + path)
        equal(tree.findtext('id'), APP_ID, 'id')
        contains(installed.files('.desktop'), os.environ['SENTIENT_PREFIX'] + '/share/applications/' +
                 tree.findtext('launchable'), 'launchable')
        for binary in tree.iter('binary'):
            check_program(binary.text, path)


@case('schemas compile without a word')
def _():
    for path in installed.files('.gschema.xml'):
        installed.silent('glib-compile-schemas', '--strict', '--dry-run',
                         os.path.dirname(installed.root() + path))


def unit_names(manager):
    """The names of the units of a manager, with those that they have once they are enabled."""
    names = set()
    for path in installed.files('.service'):
        if f'/lib/systemd/{manager}/' in path:
            names.add(os.path.basename(path))
            with open(installed.root() + path, encoding='utf-8') as file:
                names |= set(re.findall('^Alias=(.*)$', file.read(), re.M))
    return names


@case('services of the buses name programs and units that are installed')
def _():
    for path in installed.files('.service'):
        if '/dbus-1/' not in path:
            continue
        service = ini(path)['D-BUS Service']
        equal(service['Name'] + '.service', os.path.basename(path), path)
        check_program(service['Exec'], path)
        contains(unit_names('system' if '/system-services/' in path else 'user'), service['SystemdService'], path)


@case('each program brings what belongs to it')
def _():
    brings = {
        'sentient': ['/lib/systemd/system/sentient-coordinator.service',
                     '/lib/systemd/system/sentient-coordinator.socket', '/share/man/man1/sentient.1'],
        'sentientd': ['/lib/systemd/system/sentientd.service', '/lib/systemd/system/sentientd.socket',
                      '/lib/systemd/user/sentientd.service', '/lib/sysusers.d/sentient.conf',
                      '/lib/tmpfiles.d/sentient.conf', f'/share/glib-2.0/schemas/{APP_ID}.gschema.xml', f'/share/dbus-1/services/{APP_ID}.service',
                      f'/etc/xdg/autostart/{APP_ID}.autostart.desktop'],
        'sentient-applet': [f'/share/applications/{APP_ID}.desktop', f'/share/metainfo/{APP_ID}.metainfo.xml'],
    }
    for program in os.environ['SENTIENT_PROGRAMS'].split():
        for end in brings[program]:
            one(end)


if __name__ == '__main__':
    main()
