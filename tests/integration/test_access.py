#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who may call, by what name, and what is believed of a proxy: --public-url, --trusted-proxy,
--allow-origin, --no-cors."""

import os
import time

from harness import PATIENCE, Program, at_end, case, check, contains, end_shared_servers
from harness import equal, fail, main, shared_server, tmpdir
from design_client import DesignClient
from rawhttp import Connection, Gone, check_error, get, get_json, post_json, request
from rawws import MessageSocket

at_end(end_shared_servers)

OPEN = ('--host', '0.0.0.0')
PUBLIC = ('--public-url', 'https://hub.example/net')
PROXY = '127.0.0.9'
TRUSTING = ('--trusted-proxy', f'{PROXY},192.0.2.0/24')
# So slow that no machine is slower: a refusal is certain.
SLOW = ('--limit', 'connection-rate=1,connection-burst=60')
UPGRADE = {'Upgrade': 'websocket', 'Connection': 'Upgrade', 'Sec-WebSocket-Version': '13',
           'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA=='}


def urls(port, path='', **kwargs):
    """What /webrtc/info and /nodes tell: the same."""
    info = get_json(port, path + '/webrtc/info', **kwargs)
    nodes = get_json(port, path + '/nodes', **kwargs)['webrtc']
    told = info['coordinatorUrl'], info['websocketUrl']
    equal((nodes['coordinatorUrl'], nodes['websocketUrl']), told, 'what /nodes tells')
    return told


def by_proxy(port, target, method='GET', body=None, **fields):
    """One request that the proxy passes on, with X_Forwarded_… as fields."""
    headers = {name.replace('_', '-'): value for name, value in fields.items()}
    with Connection(port, source=PROXY) as connection:
        return connection.request(method, target, body, headers)


def knock(port, headers):
    """The status of one request from an address of its own; None: the connection was reset."""
    try:
        with Connection(port, source='127.0.0.8') as connection:
            connection.ask('GET', '/healthz', headers=headers)
            return connection.response().status
    except (Gone, ConnectionResetError):
        return None


def await_alone(connection):
    """Waits until the coordinator has noticed that all other connections are gone."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        text = connection.request('GET', '/metrics').body.decode()
        if all(f'connections{{kind="{kind}"}} {n}\n' in text
               for kind, n in (('http', 1), ('websocket', 0), ('poll', 0))):
            return
    fail('connections stay')


def allowed(answer):
    return answer.get('access-control-allow-origin')


def upgrade_status(port, headers, target='/webrtc/signal?nodeId=upgrade'):
    with Connection(port) as connection:
        return connection.request('GET', target, headers={**UPGRADE, **headers}).status


@case('the URLs told are those that the client asked by, never the bind address')
def _():
    p = shared_server(*OPEN).port
    equal(urls(p, headers={'Host': 'hub.example:81'}),
          ('http://hub.example:81/webrtc', 'ws://hub.example:81/webrtc/signal'), 'URLs')
    equal(urls(p, headers={'Host': '[2001:db8::1]'})[1], 'ws://[2001:db8::1]/webrtc/signal', 'URL')
    with Connection(p) as connection:
        connection.send(b'GET /webrtc/info HTTP/1.0\r\n\r\n')
        equal(connection.response().json()['websocketUrl'], f'ws://127.0.0.1:{p}/webrtc/signal',
              'the URL without a Host')


@case('--public-url is what is told, whatever the client asked by')
def _():
    p = shared_server(*OPEN, *PUBLIC).port
    for host in ('hub.example', 'evil.example', f'127.0.0.1:{p}'):
        equal(urls(p, headers={'Host': host, 'X-Forwarded-Host': 'evil.example'}),
              ('https://hub.example/net/webrtc', 'wss://hub.example/net/webrtc/signal'), 'URLs')


