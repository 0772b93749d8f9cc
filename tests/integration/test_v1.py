#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""v1 sessions: nothing lost, nothing twice, whatever happens to their sockets."""

import json

from harness import (Server, at_end, case, check, contains, end_shared_servers, equal, main,
                     shared_server)
from design_client import DesignClient
from legacy_client import LegacyClient
from rawhttp import Connection, check_error, get_json, post, request
from rawws import Closed
from v1_client import V1Http, V1Socket

at_end(end_shared_servers)


def port():
    return shared_server().port


# a session from its opening to its end


@case('nothing comes before resume; then connected, and everything is numbered')
def _():
    a = V1Socket(port(), 'open-a', first=False)
    check(not a.readable(), 'something came before the client said what it wants')
    a.open()
    equal(a.connected['resumed'], False, 'resumed')
    result = a.join('open-room', metadata={'name': 'A'})
    equal(result['peers'], [], 'nobody is there')
    check(isinstance(result['iceServers'], list), 'no iceServers')
    b = V1Socket(port(), 'open-b')
    peer, = b.join('open-room')['peers']
    equal((peer['nodeId'], peer['peerId'], peer['name'], peer['online']),
          ('open-a', 'open-a', 'A', True), 'the peer object')
    equal(peer['polite'], False, 'the larger id is not polite')
    joined = a.expect('peer-joined', room='open-room')
    equal(joined['peer']['polite'], True, 'the smaller id is polite')
    b.offer('open-a', 'open-room', 'x')
    offer = a.expect('offer', from_='open-b')
    equal(sorted(offer), ['from', 'payload', 'room', 'seq', 'type'], 'the one form of a signal')
    a.wait_acked()
    b.wait_acked()
    a.leave('open-room')
    b.expect('peer-left', nodeId='open-a', reason='left')
    equal(a.close_frame(), 1000, 'the end')


@case('v1, design and legacy clients meet in one room, over either transport')
def _():
    v1 = V1Socket(port(), 'mix-v1')
    v1.join('mix', metadata={'name': 'V'})
    design = DesignClient(port(), 'mix-design', 'mix')
    legacy = LegacyClient(port(), 'mix-legacy')
    legacy.join('mix')
    http = V1Http(port(), 'mix-http')
    polite = {p['nodeId']: p['polite'] for p in http.join('mix')['peers']}
    equal(polite, {'mix-v1': True, 'mix-design': True, 'mix-legacy': True}, 'polite to plain ones')
    equal(v1.expect('peer-joined', nodeId='mix-design')['peer']['polite'], True, 'to a plain one')
    design.offer('mix-v1', 'mix', 'from design')
    equal(v1.take_offer('mix-design'), 'from design', 'a lifted sdp comes as payload')
    v1.offer('mix-design', 'mix', 'to design')
    equal(design.take_offer('mix-v1'), 'to design', 'and the other way')
    v1.offer('mix-http', 'mix', 'to http')
    contains([i['payload']['sdp'] for i in http.poll() if i['type'] == 'offer'], 'to http', 'a poll')
    http.offer('mix-design', 'mix', 'from http')
    equal(design.take_offer('mix-http'), 'from http', 'from http')


@case('a room in the URL is joined when the session is there, not twice')
def _():
    a = V1Socket(port(), 'url-a', room='url-room')
    equal(a.expect('join-result', room='url-room')['success'], True, 'joined')
    a.reset()
    a = V1Socket(port(), 'url-a', resume=a, room='url-room')
    equal(a.connected['resumed'], True, 'resumed')
    a.silent('ack')


@case('what was not acknowledged comes again under its number, in order; the rest does not')
def _():
    a, b = V1Socket(port(), 'again-a'), V1Socket(port(), 'again-b')
    a.join('again')
    b.join('again')
    b.ack()
    for n in range(10):
        a.offer('again-b', 'again', f'{n}')
    for n in range(10):
        equal(b.take_offer('again-a'), f'{n}', 'in order')
    first = b.seq - 9
    b.ack(first + 3)
    b.barrier()
    b.reset()
    a.offer('again-b', 'again', 'while away')
    b = V1Socket(port(), 'again-b', resume=b, after=first + 3)
    for n in [4, 5, 6, 7, 8, 9, 'while away']:
        equal(b.take_offer('again-a'), f'{n}', 'again, and once')
    b.silent('ack', 'peer-online', 'peer-offline')


