#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Through a real reverse proxy: nginx, which serves the coordinator under /hub and says that it was
asked by https. At one port it takes the prefix off, at the other it leaves it on."""

import os
import socket

from harness import Node, Program, Server, at_end, case, check, contains, equal, fail, main, tmpdir
from design_client import DesignClient
from rawhttp import Connection, check_error, get, get_json, post_json
from rawws import MessageSocket

NGINX = '/usr/sbin/nginx'
CONFIG = '''
daemon off;
master_process off;
pid {tmp}/nginx.pid;
error_log /dev/stdout notice;
events {{ worker_connections 512; }}
http {{
  access_log off;
  client_body_temp_path {tmp}/body;
  proxy_temp_path {tmp}/proxy;
  fastcgi_temp_path {tmp}/fastcgi;
  uwsgi_temp_path {tmp}/uwsgi;
  scgi_temp_path {tmp}/scgi;
  map $http_upgrade $connection_upgrade {{ default upgrade; "" ""; }}
  upstream hub {{ server 127.0.0.1:{hub}; keepalive 4; }}
  proxy_http_version 1.1;
  proxy_read_timeout 60s;
  proxy_set_header Host $http_host;
  proxy_set_header Upgrade $http_upgrade;
  proxy_set_header Connection $connection_upgrade;
  proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
  proxy_set_header X-Forwarded-Proto https;
  proxy_set_header X-Forwarded-Host $http_host;
  proxy_set_header X-Forwarded-Prefix "";
  server {{
    listen 127.0.0.1:{strips} reuseport;
    location /hub/ {{ proxy_pass http://hub/; }}
  }}
  server {{
    listen 127.0.0.1:{keeps} reuseport;
    location /hub/ {{ proxy_pass http://hub; }}
  }}
}}
'''

_running = {}


class Proxied:
    """A coordinator and, before it, nginx: it listens at the ports strips and keeps."""

    def __init__(self, *args):
        if not os.access(NGINX, os.X_OK):
            fail(f'there is no {NGINX}: install Debian\'s nginx-light')
        # Bound, but not listening: nobody but nginx, which shares them, can take the ports.
        self.held = [socket.socket() for _n in range(2)]
        for held in self.held:
            held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            held.bind(('127.0.0.1', 0))
        self.strips, self.keeps = (held.getsockname()[1] for held in self.held)
        self.server = Server('--trusted-proxy', '127.0.0.1', *args)
        self.tmp = os.path.join(tmpdir(), f'nginx-{self.strips}')
        os.makedirs(self.tmp)
        config = os.path.join(self.tmp, 'nginx.conf')
        with open(config, 'w', encoding='ascii') as file:
            file.write(CONFIG.format(tmp=self.tmp, hub=self.server.port, strips=self.strips,
                                     keeps=self.keeps))
        self.nginx = Program(['-c', config, '-p', self.tmp], program=NGINX)
        self.nginx.wait_line('getrlimit')  # what it says when it listens

    def ports(self):
        return ('strips', self.strips), ('keeps', self.keeps)

    def stop(self):
        self.nginx.stop()
        self.server.stop()
        for held in self.held:
            held.close()


def proxied(*args):
    if args not in _running:
        _running[args] = Proxied(*args)
    return _running[args]


@at_end
def _end():
    """nginx and the coordinators stop cleanly"""
    for one in _running.values():
        one.stop()


PUBLIC = ('--public-url', 'https://hub.example/hub')


@case('WebSocket, posts and long polls go through, with the prefix taken off and left on')
def _():
    for name, port in proxied(*PUBLIC).ports():
        room, a, b = f'nginx-{name}', f'{name}-a', f'{name}-b'
        equal(get(port, '/hub/healthz').status, 200, '/healthz')
        equal(get(port, '/webrtc/info').status, 404, 'what is not under the prefix')
        post_json(port, '/hub/webrtc/join', {'nodeId': a, 'room': room})
        ws = MessageSocket(port, f'/hub/webrtc/signal?nodeId={b}&room={room}')
        equal([p['nodeId'] for p in ws.expect('join-result', success=True)['peers']], [a], 'peers')
        with Connection(port) as poll:
            signals = poll.request('GET', f'/hub/webrtc/signal?nodeId={a}').json()['signals']
            equal([s['peerId'] for s in signals], [b], 'who came')
            poll.ask('GET', f'/hub/webrtc/signal?nodeId={a}')
            ws.send_json({'type': 'offer', 'to': a, 'room': room, 'sdp': 'through nginx'})
            signals = poll.response().json()['signals']
            equal([s['payload'] for s in signals], [{'sdp': 'through nginx'}], 'the poll')
        post_json(port, '/hub/webrtc/signal', {'from': a, 'to': b, 'type': 'answer',
                                               'payload': {'sdp': 'and back'}})
        equal(ws.expect('answer')['sdp'], 'and back', 'the answer')
        ws.close_frame()


@case('the URLs told are those of --public-url, wss behind https')
def _():
    for _name, port in proxied(*PUBLIC).ports():
        info = get_json(port, '/hub/webrtc/info')
        equal(info['websocketUrl'], 'wss://hub.example/hub/webrtc/signal', 'the URL')
        equal(info['coordinatorUrl'], 'https://hub.example/hub/webrtc', 'the URL')
    port = proxied().strips
    made_up = {'X-Forwarded-Host': 'evil.example', 'X-Forwarded-Prefix': '/evil',
               'X-Forwarded-Proto': 'http'}
    equal(get_json(port, '/hub/webrtc/info', headers=made_up)['websocketUrl'],
          f'wss://127.0.0.1:{port}/webrtc/signal', 'the URL by Host and X-Forwarded-Proto')


@case('pages of the public origin may open a WebSocket, foreign ones may not')
def _():
    for _name, port in proxied(*PUBLIC).ports():
        fields = {'Host': 'hub.example', 'Origin': 'https://hub.example'}
        ws = MessageSocket(port, '/hub/webrtc/signal?nodeId=page', headers=fields)
        ws.expect('connected')
        ws.close_frame()
        for fields in ({'Host': 'hub.example', 'Origin': 'https://evil.example'},
                       {'Host': 'evil.example', 'Origin': 'https://evil.example'}):
            check_error(get(port, '/hub/webrtc/info', headers=fields), 403, 'forbidden')
        check_error(get(port, '/hub/metrics'), 403, 'forbidden')


class ProxiedClient(DesignClient):
    def __init__(self, port, node_id, source):
        self.node_id = node_id
        MessageSocket.__init__(self, port, f'/hub/webrtc/signal?nodeId={node_id}', source=source)
        self.expect('connected', nodeId=node_id)


@case('an address that is too fast is refused, another one behind the same proxy is served')
def _():
    # So slow that no machine is slower: a refusal is certain.
    port = proxied('--limit', 'connection-rate=1,connection-burst=100').strips
    refused, inside = 0, ProxiedClient(port, 'busy-inside', '127.0.0.3')
    # nginx keeps one connection to us: it turns from one client to the other each time.
    for n in range(300):
        for source in ('127.0.0.3', '127.0.0.4') if n % 20 == 0 else ('127.0.0.3',):
            with Connection(port, source=source) as one:
                status = one.request('GET', '/hub/healthz').status
            with Connection(port, source='127.0.0.1') as own:
                equal(own.request('GET', '/hub/healthz').status, 200, 'the proxy itself')
            if source == '127.0.0.4':
                equal(status, 200, 'the other client')
            refused += status == 429
    print(f'# {refused} of 300 were refused')
    check(refused > 0, 'nothing was refused')
    inside.barrier()
    inside.close_frame()


@case('two nodes meet by the address of the proxy', seconds=120)
def _():
    port = proxied(*PUBLIC).keeps
    nodes = [Node(name, f'http://127.0.0.1:{port}/hub') for name in ('behind-a', 'behind-b')]
    for node, other in zip(nodes, reversed(nodes)):
        node.wait_line(rf'{other.node_id}.*', seconds=60)
    nodes[0].write('hello through the proxy')
    nodes[1].wait_line('hello through the proxy', seconds=60)
    for node in nodes:
        node.quit()


main()
