#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A coordinator and two peers in one Python process, from the built typelib: they find each other
and exchange messages over a real data channel."""

import json
import sys
import threading
import urllib.request

import gi

gi.require_version('Sentient', '1')
from gi.repository import GLib, Sentient  # noqa: E402

PATIENCE_S = 40
CASES = 9
done = 0


def passed(text):
    global done
    done += 1
    print(f'ok {done} - {text}', flush=True)


def die(text):
    print(f'not ok {done + 1} - {text}', flush=True)
    sys.exit(1)


def check(condition, text):
    if not condition:
        die(text)


def wait_for(condition, text):
    """Runs the main loop until condition () holds."""
    expired = []
    timer = GLib.timeout_add_seconds(PATIENCE_S, lambda: expired.append(True))
    context = GLib.MainContext.default()
    while not condition() and not expired:
        context.iteration(True)
    if expired:
        die(f'{text}: not within {PATIENCE_S} s')
    GLib.source_remove(timer)
    passed(text)


def call(start, finish, text):
    """Starts an _async method and returns what its _finish returns."""
    results = []
    start(lambda _source, result, *_: results.append(result))
    wait_for(lambda: results, text)
    return finish(results[0])


print(f'1..{CASES}')
coordinator = Sentient.Coordinator()
joined = []
coordinator.connect('peer-joined', lambda _c, room, member: joined.append(
    (room.get_name(), member.get_node_id())))
check(coordinator.start(), 'the coordinator starts')
check(coordinator.props.port != 0 and coordinator.props.running, 'it has a port')
check([r.get_name() for r in coordinator.get_rooms()] == ['global', 'memory-sync', 'learning'],
      'the default rooms are there')
url = coordinator.dup_url()

heard = []
connected = []
peers = {}
for name in ('alice', 'bob'):
    peer = Sentient.Peer.new(name)
    peer.props.stun_servers = []
    peer.connect('message', lambda p, node, data, is_text: heard.append(
        (p.get_node_id(), node, data.get_data(), is_text)))
    peer.connect('peer-connected', lambda p, node: connected.append((p.get_node_id(), node)))
    peers[name] = peer

for name, peer in peers.items():
    call(lambda done_cb: peer.connect_to_coordinator_async([url], None, done_cb),
         peer.connect_to_coordinator_finish, f'{name} reaches the coordinator')
    room = call(lambda done_cb: peer.join_async('global', None, None, done_cb),
                peer.join_finish, f'{name} joins')
    check(room.get_name() == 'global', 'the room joined is the one asked for')
check(joined == [('global', 'alice'), ('global', 'bob')], f'who joined: {joined}')

statistics = json.loads(coordinator.dup_statistics())
check(statistics['joins'] == 2 and statistics['connections']['websocket'] == 2,
      f'the statistics: {statistics}')

wait_for(lambda: sorted(connected) == [('alice', 'bob'), ('bob', 'alice')], 'the data channel opens')
peers['alice'].send('bob', 'Hello bob, ☃')
peers['bob'].send_bytes('alice', GLib.Bytes.new(b'\x00\xff'))
ok, count = peers['bob'].broadcast('global', 'Hello all')
check(ok and count == 1, 'a broadcast goes to the one other node')
ok, count = peers['bob'].broadcast_bytes('global', GLib.Bytes.new(b'\x01\x00'))
check(ok and count == 1, 'and so do bytes')
wait_for(lambda: len(heard) == 4, 'messages arrive')
check(sorted(heard) == [('alice', 'bob', b'\x00\xff', False), ('alice', 'bob', b'\x01\x00', False),
                        ('alice', 'bob', b'Hello all', True),
                        ('bob', 'alice', 'Hello bob, ☃'.encode(), True)], f'what was heard: {heard}')
connection = peers['alice'].find_connection('bob')
statistics = call(lambda done_cb: connection.query_statistics_async(None, done_cb),
                  connection.query_statistics_finish, 'the statistics of a connection')
told = json.loads(statistics.to_json(False))
check(statistics.get_local_type() == Sentient.CandidateType.HOST and not statistics.get_relayed()
      and statistics.get_rtt() >= 0 and statistics.get_messages_received() == 3, f'they say {told}')
check(told['path']['local']['type'] == 'host' and told['messages']['received'] == 3
      and told['stateTimes']['connected'] >= 0 and told['retransmits'] >= 0, f'they say {told}')
counts = Sentient.PeerStatistics.new(peers['alice'])
check(counts.get_peer() == peers['alice'] and json.loads(counts.to_json())['open'] == 1, 'the peer counts')
coordinator.set_metrics_func(lambda _coordinator: counts.to_metrics())
pages = []
threading.Thread(target=lambda: pages.append(urllib.request.urlopen(url + '/metrics').read().decode())).start()
wait_for(lambda: pages, 'what the peer counts stands in the metrics')
check('sentient_nodes 2\n' in pages[0] and 'sentient_node_connections{state="connected"} 1\n' in pages[0], pages[0])
coordinator.set_metrics_func(None)
try:
    peers['alice'].send('nobody', 'x')
    die('sending to a stranger fails')
except GLib.Error as error:
    check(error.matches(Sentient.error_quark(), Sentient.Error.NOT_CONNECTED)
          or error.matches(Sentient.error_quark(), Sentient.Error.UNKNOWN_PEER),
          f'sending to a stranger: {error}')

left = []
for peer in peers.values():
    peer.close_async(None, lambda p, result: left.append(p.close_finish(result)))
coordinator_stopped = []


def stop_coordinator():
    coordinator.stop_async(None, lambda c, result: coordinator_stopped.append(c.stop_finish(result)))


GLib.idle_add(lambda: len(left) < 2 or stop_coordinator())
wait_for(lambda: coordinator_stopped, 'all of it stops')
check(left == [True, True] and coordinator_stopped == [True], 'nothing went wrong at the end')
check(done == CASES, f'{done} cases of {CASES} ran')
