#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Each first program greets a node and hears its answer."""

import os
import signal
import socket
import sys

from harness import Node, Program, Server, case, check, equal, main

hello_c, hello_py, hello_js = sys.argv[1:4]
del sys.argv[1:]

EXAMPLES = {
    'C': ([hello_c], 'hello-c', 'Hello, this is C.'),
    'Python': ([sys.executable, hello_py], 'hello-python', 'Hello listener, this is Python.'),
    'JavaScript': (['gjs', '-m', hello_js], 'hello-javascript',
                   'Hello listener, this is JavaScript.'),
}


def example_case(language, command, node_id, greeting):
    def run():
        server = Server()
        listener = Node('listener', server.url)
        listener.wait_line('You are "listener"')
        example = Program([*command[1:], server.url], program=command[0], env=dict(os.environ))
        listener.wait_line(rf'^\[{node_id}\] {greeting}$', 30)
        listener.write('Hello yourself')
        example.wait_line('^listener: Hello yourself$')
        listener.quit()
        example.popen.send_signal(signal.SIGKILL)
        example.wait_exit()
        example.check_stderr()
        example.destroy()
        server.stop()
    case(f'the first program in {language}', 90)(run)


def failure_case(language, command):
    def run():
        with socket.socket() as taken: # bound, but nobody listens
            taken.bind(('127.0.0.1', 0))
            url = f'http://127.0.0.1:{taken.getsockname()[1]}'
            example = Program([*command[1:], url], program=command[0], env=dict(os.environ))
            equal(example.wait_exit(30), 1, 'the status')
        said = example.stderr()
        check(url in said and 'Traceback' not in said, f'no sentence: {said}')
        example.destroy()
    case(f'the first program in {language} without a coordinator', 60)(run)


for _language, (_command, _node_id, _greeting) in EXAMPLES.items():
    example_case(_language, _command, _node_id, _greeting)
    failure_case(_language, _command)

main()