@case('with a prefix in --public-url, paths are served with it and without it')
def _():
    site = os.path.join(tmpdir(), 'site')
    os.makedirs(site, exist_ok=True)
    with open(os.path.join(site, 'index.html'), 'w', encoding='ascii') as file:
        file.write('the page')
    p = shared_server(*OPEN, *PUBLIC, '--static', site).port
    for n, prefix in enumerate(('/net', '')):
        a, b = f'prefix-a{n}', f'prefix-b{n}'
        for path in ('/healthz', '/readyz', '/metrics', '/nodes', '/peers', '/webrtc/peers'):
            equal(get(p, prefix + path).status, 200, prefix + path)
        equal(get(p, prefix + '/').body, b'the page', 'the page')
        post_json(p, prefix + '/webrtc/join', {'nodeId': a, 'room': 'prefix'})
        socket = MessageSocket(p, f'{prefix}/webrtc/signal?nodeId={b}&room=prefix')
        socket.expect('join-result', success=True)
        post_json(p, prefix + '/webrtc/signal', {'from': a, 'to': b, 'type': 'offer',
                                                 'payload': {'sdp': 'x'}})
        socket.expect('offer', from_=a)
        came = get_json(p, f'{prefix}/webrtc/signal?nodeId={a}&timeout=2000')['signals']
        check(any(item['peerId'] == b for item in came), f'what came by poll: {came}')
        socket.close_frame()
        equal(request(p, 'OPTIONS', prefix + '/webrtc/signal').status, 204, 'OPTIONS')
        post_json(p, prefix + '/webrtc/leave', {'nodeId': a})
    equal(get(p, '/net').body, b'the page', 'the page')
    for path in ('/netx/nodes', '/net/net/nodes', '/NET/nodes', '/netnodes', '/x/net/nodes',
                 '/net/net/webrtc/signal?nodeId=x', '/xnet/webrtc/signal?nodeId=x'):
        check_error(get(p, path), 404, 'not-found')


@case('settings that make no sense are usage errors with a sentence')
def _():
    for args in (['--public-url', 'hub.example'], ['--public-url', 'ftp://hub.example'],
                 ['--public-url', 'https://hub.example?x'], ['--public-url', 'https://u:p@hub'],
                 ['--public-url', ''], ['--trusted-proxy', 'proxy.example'],
                 ['--trusted-proxy', '10.0.0.0/33'], ['--trusted-proxy', '127.0.0.1,10.0.0'],
                 ['--allow-origin', 'app.example'], ['--allow-origin', '*'],
                 ['--allow-origin', 'null'], ['--allow-origin', 'https://app.example/'],
                 ['--allow-origin', 'https://a.example,x']):
        program = Program(['--server', '--host', '127.0.0.1', '--port', '0', *args])
        equal(program.wait_exit(), 2, f'the exit status of {args}')
        contains(program.stderr(), args[0] + ': ', 'the sentence')
        contains(program.stderr(), 'write', 'what to do')
        program.check_stderr()
        program.destroy()


@case('on loopback, --public-url is a Host and an Origin that may call; no other is')
def _():
    p = shared_server(*PUBLIC).port
    for host in ('hub.example', 'HUB.example:443', 'localhost'):
        equal(get(p, '/nodes', headers={'Host': host}).status, 200, host)
        equal(get(p, '/webrtc/info', headers={'Host': host, 'Origin': 'https://hub.example'}).status,
              200, host)
    for headers in ({'Host': 'evil.example'}, {'Host': 'net.hub.example'},
                    {'Host': 'hub.example', 'Origin': 'http://evil.example'},
                    {'Host': 'hub.example', 'Origin': 'https://hub.example:444'},
                    {'Host': 'evil.example', 'X-Forwarded-Host': 'hub.example'}):
        for path in ('/nodes', '/webrtc/info', '/webrtc/signal?nodeId=x&timeout=1', '/'):
            check_error(get(p, path, headers=headers), 403, 'forbidden')
        equal(upgrade_status(p, headers), 403, f'an upgrade with {headers}')
    equal(upgrade_status(p, {'Origin': 'https://hub.example'}), 101, 'an upgrade')
    # For others it is still no program of this machine.
    check_error(get(p, '/metrics', headers={'Host': 'hub.example'}), 403, 'forbidden')