@case('a request that is repeated after a lost socket is handled once')
def _():
    a, b = V1Socket(port(), 'once-a'), V1Socket(port(), 'once-b')
    a.join('once')
    b.join('once')
    for n in range(5):
        a.offer('once-b', 'once', f'{n}')
    a.reset()
    for n in range(5):
        equal(b.take_offer('once-a'), f'{n}', 'in order')
    a = V1Socket(port(), 'once-a', resume=a)
    equal(a.connected['ref'], a.ref, 'all of them were handled')
    for ref in range(a.ref - 4, a.ref + 1):
        a.request(ref=ref, type='offer', to='once-b', room='once', payload={'sdp': 'twice'})
    a.offer('once-b', 'once', 'new')
    equal(b.take_offer('once-a'), 'new', 'only what is new')
    a.wait_acked()


@case('the server acknowledges requests within half a second, or 32 at a time')
def _():
    a, b = V1Socket(port(), 'acks-a'), V1Socket(port(), 'acks-b')
    a.join('acks')
    b.join('acks')
    b.wait_acked()
    a.wait_acked()
    a.barrier()
    for n in range(100):
        a.offer('acks-b', 'acks', f'{n}')
    a.wait_acked()
    acks = [m for m, _ in a.inbox if m['type'] == 'ack']
    check(len(acks) <= 100 // 32 + 3, f'{len(acks)} acks for 100 requests')


@case('an error says which request it answers, and survives a lost socket')
def _():
    a = V1Socket(port(), 'err-a')
    a.join('err')
    ref = a.offer('nobody', 'err', 'x')
    bad = a.request(type='offer', to='not a name!', room='err')
    unknown = a.request(type='dance')
    equal(a.expect('error', ref=ref)['code'], 'unknown-peer', 'the first')
    equal(a.expect('error', ref=bad)['code'], 'bad-request', 'the second')
    equal(a.expect('error', ref=unknown)['code'], 'bad-request', 'the third')
    seq = a.seq
    a.reset()
    a = V1Socket(port(), 'err-a', resume=a, after=seq - 3)
    equal(a.connected['ref'], unknown, 'all three were handled')
    for number in (ref, bad, unknown):
        a.expect('error', ref=number)
    failed = a.expect(
        'join-result', ref=a.request(type='join', room='err', metadata={'x': 'y' * 1900}))
    equal(failed['success'], True, 'metadata within its limit')
    failed = a.expect('error', ref=a.request(type='join', room='err', metadata={'x': 'y' * 3000}))
    equal(failed['code'], 'payload-too-large', 'metadata over it')
    left = a.expect('leave-result', ref=a.request(type='leave', room='elsewhere'))
    equal((left['success'], left['code']), (False, 'unknown-room'), 'a room that it is not in')
    a.send_json({'type': 'offer', 'to': 'x', 'room': 'err'})
    equal(a.expect('error')['code'], 'bad-request', 'a request without a number')
    a.send_text('{nonsense')
    equal(a.expect('error')['code'], 'bad-request', 'no JSON')
    a.send_json({'type': 'resume'})
    equal(a.expect('error')['code'], 'bad-request', 'a second resume')


@case('members are told who is away, and who is back; plain ones are not')
def _():
    a, b = V1Socket(port(), 'pres-a'), V1Socket(port(), 'pres-b')
    plain = DesignClient(port(), 'pres-plain', 'pres')
    a.join('pres')
    b.join('pres')
    plain.barrier()
    b.reset()
    equal(a.expect('peer-offline', nodeId='pres-b')['room'], 'pres', 'the room')
    c = V1Socket(port(), 'pres-c')
    online = {p['nodeId']: p['online'] for p in c.join('pres')['peers']}
    equal(online, {'pres-a': True, 'pres-b': False, 'pres-plain': True}, 'who is there')
    b = V1Socket(port(), 'pres-b', resume=b)
    a.expect('peer-online', nodeId='pres-b')
    equal([m['type'] for m in plain.barrier()], ['peer-joined'], 'the plain one heard of c only')


@case('signals that wait for a session that ends go back to their senders')
def _():
    a, b = V1Socket(port(), 'und-a'), V1Socket(port(), 'und-b')
    http = V1Http(port(), 'und-http')
    a.join('und')
    http.join('und')
    b.join('und')
    refs = [a.offer('und-b', 'und', f'{n}') for n in range(3)]
    http.offer('und-b', 'und', 'x')
    b.expect('offer', from_='und-http')  # seen, but not acknowledged
    a.wait_acked()
    b.close_frame()
    equal(a.expect('undelivered', to='und-b')['refs'], refs, 'the numbers')
    equal([i['refs'] for i in http.poll() if i['type'] == 'undelivered'], [[http.ref]], 'over HTTP')
    equal(a.expect('peer-left', nodeId='und-b')['reason'], 'left', 'and it is gone')


@case('the list of a large room comes in pages')
def _():
    members = []
    for n in range(30):
        member = V1Http(port(), f'page-{n:02}')
        member.join('page', metadata={'name': f'{n}', 'x': 'm' * 1900})
        members.append(member)
    a = V1Socket(port(), 'page-a')
    peers = a.join('page')['peers']
    equal(sorted(p['nodeId'] for p in peers), [m.node_id for m in members], 'everybody')
    check(len(a.last_raw) < 65536, 'a page is a message like others')


# a client that does not keep up


@case('room events that do not fit become one room-state; signals are refused to their sender')
def _():
    slow = V1Socket(port(), 'slow')
    slow.join('slow-room')
    a = V1Socket(port(), 'slow-sender')
    a.join('slow-room')
    others = {}
    rounds = 0
    # Presence events fill its outbox: it reads, but acknowledges nothing.
    while slow.seq < 1024:
        if not others or rounds % 8 == 0:
            for n in range(8):
                name = f'slow-{n}'
                others[name] = V1Socket(port(), name, resume=others.get(name))
                if not others[name].connected['resumed']:
                    others[name].join('slow-room')
        rounds += 1
        for name, other in others.items():
            other.barrier()
            other.ack()
            other.reset()
            others[name] = V1Socket(port(), name, resume=other)
        slow.barrier()
        a.barrier()
        a.ack()
        check(rounds < 400, f'only {slow.seq} messages')
    equal(slow.seq, 1024, 'no more than the outbox holds')
    ref = a.offer('slow', 'slow-room', 'x')
    equal(a.expect('error', ref=ref)['code'], 'busy', 'told to who sent it')
    for other in others.values():
        other.request(type='leave', room='slow-room')
        other.expect('leave-result')
    a.ack()
    slow.barrier()
    equal(slow.seq, 1024, 'nothing comes until it acknowledges')
    slow.ack()
    state = slow.expect('room-state', room='slow-room')
    equal([p['nodeId'] for p in state['peers']], ['slow-sender'], 'the room as it is')
    a.offer('slow', 'slow-room', 'y')
    equal(slow.take_offer('slow-sender'), 'y', 'and it goes on')
    for other in others.values():
        other.close()


@case('a client that does not read is closed with 4008; what waits for it is kept', seconds=120)
def _():
    a, b = V1Socket(port(), 'deaf-a'), DesignClient(port(), 'deaf-b', 'deaf', small_buffers=True)
    a.join('deaf')
    b.expect('peer-joined')
    refs, refused = [], []
    while not refused:
        refs += [a.offer('deaf-b', 'deaf', f'{len(refs) + n} ' + 'v' * 40000) for n in range(32)]
        a.wait_acked()
        refused = [m for m, _raw in a.inbox if m['type'] == 'error']
        check(len(refs) < 4000, 'nothing was ever refused')
    equal({m['code'] for m in refused}, {'busy'}, 'why they are refused')
    for message in refused:
        refs.remove(message['ref'])
    try:
        while True:
            last = int(b.take_offer('deaf-a').split()[0])
    except Closed as closed:
        check(closed.code in (4008, None), f'closed with {closed.code}')
    b = DesignClient(port(), 'deaf-b')
    rest = int(b.take_offer('deaf-a').split()[0])
    check(rest > last, 'nothing comes twice')
    for n in range(rest + 1, len(refs)):
        equal(int(b.take_offer('deaf-a').split()[0]), n, 'what waited, in order')


# who may have a session


@case('a session yields to nobody without its token', seconds=90)
def _():
    a = V1Socket(port(), 'mine')
    a.join('mine-room')
    other = V1Socket(port(), 'mine', first=False)
    other.send_json({'type': 'resume'})
    equal(other.expect('error')['code'], 'node-id-taken', 'without a token')
    equal(other.wait_closed(), 4009, 'the close code')
    other = V1Socket(port(), 'mine', first=False)
    other.send_json({'type': 'resume', 'session': a.session, 'token': 'x' * 22, 'after': 0})
    equal(other.expect('error')['code'], 'node-id-taken', 'with a wrong token')
    equal(other.wait_closed(), 4009, 'the close code')
    for plain in ({}, {'Sec-WebSocket-Protocol': 'chat'}):
        with Connection(port()) as connection:
            upgrade = {'Upgrade': 'websocket', 'Connection': 'Upgrade', 'Sec-WebSocket-Version': '13',
                       'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==', **plain}
            check_error(connection.request('GET', '/webrtc/signal?nodeId=mine', headers=upgrade), 409,
                        'node-id-taken')
    for path, body in (('/webrtc/join', {'nodeId': 'mine', 'room': 'r'}),
                       ('/webrtc/leave', {'nodeId': 'mine'}),
                       ('/webrtc/signal', {'from': 'mine', 'to': 'x', 'type': 'offer', 'sdp': 'x'})):
        answer = post(port(), path, body)
        check_error(answer, 401, 'unauthorized')
        equal(answer.get('www-authenticate'), 'Bearer', 'WWW-Authenticate')
    check_error(request(port(), 'GET', '/webrtc/signal?nodeId=mine&after=0'), 401, 'unauthorized')
    check_error(request(port(), 'GET', '/webrtc/signal?nodeId=mine', headers={
        'Authorization': 'Bearer ' + 'x' * 22}), 401, 'unauthorized')
    check_error(post(port(), '/webrtc/join', {'nodeId': 'mine', 'room': 'r', 'v1': True}), 409,
                'node-id-taken')
    a.silent('ack')  # and it noticed nothing
    a.reset()
    other = V1Socket(port(), 'mine', first=False)  # nor while it is away
    other.send_json({'type': 'resume'})
    equal(other.wait_closed(), 4009, 'in its grace time')
    a = V1Socket(port(), 'mine', resume=a)
    equal(a.connected['resumed'], True, 'but it may come back')


@case('a plain session is not taken by a v1 client; one that never got its token is')
def _():
    plain = DesignClient(port(), 'both', 'both-room')
    other = V1Socket(port(), 'both', first=False)
    other.send_json({'type': 'resume'})
    equal(other.wait_closed(), 4009, 'a plain one has it')
    plain.silent()
    # The answer to the first resume was lost with its socket: nobody can have the token.
    lost = V1Socket(port(), 'lost-token')
    lost.reset()
    again = V1Socket(port(), 'lost-token', first=False)
    again.send_json({'type': 'resume'})
    connected = again.expect('connected')
    equal(connected['resumed'], False, 'a new session')


@case('two sockets for one session: the older one is closed with 4001')
def _():
    a, b = V1Socket(port(), 'two-a'), V1Socket(port(), 'two-b')
    a.join('two')
    b.join('two')
    newer = V1Socket(port(), 'two-a', resume=a)
    equal(a.wait_closed(), 4001, 'the older one')
    b.offer('two-a', 'two', 'x')
    equal(newer.take_offer('two-b'), 'x', 'the newer one has it')
    b.silent('ack', 'peer-online', 'peer-offline')  # the others noticed nothing


# what breaks the rules


def refused(text, code=4002, node_id='rules', **kwargs):
    """The first message of a socket, which ends it."""
    socket = V1Socket(port(), node_id, first=False, **kwargs)
    socket.send_text(text if isinstance(text, (str, bytes)) else json.dumps(text))
    equal(socket.expect('error')['code'], 'bad-request', f'the error for {text!r:.60}')
    equal(socket.wait_closed(), code, f'the close code for {text!r:.60}')


@case('the first message must be a resume of at most 4 KiB')
def _():
    refused({'type': 'ping'})
    refused({'type': 'join', 'room': 'r', 'ref': 1})
    refused('{')
    refused('[]')
    refused({'type': 'resume', 'token': 7})
    refused({'type': 'resume', 'after': -1, 'token': 'x'})
    refused({'type': 'resume', 'x': 'y' * 4096})
    socket = V1Socket(port(), 'rules-binary', first=False)
    socket.send_frame(2, b'x')
    equal(socket.expect('error')['code'], 'bad-request', 'a binary message')
    socket.open()  # it is told, and may still do it right


@case('a socket that does not say which session it wants is closed after five seconds')
def _():
    socket = V1Socket(port(), 'mute', first=False)
    equal(socket.expect('error')['code'], 'bad-request', 'the error')
    equal(socket.wait_closed(), 4002, 'the close code')


@case('numbers that cannot be: acks and afters beyond what was sent, refs that jump')
def _():
    a = V1Socket(port(), 'jump')
    a.join('jump-room')
    a.ack(a.seq + 1)
    equal(a.wait_closed(), 4002, 'an ack of what was never sent')
    a = V1Socket(port(), 'jump', resume=a)
    a.request(ref=a.ref + 2, type='join', room='x')
    equal(a.wait_closed(), 4002, 'a ref that jumps')
    refused({'type': 'resume', 'session': a.session, 'token': a.token, 'after': a.seq + 9},
            node_id='jump')
    a = V1Socket(port(), 'jump', resume=a)
    equal((a.connected['resumed'], a.connected['ref']), (True, a.ref), 'the session is unharmed')
    a.request(ref=a.ref, type='leave', room='jump-room')  # an old one is ignored
    a.silent('ack')
    http = V1Http(port(), 'jump-http')
    http.join('jump-room')
    with Connection(port()) as connection:
        check_error(connection.request('GET', http.poll_target(after=99), headers=http.headers()),
                    400, 'bad-request')
    answer = http.post('/webrtc/signal', ref=http.ref + 5, status=400, **{'from': 'jump-http'},
                       type='offer', to='jump', room='jump-room', sdp='x')
    equal(answer['code'], 'bad-request', 'a ref that jumps')
    answer = http.call('POST', '/webrtc/signal', {'from': 'jump-http', 'type': 'offer', 'to': 'jump',
                                                  'room': 'jump-room', 'sdp': 'x'}, 400)
    equal(answer['code'], 'bad-request', 'no ref at all')


@case('numbers that are asked for again and are gone are a gap')
def _():
    a, b = V1Socket(port(), 'gap-a'), V1Socket(port(), 'gap-b')
    a.join('gap')
    b.join('gap')
    for n in range(4):
        b.offer('gap-a', 'gap', f'{n}')
    for n in range(4):
        a.take_offer('gap-b')
    last = a.seq
    a.ack(last - 1)
    a.barrier()
    a.reset()
    a = V1Socket(port(), 'gap-a', resume=a, after=last - 3)
    equal(a.expect_next('gap'), {'type': 'gap', 'from': last - 2, 'to': last - 1}, 'the gap')
    equal(a.take_offer('gap-b'), '3', 'and what is left')


@case('/webrtc/info says that sessions can be resumed; metrics count them')
def _():
    contains(get_json(port(), '/webrtc/info')['features'], 'sentient.v1', 'features')
    stats = get_json(port(), '/webrtc/stats')
    sessions = stats['sessions']
    check(sessions['opened'] > 10 and sessions['resumed'] > 5 and sessions['refused'] > 3,
          f'the counters: {sessions}')
    check(stats['undelivered'] >= 4 and stats['roomEvents']['room-state'] >= 1, f'the counters: {stats}')


main()
