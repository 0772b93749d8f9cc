#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""/metrics, /webrtc/stats and /readyz: exact counts of known traffic, the format, and who may ask."""

import json
import os
import re
import socket
import tempfile

from harness import (Node, Program, Server, at_end, case, check, end_shared_servers, equal, main,
                     shared_server, tmpdir)
from design_client import DesignClient, DesignHttpClient
from legacy_client import LegacyClient
from private_bus import PrivateBus
from rawhttp import Connection, check_error, get, get_json, post, request
from rawws import TEXT

at_end(end_shared_servers)

PATIENCE = 60

SAMPLE = re.compile(r'(sentient_[a-z_]+)(\{(?:[a-z]+="[^"\\\n]*",?)*\})? ([0-9.]+)')


def port():
    return shared_server().port


def scrape(p):
    """The samples by name and labels, after every line was looked at."""
    answer = get(p, '/metrics')
    equal(answer.status, 200, 'the status')
    equal(answer.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8', 'content type')
    check(answer.body.endswith(b'\n'), 'the last line has no end')
    samples, types, helped = {}, {}, set()
    family = None
    for line in answer.body.decode('utf-8').splitlines():
        if line.startswith('# HELP '):
            family = line.split(' ')[2]
            check(family not in helped and len(line.split(' ')) > 5, f'a bad HELP: {line}')
            helped.add(family)
        elif line.startswith('# TYPE '):
            _, _, name, kind = line.split(' ')
            equal(name, family, 'TYPE does not follow its HELP')
            types[name] = kind
        else:
            match = SAMPLE.fullmatch(line)
            check(match, f'no sample: {line!r}')
            base = match.group(1)
            if types.get(family) == 'histogram':
                base = re.sub('_(bucket|sum|count)$', '', base)
            equal(base, family, f'the family of {line!r}')
            check(family in types, f'no TYPE before {line!r}')
            key = match.group(1)[len('sentient_'):] + (match.group(2) or '')
            check(key not in samples, f'{key} came twice')
            samples[key] = float(match.group(3))
            if types[family] == 'counter':
                check(family.endswith('_total'), f'a counter without _total: {family}')
    equal(helped, set(types), 'families with HELP and with TYPE')
    return samples


# what asking itself changes, and time
RESTLESS = ('uptime', 'received_bytes', 'sent_bytes', 'connections_accepted', 'loop_lag', 'sources',
            'relay_latency_seconds_bucket', 'relay_latency_seconds_sum')


def difference(before, after):
    """What changed, without what asking changes."""
    changed = {k: after.get(k, 0) - before.get(k, 0) for k in before.keys() | after.keys()}
    return {k: n for k, n in changed.items() if n and not k.startswith(RESTLESS)}


def signals(type_, outcome):
    return f'signals_total{{type="{type_}",outcome="{outcome}"}}'


def refused(type_, code):
    return f'signals_refused_total{{type="{type_}",code="{code}"}}'


def errors(code):
    return f'errors_total{{code="{code}"}}'


@case('the format; a fresh server')
def _():
    samples = scrape(port())
    equal((samples['rooms'], samples['nodes'], samples['ready']), (3, 0, 1), 'gauges')
    equal(samples['build_info{version="0.1.0"}'], 1, 'build_info')
    for name in ('relay_latency_seconds', 'loop_lag_seconds'):
        buckets = [n for k, n in samples.items() if k.startswith(name + '_bucket')]
        equal(buckets, sorted(buckets), 'cumulative buckets')
        equal(samples[name + '_bucket{le="+Inf"}'], samples[name + '_count'], name)
    head = request(port(), 'HEAD', '/metrics')
    equal((head.status, head.body), (200, b''), 'HEAD')
    check_error(post(port(), '/metrics', {}), 405, 'method-not-allowed')


@case('delivered by WebSocket: exact counts, gauges and latency')
def _():
    server = Server()
    p = server.port
    before = scrape(p)
    a = DesignClient(p, 'ma', 'mroom')
    b = LegacyClient(p, 'mb', 'mroom')
    a.take_joined('mb')
    for n in range(7):
        a.offer('mb', 'mroom', str(n))
        b.expect('offer')
    b.answer('ma', 'mroom', 'A')
    a.take_answer('mb')
    a.candidate('mb', 'mroom', {'candidate': 'c', 'sdpMid': '0'})
    b.expect('ice-candidate')
    after = scrape(p)
    equal(difference(before, after), {
        'connections{kind="websocket"}': 2, 'rooms': 1, 'nodes': 2, 'memberships': 2,
        signals('offer', 'delivered'): 7, signals('answer', 'delivered'): 1,
        signals('ice-candidate', 'delivered'): 1, 'joins_total': 2,
        'room_events_total{type="peer-joined"}': 1, 'relay_latency_seconds_count': 9,
    }, 'what changed')
    check(after['relay_latency_seconds_sum'] < 9 * 5, 'the latency')
    check(after['sent_bytes_total'] > before['sent_bytes_total'] + 1000, 'sent bytes')
    check('mroom' not in get(p, '/metrics').body.decode(), 'a room name in the metrics')
    check('mroom' not in str(get_json(p, '/webrtc/stats')), 'a room name in the statistics')

    a.stop()
    b.take_left('ma')
    end = difference(after, scrape(p))
    equal(end, {
        'connections{kind="websocket"}': -1, 'nodes': -1, 'memberships': -1,
        'leaves_total{reason="left"}': 1, 'room_events_total{type="peer-left"}': 1}, 'the end')
    b.close()
    server.stop()


@case('queued, refused by code, polls held, and what is lost with a session')
def _():
    server = Server()
    p = server.port
    a = DesignHttpClient(p, 'qa', 'q')
    h = DesignHttpClient(p, 'qh', 'q')
    equal(len(a.poll(1)), 1, 'the join of the other')
    before = scrape(p)
    for n in range(3):
        a.offer('qh', 'q', str(n))
    changed = difference(before, scrape(p))
    check(changed.pop('queued_bytes') > 0, 'queued bytes')
    equal(changed, {signals('offer', 'queued'): 3, 'queued_messages': 3}, 'what waits')
    equal(len(h.poll(1)), 3, 'the signals')
    equal(difference(before, scrape(p)),
          {signals('offer', 'queued'): 3, 'relay_latency_seconds_count': 3}, 'after the poll')

    before = scrape(p)
    h.start_poll(25000)
    get_json(p, '/healthz')
    equal(difference(before, scrape(p)), {'connections{kind="poll"}': 1}, 'a held poll')
    a.post('renegotiate', 'qh', 'q', 'payload', {})
    equal(len(h.finish_poll()), 1, 'the signal')
    equal(difference(before, scrape(p)), {
        signals('renegotiate', 'delivered'): 1, 'relay_latency_seconds_count': 1}, 'a poll')

    before = scrape(p)
    base = {'from': 'qa', 'to': 'qh', 'room': 'q', 'type': 'answer', 'sdp': 'x'}
    for change, status, code in (({'to': 'qa'}, 400, 'bad-request'), ({'from': None}, 400, 'bad-request'),
                                 ({'from': 'stranger'}, 403, 'forbidden'),
                                 ({'room': 'global'}, 403, 'forbidden'),
                                 ({'room': 'nowhere'}, 404, 'unknown-room'),
                                 ({'to': 'stranger'}, 404, 'unknown-peer')):
        body = {k: v for k, v in {**base, **change}.items() if v is not None}
        check_error(post(p, '/webrtc/signal', body), status, code)
    check_error(post(p, '/webrtc/signal', b'{'), 400, 'bad-request')
    check_error(get(p, '/nothing'), 404, 'not-found')
    equal(difference(before, scrape(p)), {
        signals('answer', 'refused'): 6,
        refused('answer', 'bad-request'): 2, refused('answer', 'forbidden'): 2,
        refused('answer', 'unknown-room'): 1, refused('answer', 'unknown-peer'): 1,
        errors('bad-request'): 3, errors('forbidden'): 2, errors('unknown-room'): 1,
        errors('unknown-peer'): 1, errors('not-found'): 1}, 'refusals')

    before = scrape(p)
    a.offer('qh', 'q', 'never')
    h.leave()
    equal(difference(before, scrape(p)), {
        signals('offer', 'queued'): 1, 'nodes': -1, 'memberships': -1,
        'leaves_total{reason="left"}': 1, 'room_events_total{type="peer-left"}': 1,
        'queued_messages': 1, 'queued_bytes': scrape(p)['queued_bytes'] - before['queued_bytes'],
        'dropped_messages_total{kind="signal",reason="session-ended"}': 1}, 'a loss that is told')
    server.stop()


@case('a full outbox: busy for the sender, and what is dropped')
def _():
    server = Server()
    p = server.port
    senders = [DesignClient(p, f'fs{n}', 'f') for n in range(5)] # each may fill a quarter
    h = DesignHttpClient(p, 'fh', 'f')
    DesignHttpClient(p, 'fc', 'f')
    for sender in senders:
        sender.barrier()
    before = scrape(p)
    wanted = 256 * len(senders)
    busy = []
    for sender in senders:
        for n in range(256):
            sender.offer('fh', 'f', 'x')
        busy += [m for m in sender.barrier() if m['type'] == 'error']
    equal(len(busy), wanted - 1023, 'how many do not fit beside the event')
    equal({m['code'] for m in busy}, {'busy'}, 'the errors')
    DesignHttpClient(p, 'fd', 'f')
    senders[0].take_joined('fd')
    changed = difference(before, scrape(p))
    equal(changed[signals('offer', 'queued')], wanted - len(busy), 'queued')
    equal(changed[refused('offer', 'busy')], len(busy), 'refused')
    equal(changed[errors('busy')], len(busy), 'errors')
    equal(changed['dropped_messages_total{kind="event",reason="outbox-full"}'], 2,
          'dropped events: the one that waited, and the one that does not fit')
    check(not any(k.startswith('dropped') and 'kind="signal"' in k for k in changed),
          f'a signal was dropped: {changed}')
    for sender in senders:
        sender.stop()
    server.stop()


@case('errors by WebSocket, and of the engine')
def _():
    p = port()
    a = DesignClient(p, 'ea', 'e')
    before = scrape(p)
    for message in ('{', '[]', '{"type":"dance"}'):
        a.send_frame(TEXT, message.encode())
        a.expect_error('bad-request')
    a.leave('nowhere')
    with Connection(p) as connection:
        connection.send(b'nonsense\r\n\r\n')
        check_error(connection.response(), 400, 'bad-request')
    equal(difference(before, scrape(p)), {errors('bad-request'): 4, errors('unknown-room'): 1},
          'errors')
    a.stop()


@case('/webrtc/stats tells the same numbers')
def _():
    a = DesignClient(port(), 'sa', 's')
    a.offer('nobody', 's', 'x')
    a.expect_error('unknown-peer')
    stats, samples = get_json(port(), '/webrtc/stats'), scrape(port())
    for name, kind in (('http', 'http'), ('websocket', 'websocket'), ('poll', 'poll')):
        equal(stats['connections'][name], samples[f'connections{{kind="{kind}"}}'], name)
    for name in ('rooms', 'nodes', 'memberships'):
        equal(stats[name], samples[name], name)
    equal(stats['joins'], samples['joins_total'], 'joins')
    for type_, numbers in stats['signals'].items():
        equal(sum(numbers['refused'].values()), samples[signals(type_, 'refused')], type_)
        for outcome in ('delivered', 'queued'):
            equal(numbers[outcome], samples[signals(type_, outcome)], type_)
    for code, n in stats['errors'].items():
        equal(n, samples[errors(code)], code)
    equal(stats['relayLatency']['count'], samples['relay_latency_seconds_count'], 'latency')
    equal(stats['ready'], True, 'ready')
    a.stop()
    server = Server('--no-webrtc')
    check_error(get(server.port, '/webrtc/stats'), 404, 'not-found')
    equal(scrape(server.port)['nodes'], 0, '/metrics is there without WebRTC')
    server.stop()


def own_address():
    """An address of this machine that is not loopback; none: None. Nothing is sent to find it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(('192.0.2.1', 9))
        except OSError:
            return None
        address = probe.getsockname()[0]
    return None if address.startswith(('127.', '0.')) else address


@case('only this machine may ask: no proxy, no foreign name, no page, no other address')
def _():
    server = Server('--host', '0.0.0.0', '--debug')
    p = server.port
    for path in ('/metrics', '/webrtc/stats'):
        equal(get(p, path).status, 200, path)
        equal(get(p, path, headers={'Host': f'localhost:{p}'}).status, 200, path)
        for headers in ({'Host': 'evil.example'}, {'X-Forwarded-For': '192.0.2.1'},
                        {'Forwarded': 'for=192.0.2.1'}, {'Origin': 'http://evil.example'}):
            answer = get(p, path, headers=headers)
            check_error(answer, 403, 'forbidden')
            check(b'sentient_' not in answer.body, 'it tells')
        address = own_address()
        if address is None:
            print('# no other address here')
            continue
        with Connection(p, host=address, source=address) as connection:
            check_error(connection.request('GET', path), 403, 'forbidden')
            equal(connection.request('GET', '/healthz').status, 200, '/healthz from elsewhere')
            equal(connection.request('GET', '/readyz').status, 200, '/readyz from elsewhere')
            check_error(connection.request('GET', path), 403, 'forbidden')
            told = [line for line in (server.report() + server.stderr()).splitlines()
                    if f'{connection.sock.getsockname()[1]} is refused' in line]
            check(1 <= len(set(line.split('is refused')[1] for line in told)), 'no line about it')
    server.stop()


def command(bus, *args):
    program = Program(args, env=bus.env())
    equal(program.wait_exit(PATIENCE), 0, ' '.join(args))
    lines = program.lines
    program.destroy()
    return lines


@case('a daemon tells of its node, too: what it says, hears and sends', seconds=240)
def _():
    bus = PrivateBus()
    monitor = Program(['monitor', '--json'], env=bus.env())
    monitor.wait_line('"available":false')
    daemon = Program(['--port', '0', '--stun', 'none', '--node-id', 'alice'], env=bus.env(),
                     program=os.environ['SENTIENTD'])
    monitor.wait_line('"available":true', PATIENCE)
    url = json.loads(command(bus, 'status', '--json')[0])['coordinatorUrl']
    p = int(url.split(':')[-1])
    equal(scrape(p)['node_sent_messages_total'], 0, 'a series is there before its first rise')
    inbox = tempfile.mkdtemp(dir=tmpdir())
    bob = Node('bob', url, args=['--accept-files', inbox])
    monitor.wait_line('"event":"connection","nodeId":"bob".*"state":"connected"', PATIENCE)

    before = scrape(p)
    equal((before['node_connected'], before['node_rooms']), (1, 1), 'the node')
    equal(before['node_connections{state="connected"}'], 1, 'connections by state')
    command(bus, 'send', 'bob', 'a word')
    bob.wait_line('a word', PATIENCE)
    bob.write('an answer')
    monitor.wait_line('"event":"message","nodeId":"bob"', PATIENCE)
    changed = {k: n for k, n in difference(before, scrape(p)).items() if k.startswith('node_')}
    changed.pop('node_open_connections{way="direct"}', None) # known a moment after it is open
    equal(changed, {'node_sent_messages_total': 1, 'node_received_messages_total': 1,
                    'node_sent_bytes_total': 6, 'node_received_bytes_total': 9}, 'what changed')
    equal(scrape(p)['node_open_connections{way="direct"}'], 1, 'the way')

    path = os.path.join(tmpdir(), 'a-file')
    with open(path, 'wb') as file:
        file.write(b'x' * 50000)
    command(bus, 'send-file', 'bob', path)
    samples = scrape(p)
    equal((samples['node_transfers_total{outcome="done"}'], samples['node_transfer_sent_bytes_total']),
          (1, 50000), 'a file')
    text = get(p, '/metrics').body.decode()
    check('bob' not in text and 'alice' not in text and 'global' not in text, 'a name in the metrics')
    check_error(get(p, '/metrics', headers={'Host': 'evil.example'}), 403, 'forbidden')

    bob.quit(PATIENCE)
    monitor.wait_line('"event":"connection","nodeId":"bob".*"state":"(closed|gone)"', PATIENCE)
    after = scrape(p)
    equal(after['node_connections{state="connected"}'], 0, 'nobody is there')
    equal((after['node_sent_messages_total'], after['node_received_messages_total']), (1, 1),
          'what was counted stays')
    told = json.loads(command(bus, 'status', '--json')[0])['statistics']['node']
    equal((told['messagesSent'], told['bytesReceived'], told['transfers']['bytesSent']),
          (1, 9, 50000), 'GetStatistics tells the same')
    command(bus, 'stop', 'node')
    equal(scrape(p)['node_connected'], 0, 'the node rests')
    command(bus, 'stop')
    daemon.stop(0)
    monitor.stop()
    bus.stop()


@case('a coordinator with seeds tells of its node, one without has none')
def _():
    hub = Server('--stun', 'none')
    check(not any(k.startswith('node_') for k in scrape(hub.port)), 'it has no node')
    other = Server('--stun', 'none', '--seed', f'http://127.0.0.1:{hub.port}')
    other.wait_line('Joined "global" at the seed', PATIENCE)
    samples = scrape(other.port)
    equal((samples['node_connected'], samples['node_rooms']), (1, 1), 'its node')
    other.stop()
    hub.stop()


@case('/readyz: ready, and not while it drains')
def _():
    server = Server()
    answer = get(server.port, '/readyz')
    equal((answer.status, answer.json()), (200, {'ready': True}), 'ready')
    a = DesignClient(server.port, 'ra', 'r')
    late, stats = Connection(server.port), Connection(server.port)
    for connection, path in ((late, b'/readyz'), (stats, b'/webrtc/stats')):
        connection.send(b'GET ' + path + b' HTTP/1.1\r\nHost: loc')
    # The server has read these heads' beginnings: it reads in order of arrival.
    get_json(server.port, '/healthz')
    server.popen.terminate()
    equal(a.wait_closed(), 1001, 'the close code')
    late.send(b'alhost\r\n\r\n')
    answer = late.response()
    equal((answer.status, answer.json()), (503, {'ready': False, 'reason': 'draining'}), 'draining')
    stats.send(b'alhost\r\n\r\n')
    equal(stats.response().json()['ready'], False, 'ready in the statistics')
    for connection in (late, stats, a):
        connection.close()
    server.stop(0)


main()
