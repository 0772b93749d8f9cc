# SPDX-License-Identifier: LGPL-2.1-or-later
"""The other end of client.mjs: hands out orders by HTTP and hears what the clients say."""

import http.server
import json
import os
import threading
import time
import urllib.parse

from harness import PATIENCE, fail

HERE = os.path.dirname(os.path.abspath(__file__))
# How long a request for an order waits before it is to be repeated.
ORDER_SECONDS = 5

PAGE = '''<!doctype html><meta charset="utf-8"><title>interop</title><script type="module">
import {run} from './client.mjs';
run(location.origin, new URLSearchParams(location.search).get('who'));
</script>'''


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def handle(self):
        try:
            super().handle()
        except (BrokenPipeError, ConnectionResetError):
            pass  # the client is gone

    def _answer(self, status, body=b'', kind='application/json'):
        self.send_response(status)
        self.send_header('Content-Type', kind)
        self.send_header('Content-Length', str(len(body)))
        self.send_header('Cache-Control', 'no-store')
        self.end_headers()
        self.wfile.write(body)

    def _client(self):
        url = urllib.parse.urlsplit(self.path)
        who = urllib.parse.parse_qs(url.query).get('who', [''])[0]
        return url.path, self.server.clients.get(who)

    def do_GET(self):  # pylint: disable=invalid-name
        path, client = self._client()
        if path == '/page' and client:
            self._answer(200, PAGE.encode(), 'text/html')
        elif path == '/client.mjs':
            with open(os.path.join(HERE, 'client.mjs'), 'rb') as file:
                self._answer(200, file.read(), 'text/javascript')
        elif path == '/orders' and client:
            order = client.take_order()
            self._answer(200 if order else 204, json.dumps(order).encode() if order else b'')
        else:
            self._answer(404)

    def do_POST(self):  # pylint: disable=invalid-name
        _path, client = self._client()
        body = self.rfile.read(int(self.headers['Content-Length']))
        if client:
            client.hear(json.loads(body))
        self._answer(200)

    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        pass


class Control:
    def __init__(self):
        self._server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), _Handler)
        self._server.daemon_threads = True
        self._server.clients = {}
        self.url = f'http://127.0.0.1:{self._server.server_address[1]}'
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def client(self, who):
        client = self._server.clients[who] = Client(who)
        return client


class Client:
    """One client.mjs, wherever it runs."""

    def __init__(self, who):
        self.who = who
        self._changed = threading.Condition()
        self._orders = []
        self.events = []

    def take_order(self):
        with self._changed:
            self._changed.wait_for(lambda: self._orders, ORDER_SECONDS)
            return self._orders.pop(0) if self._orders else None

    def hear(self, event):
        with self._changed:
            self.events.append(event)
            self._changed.notify_all()

    def order(self, *words):
        with self._changed:
            self._orders.append(words)
            self._changed.notify_all()

    def find(self, event, start=0, **fields):
        for said in self.events[start:]:
            if said['event'] == event and all(said.get(n) == v for n, v in fields.items()):
                return said
        return None

    def expect(self, event, start=0, seconds=PATIENCE * 2, **fields):
        """The first such event from start on."""
        with self._changed:
            deadline = time.monotonic() + seconds
            while True:
                found = self.find(event, start, **fields)
                if found:
                    return found
                if not self._changed.wait(deadline - time.monotonic()):
                    fail(f'{self.who} said no {event} {fields} within {seconds:g} s{self.report()}')

    def report(self):
        return ''.join(f'\n  {self.who}: {json.dumps(event)}' for event in self.events[-40:])
