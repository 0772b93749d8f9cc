#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Rules of the house that a compiler does not check: lint.py CHECK ROOT prints what breaks the rule,
a line each, and fails if there is any."""

import os
import re
import subprocess
import sys

# What a floor may include, besides itself.
FLOORS = {
    'core': set(),
    'protocol': {'core'},
    'model': {'core', 'protocol'},
    'signaling': {'core', 'protocol', 'model'},
    'webrtc': {'core', 'protocol', 'model'},
    'doctor': {'core', 'protocol', 'model', 'signaling', 'webrtc'},
    'coordinator': {'core', 'protocol', 'model', 'signaling', 'webrtc'},
    'peer': {'core', 'protocol', 'model', 'signaling', 'webrtc', 'doctor'},
}
# What a part of the programs, beside src/libsentient, may include.
PROGRAM_FLOORS = {
    'settings': {'core', 'protocol', 'signaling', 'coordinator'},
    'dbus': set(),
    'client': {'core', 'protocol', 'dbus'},
    'daemon': set(FLOORS) | {'settings', 'dbus'},
    'applet': {'core', 'settings', 'dbus', 'client'},
}
LINES_MAX = 599
FUNCTION_LINES_MAX = 59
API = re.compile(r'^SENTIENT_API\n([^;]*?);?$', re.M)
BARE_LOCK = re.compile(r'\b(g_(?:rec_)?mutex_(?:try)?(?:un)?lock|g_cond_wait\w*|'
                       r'g_atomic_ref_count_(?:inc|dec)|g_rw_lock_\w*lock) \(')
SOURCE_DIRS = ('src', 'tests', 'introspection')


def files(root, *endings, under=SOURCE_DIRS):
    for top in under:
        for folder, folders, names in os.walk(os.path.join(root, top)):
            folders.sort()
            for name in sorted(names):
                if name.endswith(endings):
                    path = os.path.join(folder, name)
                    yield path, os.path.relpath(path, root)


def read(path):
    with open(path, encoding='utf-8') as file:
        return file.read()


def check_floors(root):
    """A floor includes only what stands to its left, and gst only in webrtc."""
    base = os.path.join(root, 'src/libsentient')
    for path, shown in files(root, '.c', '.h', under=('src/libsentient',)):
        floor = os.path.relpath(path, base).split(os.sep)[0]
        if floor not in FLOORS:
            continue
        for number, line in enumerate(read(path).splitlines(), 1):
            match = re.match(r'\s*#\s*include\s+[<"]([^>"]+)[>"]', line)
            if not match:
                continue
            head = match.group(1).split('/')[0]
            if head == 'gst' and floor != 'webrtc':
                yield f'{shown}:{number}: only webrtc may include {match.group(1)}'
            if head != floor and head in {*FLOORS, *PROGRAM_FLOORS} - FLOORS[floor]:
                yield f'{shown}:{number}: {floor} may not include {match.group(1)}'
            if '/' not in match.group(1) and '"' in line:
                yield f'{shown}:{number}: write the floor: "{floor}/{match.group(1)}"'
    for part, allowed in PROGRAM_FLOORS.items():
        for path, shown in files(root, '.c', '.h', under=(os.path.join('src', part),)):
            for number, name in enumerate(read(path).splitlines(), 1):
                match = re.match(r'\s*#\s*include\s+"(?:([^"/]+)/)?[^"]+"', name)
                if match and match.group(1) not in allowed | {part}:
                    yield f'{shown}:{number}: {part} may not include {match.group(1) or "without a floor"}'


def check_races(root):
    """Locks and counts of references go through core/sentient-race.h, or ThreadSanitizer is blind."""
    for path, shown in files(root, '.c', '.h', under=('src/libsentient',)):
        if shown.endswith('core/sentient-race.h'):
            continue
        for number, line in enumerate(read(path).splitlines(), 1):
            match = BARE_LOCK.search(line)
            if match:
                yield f'{shown}:{number}: {match.group(1)} () is not seen by ThreadSanitizer, ' \
                      'take its like of core/sentient-race.h'
    suppressions = os.path.join(root, 'tests/tsan.supp')
    if os.path.exists(suppressions):
        for number, line in enumerate(read(suppressions).splitlines(), 1):
            if not re.match(r'#|called_from_lib:(?!.*sentient)[\w.+-]+\.so$', line):
                yield f'tests/tsan.supp:{number}: only foreign libraries as a whole'


def check_sources(root):
    """Up to the coordinator every source is counted: core/sentient-source.h."""
    for floor in ('core', 'protocol', 'model', 'signaling', 'coordinator'):
        for path, shown in files(root, '.c', under=(os.path.join('src/libsentient', floor),)):
            if shown.endswith('core/sentient-source.c'):
                continue
            before = ''
            for number, line in enumerate(read(path).splitlines(), 1):
                match = re.search(r'\bg_(?:source_attach|(?:timeout|idle|unix_fd)_add\w*) \(', line)
                if match and 'sentient_source_begin ();' not in before:
                    yield f'{shown}:{number}: {match.group(0)[:-2]} () is not counted, ' \
                          'take sentient_source_attach ()'
                before = line


def documented(root):
    """Names that have a gtk-doc block, with the block."""
    found = {}
    for path, _ in files(root, '.c', '.h', under=('src/libsentient',)):
        for block in re.findall(r'/\*\*\n(.*?)\*/', read(path), re.S):
            match = re.match(r'\s*\*\s*(SECTION:)?([\w:-]+?):?\s*(\(.*)?\n', block)
            if match:
                found[match.group(2)] = block
    return found


def public_names(root):
    """(name, where) of each exported function and each public type."""
    for path, shown in files(root, '.h', under=('src/libsentient',)):
        text = read(path)
        for declaration in API.findall(text):
            match = re.search(r'G_DECLARE_\w+ \((\w+)', declaration)
            if match is None:
                match = re.search(r'(\w+) \(', declaration)
            if match is None or match.group(1).endswith(('_get_type', '_quark')):
                continue
            yield match.group(1), shown
        if 'SENTIENT_API' in text:
            yield from ((name, shown) for name in re.findall(r'^} (Sentient\w+);', text, re.M)
                        if not name.endswith('Class') and 'typedef' in text)


def check_docs(root):
    """Every public symbol is documented, with "Since:"."""
    docs = documented(root)
    for name, shown in public_names(root):
        if name not in docs:
            yield f'{shown}: {name} has no documentation'
        elif 'Since:' not in docs[name]:
            yield f'{shown}: {name} does not say since when it is there'
    for path, shown in files(root, '.c', under=('src/libsentient',)):
        header = path[:-1] + 'h'
        if not os.path.exists(header) or not re.search('^SENTIENT_API$', read(header), re.M):
            continue
        text = read(path)
        for name in re.findall(r'g_param_spec_\w+\s*\(\s*"([\w-]+)"', text):
            if not any(key.endswith(':' + name) for key in docs):
                yield f'{shown}: the property {name} has no documentation'
        for name in re.findall(r'g_signal_new\s*\(\s*"([\w-]+)"', text):
            if not any(key.endswith('::' + name) for key in docs):
                yield f'{shown}: the signal {name} has no documentation'


def functions(text):
    """(name, number of lines without comments) of each function in C text of the house style."""
    name, start, length = '', None, 0
    for number, line in enumerate(re.sub(r'/\*.*?\*/', '', text, flags=re.S).splitlines(), 1):
        match = re.match(r'(\w+) \(', line)
        if match:
            name = match.group(1)
        if line == '{':
            start, length = number, 0
        elif line == '}' and start is not None:
            yield name, length + 2
            start = None
        elif line.strip():
            length += 1


def check_sizes(root):
    """No file of 600 lines, no function of 60."""
    for path, shown in files(root, '.c', '.h', '.py', '.js'):
        text = read(path)
        lines = len(text.splitlines())
        if lines > LINES_MAX:
            yield f'{shown}: {lines} lines'
        if not path.endswith('.c') or not shown.startswith('src'):
            continue
        for name, length in functions(text):
            # One case a property is a table, not a thread to follow.
            if length > FUNCTION_LINES_MAX and not name.endswith('et_property'):
                yield f'{shown}: {name} () has {length} lines'


def check_licence(root):
    """Every source says its licence on the first lines; examples are for copying."""
    for path, shown in files(root, '.c', '.h', '.py', '.js', '.sh'):
        if re.match(r'introspection/examples/hello', shown):
            continue
        if 'SPDX-License-Identifier: LGPL-2.1-or-later' not in '\n'.join(read(path).splitlines()[:3]):
            yield f'{shown}: no SPDX line'
    for path, shown in files(root, '.h'):
        if '#pragma once' not in read(path):
            yield f'{shown}: no #pragma once'


def check_umbrella(root):
    """sentient.h includes every header with public symbols."""
    umbrella = read(os.path.join(root, 'src/libsentient/sentient.h'))
    for path, shown in files(root, '.h', under=('src/libsentient',)):
        name = os.path.relpath(path, os.path.join(root, 'src/libsentient'))
        if re.search(r'^SENTIENT_API$', read(path), re.M) and f'"{name}"' not in umbrella:
            yield f'{shown} is not in sentient.h'


def check_readme(root):
    """What README.md shows of a file is that file."""
    readme = read(os.path.join(root, 'README.md'))
    shown = re.findall(r'<!-- file: (\S+) -->\n```\w*\n(.*?)```', readme, re.S)
    if not shown:
        yield 'README.md: shows no file'
    for name, text in shown:
        if read(os.path.join(root, name)) != text:
            yield f'README.md: what it shows of {name} is not what is there'


def translatable(root):
    """Files with strings for people: C that marks them, and data whose format does."""
    marks = {
        '.c': r'\b(?:N?_|C_|NC_|ngettext) \(\s*"',
        '.ui': r'translatable="(?:yes|true)"',
        '.gschema.xml': r'<(?:summary|description)>',
        '.desktop.in': r'^(?:Name|Comment)=',
        '.metainfo.xml.in': r'<summary>',
    }
    for ending, mark in marks.items():
        for path, shown in files(root, ending, under=('src', 'data')):
            if re.search(mark, read(path), re.M):
                yield shown


def potfiles(root):
    return {line for line in read(os.path.join(root, 'po/POTFILES.in')).splitlines()
            if line and not line.startswith('#')}


def check_translation(root):
    """po/POTFILES.in names every file with strings for people, and no other."""
    for path, shown in files(root, '.c', under=('src',)):
        text = read(path)
        # xgettext would take the text up to the macro only.
        if re.search(r'\bN?_ \((?:\s*"(?:[^"\\]|\\.)*")+\s*[A-Z]', text):
            yield f'{shown}: a macro inside a string to translate'
        for words in re.findall(r'\bcli_(?:say|complain) \((?:\s*CLI_\w+,)?\s*"((?:[^"\\]|\\.)*)"', text):
            # The program's name and JSON are no words.
            if re.search('[a-z]{2}', re.sub(r'%[-+ #0-9.*]*[hlz]*[a-z]|sentientd?|^{.*', '', words)):
                yield f'{shown}: "{words}" cannot be translated'
    found, listed = set(translatable(root)), potfiles(root)
    for name in sorted(found - listed):
        yield f'po/POTFILES.in: {name} is missing'
    for name in sorted(listed - found):
        yield f'po/POTFILES.in: {name} has nothing to translate'


def check_xgettext(root):
    """xgettext takes the strings out of every file without a word."""
    result = subprocess.run(['xgettext', '--output=-', '--from-code=UTF-8', '--add-comments=Translators:',
                             '--keyword=_', '--keyword=N_', '--keyword=C_:1c,2', '--keyword=NC_:1c,2',
                             *sorted(potfiles(root))],
                            capture_output=True, text=True, check=False, cwd=root)
    yield from result.stderr.splitlines()
    if result.returncode != 0:
        yield f'xgettext ended with status {result.returncode}'
    taken = set(re.findall(r'^#: (.*)', result.stdout, re.M))
    for name in sorted(potfiles(root)):
        if not any(place.startswith(name + ':') for line in taken for place in line.split()):
            yield f'{name}: xgettext takes nothing out of it'


def check_shell(root):
    """Shell scripts can be parsed."""
    for folder in ('tools', '.ci', 'introspection', 'tests/lint', 'tests/net'):
        for path, shown in files(root, '', under=(folder,)):
            with open(path, 'rb') as file:
                first = file.readline()
            if not re.match(rb'#!/bin/(ba)?sh', first) and not path.endswith('.sh'):
                continue
            result = subprocess.run(['bash', '-n', path], capture_output=True, text=True, check=False)
            if result.returncode != 0:
                yield f'{shown}: {result.stderr.strip()}'


def check_format(root):
    """clang-format would change nothing."""
    names = [path for path, shown in files(root, '.c', '.h')]
    result = subprocess.run(['clang-format', '--dry-run', *names], capture_output=True, text=True,
                            check=False, cwd=root)
    for line in result.stderr.splitlines():
        if 'clang-format-violations' in line:
            yield os.path.relpath(line.split(':')[0], root) + ':' + line.split(':')[1] + ': format'
    if result.returncode != 0:
        yield f'clang-format failed: {result.stderr.strip()[-300:]}'


CHECKS = {name[len('check_'):]: function for name, function in globals().items()
          if name.startswith('check_')}


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in CHECKS:
        sys.exit(f'usage: lint.py {"|".join(CHECKS)} ROOT')
    problems = list(CHECKS[sys.argv[1]](sys.argv[2]))
    for problem in problems:
        print(problem)
    sys.exit(1 if problems else 0)


if __name__ == '__main__':
    main()
