# SPDX-License-Identifier: LGPL-2.1-or-later
"""Completion in bash, zsh and fish: driven as the shells drive it, and held against --help."""

import os
import re
import subprocess
import tempfile

from harness import at_end, case, check, contains, equal, main, sentient_path, tmpdir
from private_bus import FakeDaemon, PrivateBus

FILES = os.path.join(os.environ['DATA_DIR'], 'completions')
BUS = PrivateBus()
DAEMON = FakeDaemon(BUS)
DAEMON.tell('member global fake', 'member global bob', 'member global a:b:c', 'member lobby eve',
            'connection bob connected', 'transfer 7 incoming bob 10 photo.jpg')

# As readline does it: the line up to the cursor, its words split at COMP_WORDBREAKS, then the function.
BASH = r'''
source "$1"
COMP_LINE=$2
COMP_POINT=${#COMP_LINE}
COMP_WORDBREAKS=$' \t\n"\'><=;|&(:'
_sentient "$3" "" ""
printf '%s\n' "${COMPREPLY[@]}"
'''

# Both shells find the program by its name.
BIN = os.path.join(tmpdir(), 'bin')
os.makedirs(BIN)
os.symlink(sentient_path(), os.path.join(BIN, 'sentient'))


def environment():
    env = BUS.env()
    env['PATH'] = BIN + ':' + env['PATH']
    # A person does not wait for names; on a machine with much to do a test does.
    env['SENTIENT_COMPLETION_SECONDS'] = '50'
    return env


def shell(*args, **more):
    return subprocess.run(args, env=environment(), capture_output=True, text=True, timeout=60, check=False, **more)


def in_bash(line):
    result = shell('bash', '--norc', '-c', BASH, 'bash', os.path.join(FILES, 'sentient.bash'), line,
                   sentient_path())
    equal((result.returncode, result.stderr), (0, ''), f'bash at {line!r}')
    return result.stdout.split()


def in_fish(line):
    script = 'source $argv[1]; complete -C $argv[2]'
    result = shell('fish', '--no-config', '-c', script, os.path.join(FILES, 'sentient.fish'), line)
    equal((result.returncode, result.stderr), (0, ''), f'fish at {line!r}')
    return [row.split('\t')[0] for row in result.stdout.splitlines()]


# A shell on a terminal of its own, which is asked to list what it would complete.
ZSH = r'''
import os, pty, re, select, sys, time
pid, fd = pty.fork()
if pid == 0:
    os.execvp('zsh', ['zsh', '-f', '-i'])
def until(mark, text=b''):
    end = time.monotonic() + 60
    while mark not in text:
        left = end - time.monotonic()
        if left <= 0 or not select.select([fd], [], [], left)[0]:
            sys.exit(f'zsh did not say {mark!r}: {text!r}')
        text += os.read(fd, 65536)
    return text
setup = f"""unsetopt zle_bracketed_paste 2>/dev/null; PROMPT= RPROMPT=; stty -echo; fpath=({sys.argv[1]} $fpath)
autoload -Uz compinit; compinit -u -D
# Every match is written out, and nothing is put on the line.
compadd() {{ builtin compadd -A __hits -D __x "$@" 2>/dev/null; builtin compadd -A __hits "$@"; print -rl -- "hit:"$^__hits >>{sys.argv[3]}; }}
finish() {{ print -r -- done >>{sys.argv[3]}; zle kill-buffer; print "AT""END" }}
zle -N finish; bindkey '^G' finish; bindkey '^I' complete-word; print "RE""ADY"
"""
os.write(fd, setup.encode())
until(b'READY')
os.write(fd, sys.argv[2].encode() + b'\t\x07')
until(b'ATEND')
os.write(fd, b'exit\n')
os.waitpid(pid, 0)
'''


def in_zsh(line):
    with tempfile.NamedTemporaryFile('r', dir=tmpdir()) as hits:
        result = shell('/usr/bin/python3', '-c', ZSH, FILES, line, hits.name)
        check(result.returncode == 0, f'zsh at {line!r}: {result.stdout} {result.stderr}')
        return [row[len('hit:'):] for row in hits.read().splitlines() if row.startswith('hit:')]


def help_of(*args):
    """The long options that the help lists, and the commands."""
    result = shell(sentient_path(), *args, '--help')
    options = set(re.findall(r'^  (?:-\w, )?(--[\w-]+)', result.stdout, re.M))
    section = result.stdout.partition('\nCommands;')[2].partition('\n\n')[0]
    return options, set(re.findall(r'^  ([a-z][a-z-]*)\b', section, re.M))


