#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""sentient doctor --network behind NAT routers and firewalls: what it says of each is what is there."""

import json
import re

import harness
import lab
from harness import at_end, check, contains, equal, main
from lab import SpaceProgram
from scenario import LONG, Condition, scenario

LAB = lab.Lab()
SITES = {kind: LAB.site(kind)
         for kind in ('open', 'cone', 'restricted', 'symmetric', 'by-address', 'udp-blocked', 'open6')}
TURN = LAB.turn_by_two()
COORDINATOR = LAB.coordinator('--stun', lab.stun_url())


def ended(program):
    def check_one():
        program.pump()
        return program.popen.poll()
    return Condition(f'the end of {" ".join(program.args)}', check_one, LONG)


def examine(site, *args, status=0):
    """The report, and the codes of its findings with the severity of each."""
    seed = COORDINATOR.url6 if site.kind == 'open6' else COORDINATOR.url
    env = harness.isolated_env()
    for name in ('DBUS_SESSION_BUS_ADDRESS', 'DBUS_SYSTEM_BUS_ADDRESS'):
        env[name] = 'unix:path=/nonexistent'
    program = SpaceProgram(site.host, [harness.sentient_path(), 'doctor', '--network', '--json', '--seed', seed, *args],
                           env=env)
    got = yield ended(program)
    program.pump()
    equal(got, status, f'the exit status{program.report()}')
    program.check_stderr()
    report = json.loads('\n'.join(program.lines))
    program.destroy()
    return report, {finding['code']: finding['severity'] for finding in report['findings']}


STUN = ('--stun', lab.stun_url())
# The kind of NAT, and how it gives outer ports (RFC 5780).
MAPPINGS = {
    'open': ('none', 'nat-none', 'ok'),
    'cone': ('endpoint-independent', 'nat-endpoint-independent', 'ok'),
    'restricted': ('endpoint-independent', 'nat-endpoint-independent', 'ok'),
    'by-address': ('address-dependent', 'nat-address-dependent', 'warning'),
    'symmetric': ('address-and-port-dependent', 'nat-address-and-port-dependent', 'warning'),
}


def add_mapping(kind, mapping, code, severity):
    @scenario(f'{kind}: the mapping is {mapping}')
    def run(world):
        site = SITES[kind]
        report, codes = yield from examine(site, *STUN)
        nat = report['nat']
        world.note(f'{nat}')
        equal(nat['mapping'], mapping, 'the mapping')
        equal(nat['method'], None if kind == 'open' else 'rfc5780', 'how it was found')
        equal(codes.get(code), severity, f'{code} in {codes}')
        equal(codes.get('udp-ok'), 'ok', f'UDP in {codes}')
        outer = f'{lab.SWITCH4}.{site.number}'
        check(nat['mapped'].startswith(outer + ':'), f'the outer address is not {outer}')
        check(nat['local'].startswith(site.address + ':'), f'the inner address is not {site.address}')
        equal([(s['outcome'], s['mapped'].split(':')[0]) for s in report['stun']], [('good', outer)], 'STUN')


for one, (how, finding_code, weight) in MAPPINGS.items():
    add_mapping(one, how, finding_code, weight)


@scenario('symmetric, with a TURN server: there is nothing to do')
def symmetric_with_turn(world):
    report, codes = yield from examine(SITES['symmetric'], *STUN, '--turn', lab.turn_url())
    equal(codes.get('nat-address-and-port-dependent'), 'note', f'{codes}')
    equal(codes.get('turn-ok'), 'ok', f'{codes}')
    for server in report['turn']:
        check(server['relayed'].startswith(lab.SERVER4 + ':'), f'{server}')


@scenario('UDP is blocked: told, with a TURN server over TCP that is reached')
def udp_blocked(world):
    report, codes = yield from examine(SITES['udp-blocked'], *STUN, '--turn', lab.turn_url('tcp'), status=1)
    equal(codes.get('udp-blocked'), 'warning', f'{codes}')
    equal([(s['transport'], s['used'], s['outcome']) for s in report['turn']],
          [('udp', False, 'silent'), ('tcp', True, 'good')], 'TURN')
    equal((codes.get('stun-silent'), codes.get('turn-ok')), ('error', 'ok'), f'{codes}')


@scenario('UDP is blocked, and the TURN server is used over UDP: what to write instead')
def udp_blocked_turn_over_udp(world):
    report, codes = yield from examine(SITES['udp-blocked'], *STUN, '--turn', lab.turn_url('udp'), status=1)
    blocked = [finding for finding in report['findings'] if finding['code'] == 'udp-blocked']
    check(blocked, f'UDP in {codes}')
    contains(blocked[0]['advice'], '?transport=tcp', 'what to do')
    equal([(s['transport'], s['used'], s['outcome']) for s in report['turn']],
          [('udp', True, 'silent'), ('tcp', False, 'good')], 'TURN')


@scenario('a wrong TURN password, through NAT')
def wrong_password(world):
    report, codes = yield from examine(SITES['symmetric'], *STUN, '--turn', lab.turn_url(password='looking-glass'),
                                       status=1)
    equal(codes.get('turn-credentials'), 'error', f'{codes}')
    check('looking-glass' not in json.dumps(report), 'it is shown')


@scenario('IPv6 only')
def ipv6(world):
    report, codes = yield from examine(SITES['open6'], '--stun', lab.stun_url(f'[{lab.SERVER6}]'))
    equal([(s['family'], s['outcome']) for s in report['stun']], [('ipv6', 'good')], 'STUN')
    equal(codes.get('udp-ok'), 'ok', f'{codes}')
    check(re.match(rf'\[{SITES["open6"].address}\]:', report['stun'][0]['mapped']), 'where it is seen')


@at_end
def servers():
    """the coordinator and the TURN server stop cleanly"""
    COORDINATOR.stop()
    check(TURN.alive(), 'the TURN server is gone')


main()
