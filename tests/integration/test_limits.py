#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is too much is refused to whoever sends it, and nobody else notices."""

import re
import resource

from harness import LISTENING, Program, Server, at_end, case, check, contains, end_shared_servers
from harness import equal, main, sentient_path, shared_server
from design_client import DesignClient, DesignHttpClient
from rawhttp import Connection, Gone, check_error, encode, get, get_json
from rawws import TEXT, frame

at_end(end_shared_servers)


def port():
    return shared_server().port


@case('signals over the burst are rate-limited, and all others arrive, in order')
def _():
    to = DesignClient(port(), 'burst-to', 'burst')
    sender = DesignClient(port(), 'burst-from', 'burst')
    came, errors, total = [], [], 0
    # In portions: what a receiver cannot take at once has a limit of its own.
    while total < 2800:
        for _n in range(100):
            sender.offer('burst-to', 'burst', str(total))
            total += 1
        errors += sender.barrier()
        came += [m for m in to.barrier() if m['type'] == 'offer']
    errors = [m for m in errors if m['type'] == 'error']
    check(errors, 'nothing was refused')
    equal({m['code'] for m in errors}, {'rate-limited'}, 'the codes')
    check(all(isinstance(m['retryAfter'], int) and m['retryAfter'] > 0 for m in errors),
          f'no retryAfter: {errors[0]}')
    numbers = [int(m['sdp']) for m in came]
    equal(len(numbers) + len(errors), total, 'accepted and refused')
    equal(numbers[:2000], list(range(2000)), 'the first 2,000')
    equal(numbers, sorted(set(numbers)), 'the order')
    # The receiver pays nothing for it.
    to.offer('burst-from', 'burst', 'back')
    equal(sender.take_offer('burst-to'), 'back', 'the other way')
    lines = re.findall('burst-from: over the limit', shared_server().stderr())
    equal(len(lines), 1, 'lines in the log')


@case('a burst that comes all at once finds its way')
def _():
    to = DesignClient(port(), 'once-to', 'once')
    sender = DesignClient(port(), 'once-from', 'once')
    sender.send(b''.join(frame(TEXT, encode({'type': 'offer', 'to': 'once-to', 'room': 'once',
                                             'sdp': str(n)})) for n in range(1900)))
    for n in range(1900):
        equal(to.take_offer('once-from'), str(n), 'an offer')
    sender.silent()


@case('joins over the burst are rate-limited over WebSocket; coming back does not help')
def _():
    other = DesignClient(port(), 'flood-other', 'flood')
    flooder = DesignClient(port(), 'flooder')
    for _n in range(300):
        flooder.send_json({'type': 'join', 'room': 'flood'})
    results = [flooder.expect('join-result', room='flood') for _n in range(300)]
    good = [r for r in results if r['success']]
    bad = [r for r in results if not r['success']]
    check(64 <= len(good) < 200, f'{len(good)} of 300 joins went through')
    equal({r['code'] for r in bad}, {'rate-limited'}, 'the codes')
    check(all(r['retryAfter'] > 0 for r in bad), f'no retryAfter: {bad[0]}')
    joined = [m for m in other.barrier() if m['type'] == 'peer-joined']
    equal(len(joined), 1, 'peer-joined for the others')
    flooder.stop()
    again = DesignClient(port(), 'flooder')
    for _n in range(60):
        again.send_json({'type': 'join', 'room': 'flood'})
    results = [again.expect('join-result', room='flood') for _n in range(60)]
    check(not all(r['success'] for r in results), 'the bucket was full again')


@case('joins over the burst are 429 with Retry-After over HTTP')
def _():
    with Connection(port()) as connection:
        refused = None
        for n in range(300):
            answer = connection.request('POST', '/webrtc/join',
                                        b'{"nodeId":"http-flooder","room":"http-flood"}')
            if answer.status != 200:
                refused = answer
                break
        check(refused is not None, 'nothing was refused')
        check(n >= 64, f'refused after {n}')
        check_error(refused, 429, 'rate-limited')
        check(1 <= int(refused.get('retry-after')) <= 3, f'Retry-After: {refused}')
        # Another node on the same connection is served.
        answer = connection.request('POST', '/webrtc/join',
                                    b'{"nodeId":"http-other","room":"http-flood"}')
        equal(answer.status, 200, 'the status')


@case('one sender fills its share of an outbox, and another still gets through')
def _():
    to = DesignHttpClient(port(), 'share-to', 'share')
    hostile = DesignClient(port(), 'share-hostile', 'share')
    good = DesignClient(port(), 'share-good', 'share')
    for n in range(400):
        hostile.offer('share-to', 'share', str(n))
    refused = [m for m in hostile.barrier() if m['type'] == 'error']
    equal(len(refused), 400 - 256, 'refused')
    equal({m['code'] for m in refused}, {'busy'}, 'the codes')
    for n in range(20):
        good.offer('share-to', 'share', str(n))
    good.silent('peer-joined')
    came = []
    while len([s for s in came if s['from'] != 'system']) < 276:
        came += get_json(port(), '/webrtc/signal?nodeId=share-to&timeout=2000')['signals']
    for sender, count in (('share-hostile', 256), ('share-good', 20)):
        equal([s['payload']['sdp'] for s in came if s['from'] == sender],
              [str(n) for n in range(count)], f'what {sender} sent')
    # What was taken makes place.
    hostile.offer('share-to', 'share', 'again')
    hostile.silent('peer-joined')
    equal(to.joined['success'], True, 'success')