def commands():
    _, found = help_of()
    listed = set(in_bash('sentient ')) & found
    check({'status', 'rooms', 'doctor', 'config', 'monitor', 'send'} <= listed, f'commands: {listed}')
    return sorted(listed)


@case('the files can be parsed')
def parsed():
    for args in (('bash', '-n', 'sentient.bash'), ('zsh', '-n', '_sentient'), ('fish', '-n', 'sentient.fish')):
        result = shell(*args[:2], os.path.join(FILES, args[2]))
        equal((result.returncode, result.stderr), (0, ''), str(args))


@case('bash: commands and options are those of --help')
def bash_help():
    options, found = help_of()
    equal(sorted(set(in_bash('sentient ')) ^ found), [], 'commands not in both')
    equal(sorted(set(in_bash('sentient --')) ^ options), [], 'options not in both')
    for command in commands():
        if command != 'config':
            equal(sorted(set(in_bash(f'sentient {command} --')) ^ help_of(command)[0]), [],
                  f'options of {command} not in both')
    equal(in_bash('sentient re'), ['refuse', 'reload'], 're')
    equal(in_bash('sentient --json sta'), ['status', 'start'], 'after an option')
    equal(in_bash('sentient --node-id status --ser'), ['--server'], 'a value is no command')


@case('bash: names come from the daemon')
def bash_names():
    for line, wanted in (('sentient peers ', ['global', 'lobby']), ('sentient leave l', ['lobby']),
                         ('sentient peers global ', []), ('sentient send ', ['bob', 'a:b:c', 'eve']),
                         ('sentient send b', ['bob']), ('sentient send bob ', []),
                         ('sentient send --priority ', ['low', 'normal', 'high']),
                         ('sentient send --room ', ['global', 'lobby']), ('sentient send --room=l', ['lobby']),
                         ('sentient send a:b:', ['c']), ('sentient connect e', ['eve']),
                         ('sentient send-file b', ['bob']), ('sentient accept ', ['7']),
                         ('sentient disconnect ', ['bob']), ('sentient stop ', ['coordinator', 'node']),
                         ('sentient config ', ['show', 'check']), ('sentient status ', [])):
        equal(in_bash(line), wanted, line)


@case('bash: without a daemon there are no names, and no words of complaint')
def bash_alone():
    env = environment()
    env['DBUS_SESSION_BUS_ADDRESS'] = 'unix:path=' + os.path.join(tmpdir(), 'none')
    result = subprocess.run(['bash', '--norc', '-c', BASH, 'bash', os.path.join(FILES, 'sentient.bash'),
                             'sentient peers ', sentient_path()], env=env, capture_output=True, text=True,
                            timeout=60, check=False)
    equal((result.returncode, result.stdout.strip(), result.stderr), (0, '', ''), 'bash')


@case('fish: commands, options and names')
def fish():
    listed = commands()
    equal(sorted(set(in_fish('sentient ')) ^ set(listed)), [], 'commands not in both')
    equal(sorted(help_of()[0] - set(in_fish('sentient --'))), [], 'options that fish does not know')
    for command in listed:
        if command != 'config':
            equal(sorted(help_of(command)[0] ^ set(in_fish(f'sentient {command} --'))), [],
                  f'options of {command} not in both')
    for line, wanted in (('sentient peers ', ['global', 'lobby']), ('sentient peers global ', []),
                         ('sentient send ', ['a:b:c', 'bob', 'eve']), ('sentient send --room ', ['global', 'lobby']),
                         ('sentient disconnect ', ['bob']), ('sentient stop ', ['coordinator', 'node'])):
        equal(sorted(in_fish(line)), wanted, line)


@case('zsh: commands, options and names', seconds=180)
def zsh():
    contains(in_zsh('sentient stat'), 'status', 'zsh')
    contains(in_zsh('sentient monitor --cou'), '--count', 'zsh')
    for line, wanted in (('sentient leave ', {'global', 'lobby'}), ('sentient connect ', {'bob', 'a:b:c', 'eve'}),
                         ('sentient disconnect ', {'bob'}), ('sentient send --room=', {'global', 'lobby'}),
                         ('sentient stop ', {'coordinator', 'node'})):
        equal(wanted - set(in_zsh(line)), set(), f'missing at {line!r}')
    with open(os.path.join(FILES, '_sentient'), encoding='utf-8') as file:
        text = file.read()
    for command in commands():
        contains(text, f"'{command}:", 'zsh')
    options = set().union(*(help_of(command)[0] for command in commands() if command != 'config'), help_of()[0])
    equal(sorted(option for option in options if not re.search(re.escape(option) + r'\b', text)), [],
          'options that zsh does not know')


@at_end
def end():
    """the daemon and the bus end well"""
    DAEMON.stop()
    BUS.stop()


main()