@case('on a network: foreign pages may call /webrtc/* over HTTP, and nothing else')
def _():
    p = shared_server(*OPEN).port
    post_json(p, '/webrtc/join', {'nodeId': 'page', 'room': 'page'})
    for origin in ('https://foreign.example', 'null', 'http://localhost:3000',
                   f'https://127.0.0.1:{p}', f'http://127.0.0.1:{p + 1}'):
        headers = {'Origin': origin}
        for path in ('/webrtc/info', '/webrtc/peers', '/webrtc/signal?nodeId=page&timeout=1'):
            answer = get(p, path, headers=headers)
            equal((answer.status, allowed(answer)), (200, '*'), f'{path} for {origin}')
            equal(answer.get('access-control-allow-credentials'), None, 'credentials')
        for path in ('/nodes', '/peers', '/metrics', '/healthz', '/webrtc/stats'):
            answer = get(p, path, headers=headers)
            check_error(answer, 403, 'forbidden')
            equal(allowed(answer), None, f'{path} for {origin}')
        equal(upgrade_status(p, headers), 403, f'an upgrade from {origin}')
    same = {'Origin': f'http://127.0.0.1:{p}'}
    for path in ('/nodes', '/metrics', '/webrtc/info'):
        equal(get(p, path, headers=same).status, 200, path)
    equal(upgrade_status(p, same), 101, 'an upgrade from the own origin')
    equal(upgrade_status(p, {'Host': 'a.example', 'Origin': 'http://a.example:80'}), 101,
          'an upgrade from the own origin, with its default port')


@case('--allow-origin lets the pages of an origin call everything')
def _():
    origins = ('https://app.example', 'http://other.example:81')
    for where in (OPEN, ()):
        p = shared_server(*where, '--allow-origin', ','.join(origins)).port
        for origin in origins:
            headers = {'Origin': origin}
            for path in ('/nodes', '/metrics', '/healthz', '/webrtc/stats', '/webrtc/info'):
                answer = get(p, path, headers=headers)
                equal(answer.status, 200, f'{path} for {origin}')
                contains((origin, '*'), allowed(answer), path)
            answer = request(p, 'OPTIONS', '/nodes', headers={
                **headers, 'Access-Control-Request-Method': 'GET'})
            equal((answer.status, allowed(answer)), (204, origin), 'a preflight')
            equal(answer.get('vary'), 'Origin', 'Vary')
            equal(upgrade_status(p, headers), 101, f'an upgrade from {origin}')
        for origin in ('http://app.example', 'https://app.example:81', 'http://other.example'):
            check_error(get(p, '/nodes', headers={'Origin': origin}), 403, 'forbidden')
            equal(upgrade_status(p, {'Origin': origin}), 403, f'an upgrade from {origin}')


@case('--no-cors refuses all foreign pages but those of --allow-origin')
def _():
    p = shared_server(*OPEN, '--no-cors', '--allow-origin', 'https://app.example').port
    for origin in ('https://foreign.example', 'null', 'http://localhost:3000'):
        for path in ('/webrtc/info', '/nodes', '/webrtc/signal?nodeId=x&timeout=1'):
            answer = get(p, path, headers={'Origin': origin})
            check_error(answer, 403, 'forbidden')
            equal([n for n, _v in answer.headers if n.startswith('access-control')], [], 'headers')
    answer = get(p, '/webrtc/info', headers={'Origin': 'https://app.example'})
    equal((answer.status, allowed(answer)), (200, 'https://app.example'), 'the named origin')
    answer = get(p, '/webrtc/info', headers={'Origin': f'http://127.0.0.1:{p}'})
    equal((answer.status, allowed(answer)), (200, None), 'the own origin')


FORGED = {'X-Forwarded-Proto': 'https', 'X-Forwarded-Host': 'evil.example',
          'X-Forwarded-Prefix': '/evil', 'X-Forwarded-For': '203.0.113.1'}


@case('X-Forwarded-* from anybody but a trusted proxy says nothing')
def _():
    p = shared_server(*OPEN, *TRUSTING, *SLOW).port
    equal(urls(p, headers={'Host': 'a.example', **FORGED}),
          ('http://a.example/webrtc', 'ws://a.example/webrtc/signal'), 'URLs')
    check_error(get(p, '/evil/nodes', headers=FORGED), 404, 'not-found')
    check_error(get(p, '/evil/webrtc/signal?nodeId=x', headers=FORGED), 404, 'not-found')
    origin = {'Origin': 'https://evil.example', 'Host': 'a.example', **FORGED}
    check_error(get(p, '/nodes', headers=origin), 403, 'forbidden')
    equal(upgrade_status(p, origin), 403, 'an upgrade')
    # What it makes up does not save it from the limit of the address it comes from.
    statuses = [knock(p, {'X-Forwarded-For': f'203.0.113.{n % 256}'}) for n in range(200)]
    check(statuses.count(200) >= 60, 'the burst was not served')
    check(statuses.count(429) > 0, 'nothing was refused')