def knock(source):
    """One connection with a request: the answer, or None for a reset."""
    try:
        with Connection(port(), source=source) as connection:
            connection.ask('GET', '/healthz')
            return connection.response()
    except (Gone, ConnectionResetError):
        return None


@case('a flood of connections from one address is refused cheaply, and another address is served')
def _():
    client = DesignClient(port(), 'flood-inside', 'global', source='127.0.0.2')
    served, refused, reset = 0, [], 0
    for n in range(700):
        answer = knock('127.0.0.2')
        if answer is None:
            reset += 1
        elif answer.status == 200:
            served += 1
        else:
            refused.append(answer)
        if n % 70 == 69:
            equal(knock('127.0.0.1').status, 200, 'the status for another address')
    print(f'# {served} served, {len(refused)} refused, {reset} reset')
    check(served >= 255, f'only {served} were served')
    check(refused, 'nothing was refused')
    check(reset > 0, 'an answer for each, however hard it hammers')
    for answer in refused:
        check_error(answer, 429, 'rate-limited')
        check(int(answer.get('retry-after')) >= 1, f'Retry-After: {answer}')
    lines = re.findall(r'127\.0\.0\.2:\d+: over 64 new connections', shared_server().stderr())
    equal(len(lines), 1, 'lines in the log')
    metrics = get(port(), '/metrics').body.decode()
    counted = re.search(r'refused_total\{reason="address-too-fast"\} (\d+)', metrics).group(1)
    equal(int(counted), len(refused) + reset, 'the refusals that /metrics counts')
    # Who is inside stays inside.
    client.silent('peer-joined', 'peer-left')


@case('--no-limits lets everything through, on loopback only')
def _():
    server = Server('--no-limits')
    for _n in range(600):
        with Connection(server.port) as connection:
            equal(connection.request('GET', '/healthz').status, 200, 'the status')
    client = DesignClient(server.port, 'free')
    for _n in range(200):
        client.send_json({'type': 'join', 'room': 'free'})
    for _n in range(200):
        equal(client.expect('join-result', room='free')['success'], True, 'success')
    client.stop()
    server.stop()

    for host in ((), ('--host', '0.0.0.0'), ('--host', '::'), ('--host', '192.0.2.1')):
        program = Program(['--server', '--port', '0', '--no-limits', *host])
        equal(program.wait_exit(), 2, f'the exit status with {host}')
        contains(program.stderr(), '--no-limits', 'the sentence')
        contains(program.stderr(), '127.0.0.1', 'the sentence')
        program.destroy()


@case('the server takes as many file descriptors as it may have')
def _():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(200, hard), hard))
    try:
        server = Server()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    with open(f'/proc/{server.pid}/limits', encoding='ascii') as limits:
        line = re.search(r'Max open files\s+(\S+)\s+(\S+)', limits.read())
    equal(line.group(1), line.group(2), 'the soft limit')
    server.stop()


@case('without file descriptors new clients wait, and come in when others go')
def _():
    server = Program(['--nofile=120:120', sentient_path(), '--server', '--host', '127.0.0.1',
                      '--port', '0', '--no-color', '--stun', 'none'], program='/usr/bin/prlimit')
    p = int(server.wait_line(LISTENING).group(1))
    client = DesignClient(p, 'patient', 'global')
    crowd = [Connection(p, source='127.0.0.2') for _n in range(150)]
    late = Connection(p)
    late.ask('GET', '/healthz')
    client.silent()
    check(not late.readable(), 'there was a place left')
    for connection in crowd:
        connection.close()
    equal(late.response().status, 200, 'the status')
    late.close()
    client.stop()
    equal(server.stderr().count('\n') < 5, True, 'the log is short')
    server.stop()


@case('posts over the limit of signals are 429')
def _():
    to = DesignClient(port(), 'post-to', 'post')
    sender = DesignClient(port(), 'post-from', 'post')
    for _n in range(30):
        for _m in range(100):
            sender.offer('nobody', 'post', '')
        sender.barrier()
    body = b'{"from":"post-from","to":"post-to","room":"post","type":"offer","payload":{"sdp":""}}'
    with Connection(port()) as connection:
        connection.send(50 * connection.head('POST', '/webrtc/signal', body=body))
        answers = [connection.response(method='POST') for _n in range(50)]
    refused = [a for a in answers if a.status != 200]
    check(len(refused) >= 25, f'{len(refused)} of 50 were refused')
    for answer in refused:
        check_error(answer, 429, 'rate-limited')
        check(int(answer.get('retry-after')) >= 1, f'Retry-After: {answer}')
    came = [m for m in to.barrier() if m['type'] == 'offer']
    equal(len(came), 50 - len(refused), 'what arrived')


main()