@case('a trusted proxy says by which URL the client came')
def _():
    p = shared_server(*OPEN, *TRUSTING).port
    answer = by_proxy(p, '/webrtc/info', X_Forwarded_Proto='https', X_Forwarded_Host='hub.example',
                      X_Forwarded_For='203.0.113.1').json()
    equal(answer['websocketUrl'], 'wss://hub.example/webrtc/signal', 'the URL')
    equal(answer['coordinatorUrl'], 'https://hub.example/webrtc', 'the URL')
    for path in ('/webrtc/info', '/pre/fix/webrtc/info'):
        answer = by_proxy(p, path, X_Forwarded_Prefix='/pre/fix', Host='hub.example:81').json()
        equal(answer['websocketUrl'], 'ws://hub.example:81/pre/fix/webrtc/signal', 'the URL')
    equal(by_proxy(p, '/nodes', Host='10.0.0.1', Origin='https://hub.example',
                   X_Forwarded_Proto='https', X_Forwarded_Host='hub.example').status, 200,
          'the own origin, as the browser sees it')
    check_error(by_proxy(p, '/nodes', Host='10.0.0.1', Origin='https://hub.example',
                         X_Forwarded_Host='hub.example'), 403, 'forbidden')
    for header in ('X_Forwarded_For', 'X_Forwarded_Proto', 'X_Forwarded_Host', 'X_Forwarded_Prefix'):
        check_error(by_proxy(p, '/metrics', **{header: '127.0.0.1'}), 403, 'forbidden')


@case('a page that took a foreign name for this machine does not get in by claiming to be a proxy')
def _():
    p = shared_server('--trusted-proxy', 'loopback').port
    rebound = {'Host': 'evil.example', 'X-Forwarded-Host': 'localhost'}
    for path in ('/nodes', '/webrtc/info', '/webrtc/signal?nodeId=x&timeout=1'):
        check_error(get(p, path, headers=rebound), 403, 'forbidden')
        check_error(get(p, path, headers={'X-Forwarded-Host': 'evil.example'}), 403, 'forbidden')
        check_error(get(p, path, headers={**rebound, 'Origin': 'http://localhost'}), 403, 'forbidden')
    equal(upgrade_status(p, rebound), 403, 'an upgrade')
    equal(get(p, '/nodes', headers={'X-Forwarded-Host': 'localhost:81'}).status, 200, 'the status')


@case('behind a trusted proxy, who uses up its limit is refused, and the other client is not')
def _():
    p = shared_server(*OPEN, *TRUSTING, *SLOW).port
    inside = DesignClient(p, 'proxied', 'global', source=PROXY,
                          headers={'X-Forwarded-For': '203.0.113.50'})
    refused = 0
    for n in range(200):
        answer = by_proxy(p, '/healthz', X_Forwarded_For='198.51.100.7, 203.0.113.50, 192.0.2.8')
        if answer.status == 429:
            check(int(answer.get('retry-after')) >= 1, f'Retry-After: {answer}')
            check_error(answer, 429, 'rate-limited')
            refused += 1
        else:
            equal(answer.status, 200, 'the status')
        if n % 50 == 49:
            equal(by_proxy(p, '/healthz', X_Forwarded_For='203.0.113.51').status, 200, 'the other')
            equal(by_proxy(p, '/healthz').status, 200, 'the proxy itself')
    check(refused > 0, 'nothing was refused')
    inside.silent('peer-joined', 'peer-left')
    inside.stop()


@case('behind a trusted proxy, open WebSockets count for their clients as long as they are open')
def _():
    p = shared_server(*OPEN, *TRUSTING, '--limit', 'connections-per-address=2').port

    def opened(client, node):
        return DesignClient(p, node, source=PROXY, headers={'X-Forwarded-For': client})

    watcher = Connection(p)
    for _round in range(3):
        two = [opened('2001:db8::1', f'open-{n}') for n in range(2)]
        answer = by_proxy(p, '/webrtc/signal?nodeId=open-2', X_Forwarded_For='2001:db8::2', **{
            name.replace('-', '_'): value for name, value in UPGRADE.items()})
        check_error(answer, 503, 'busy')
        check_error(by_proxy(p, '/healthz', X_Forwarded_For='2001:db8::2'), 503, 'busy')
        equal(by_proxy(p, '/healthz', X_Forwarded_For='2001:db8:0:1::1').status, 200, 'another /64')
        opened('203.0.113.1', 'open-other').stop()
        for each in two:
            each.stop()
        await_alone(watcher)
    watcher.close()


main()
