#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""RFC 6455, section by section, with raw sockets: framing, pings, reserved bits, opcodes, fragments,
UTF-8, the closing handshake. The echo is a signal that reaches another client, or the answer to a
message that is none."""

import functools
import json
import struct
import time

from harness import PATIENCE, at_end, case, check, end_shared_servers, equal, fail, main, shared_server
from design_client import DesignClient
from rawhttp import Connection, Gone
from rawws import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Closed, frame

at_end(end_shared_servers)

PROTOCOL_ERROR, INVALID_DATA, TOO_BIG = 1002, 1007, 1009
HEAD = b'{"type":"offer","to":"rfc-echo","room":"rfc","sdp":"'
TAIL = b'"}'


@functools.lru_cache(maxsize=None)
def receiver():
    return DesignClient(shared_server('--no-limits').port, 'rfc-echo', 'rfc')


class Tester(DesignClient):
    """The client that tries everything; the next one replaces it."""

    def __init__(self):
        receiver()
        super().__init__(shared_server('--no-limits').port, 'rfc-test', 'rfc')

    def echoes(self, sdp, what='the echo'):
        equal(receiver().take_offer('rfc-test'), sdp, what)

    def chop(self, data, size=1):
        """As many segments as the kernel makes of it."""
        for at in range(0, len(data), size):
            if not self.send(data[at:at + size]):
                return

    def pongs(self, *wanted):
        """The next pongs carry what the pings did; messages in between are passed over."""
        deadline = time.monotonic() + PATIENCE
        for payload in wanted:
            opcode = None
            while opcode != PONG:
                _fin, opcode, data = self.recv_frame(deadline)
                check(opcode != CLOSE, f'closed with {data!r}')
            equal(data, payload, 'the payload of a pong')

    def closes(self, code, what=''):
        """Closed with this code, the TCP connection too, and nothing after the close frame."""
        equal(self.wait_closed(), code, f'the close code {what}')
        equal(self.ended(), b'', f'bytes behind the close frame {what}')
        self.close()

    def alive(self):
        self.send_frame(PING, b'alive?')
        self.pongs(b'alive?')
        self.stop()


def offer(sdp):
    return HEAD + sdp.encode() + TAIL


def offer_of(size):
    """A message of exactly size bytes, and its sdp."""
    sdp = 'v' * (size - len(HEAD) - len(TAIL))
    return offer(sdp), sdp


def nothing_came():
    came = [m for m in receiver().barrier() if m['type'] not in ('peer-joined', 'peer-left')]
    equal(came, [], 'what came through')


def fragments(data, size, opcode=TEXT):
    """data as frames of at most size bytes."""
    pieces = [data[at:at + size] for at in range(0, len(data), size)] or [b'']
    last = len(pieces) - 1
    return b''.join(frame(opcode if n == 0 else CONTINUATION, piece, fin=n == last)
                    for n, piece in enumerate(pieces))


@case('1.3, 4.2.2: the accept key is that of the RFC, whatever the case of the fields')
def _():
    with Connection(shared_server('--no-limits').port) as connection:
        connection.send(b'GET /webrtc/signal?nodeId=rfc-key HTTP/1.1\r\nhOST: 127.0.0.1\r\n'
                        b'upgrade: WebSocket\r\nCONNECTION: keep-alive, UPGRADE\r\n'
                        b'sec-websocket-key:   dGhlIHNhbXBsZSBub25jZQ==  \r\n'
                        b'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n'
                        b'Sec-WebSocket-Version: 13\r\n\r\n')
        answer = connection.response()
        equal(answer.status, 101, 'the status')
        equal(answer.get('sec-websocket-accept'), 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=', 'the accept key')
        equal(answer.get('sec-websocket-extensions'), None, 'extensions')


# Group 1: framing

SIZES = (125, 126, 127, 128, 65535, 65536)


@case('5.2: an empty text is a message, and its answer an error')
def _():
    tester = Tester()
    for data in (frame(TEXT), frame(TEXT, fin=False) + frame(CONTINUATION)):
        tester.send(data)
        tester.expect_error('bad-request')
    tester.alive()


@case('5.2: text of every length of a length, whole and in segments of 997 bytes')
def _():
    tester = Tester()
    for size in SIZES:
        text, sdp = offer_of(size)
        equal(len(text), size, 'the size')
        tester.send(frame(TEXT, text))
        tester.echoes(sdp)
        tester.chop(frame(TEXT, text), 997)
        tester.echoes(sdp, 'in segments')
    tester.alive()


@case('5.2: 65,537 bytes are too many, before they are all there')
def _():
    for data in (frame(TEXT, b' ' * 65537), frame(BINARY, declared=65537), frame(TEXT, declared=2**40),
                 frame(TEXT, b' ' * 65536, fin=False) + frame(CONTINUATION, declared=1)[:3]):
        tester = Tester()
        tester.send(data)
        if data[0] == TEXT:
            # Its header is not whole before the mask is.
            tester.send(b'\0\0\0')
        tester.closes(TOO_BIG)


@case('5.2: binary of every length is refused, and the connection goes on')
def _():
    tester = Tester()
    for size in (0,) + SIZES:
        tester.send(frame(BINARY, b'\xfe' * size))
        tester.expect_error('bad-request')
        tester.chop(frame(BINARY, b'\xfe' * size), 997)
        tester.expect_error('bad-request')
    tester.alive()


@case('5.3: every mask, also none that changes anything')
def _():
    tester = Tester()
    text = offer('masked')
    for key in (b'\0\0\0\0', b'\xff\xff\xff\xff', b'\0\0\0\1', b'\x80\0\0\0'):
        data = bytes(byte ^ key[at % 4] for at, byte in enumerate(text))
        tester.send(struct.pack('!BB', 0x81, 0x80 | len(text)) + key + data)
        tester.echoes('masked')
    tester.alive()


# Group 2: pings and pongs


@case('5.5.2: each ping is answered with its payload, in order, however it comes')
def _():
    tester = Tester()
    payloads = (b'', b'hello', b'\x00\xff\xfe\xfd\xfc\xfb\x00\xff', b'\xfe' * 125)
    for payload in payloads:
        tester.send_frame(PING, payload)
        tester.pongs(payload)
        tester.chop(frame(PING, payload))
        tester.pongs(payload)
    many = [f'payload-{n}'.encode() for n in range(10)]
    tester.send(b''.join(frame(PING, payload) for payload in many))
    tester.pongs(*many)
    tester.chop(b''.join(frame(PING, payload) for payload in many))
    tester.pongs(*many)
    tester.alive()


@case('5.5.3: a pong nobody asked for has no answer')
def _():
    tester = Tester()
    for payload in (b'', b'unsolicited', b'x' * 125):
        tester.send(frame(PONG, payload) + frame(PING, b'after'))
        tester.pongs(b'after')
    tester.alive()


def breaks(name, code, *cases):
    """A case whose attempts each close with code. What stands before the bad bytes is delivered, what
    comes behind is not. An attempt is a list of frames."""
    @case(name)
    def _():
        for number, bad in enumerate(cases):
            for chopped in (False, True):
                tester = Tester()
                data = frame(TEXT, offer('before')) + b''.join(bad) + frame(TEXT, offer('behind'))
                tester.chop(data, 1 if chopped and len(data) < 2000 else 70000)
                tester.echoes('before', f'before attempt {number}')
                tester.closes(code, f'of attempt {number}, {"chopped" if chopped else "whole"}')
                nothing_came()


def piece(data, opcode=CONTINUATION, fin=False):
    return frame(opcode, data, fin=fin)


PAIRS = tuple((rsv, opcode) for rsv in range(1, 8) for opcode in (TEXT, BINARY, PING, CLOSE))

breaks('5.5: a control frame of 126 bytes', PROTOCOL_ERROR,
       *([frame(opcode, b'\xfe' * 126)] for opcode in (PING, PONG, CLOSE)))
breaks('5.1: an unmasked frame', PROTOCOL_ERROR,
       *([frame(opcode, b'{}', masked=False)] for opcode in (TEXT, BINARY, PING, PONG)),
       [frame(CLOSE, b'\x03\xe8', masked=False)])
breaks('5.2: a length not in its shortest form', PROTOCOL_ERROR,
       [frame(TEXT, b'{}', long_form=2)], [frame(TEXT, b'{}', long_form=8)],
       [frame(BINARY, b'x' * 65535, long_form=8)], [frame(TEXT, declared=2**63)])

# Group 3: reserved bits

breaks('5.2: a reserved bit without an extension', PROTOCOL_ERROR,
       *([frame(opcode, b'\x03\xe8' if opcode == CLOSE else b'{}', rsv=rsv)] for rsv, opcode in PAIRS))

# Group 4: opcodes

breaks('5.2: a reserved opcode', PROTOCOL_ERROR,
       *([frame(opcode)] for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)),
       *([frame(opcode, b'reserved')] for opcode in (3, 7, 11, 15)))

# Group 5: fragments

breaks('5.4: a control frame in fragments', PROTOCOL_ERROR,
       *([piece(b'frag1', opcode), piece(b'frag2', fin=True)] for opcode in (PING, PONG, CLOSE)))
breaks('5.4: a continuation of nothing', PROTOCOL_ERROR,
       [piece(b'x', fin=True)], [piece(b'x')], [piece(b'')],
       [piece(b'{', TEXT), piece(b'}', fin=True), piece(b'x')],
       [piece(b'{', TEXT), piece(b'}', fin=True), piece(b'x', fin=True)])
breaks('5.4: a message inside of another', PROTOCOL_ERROR,
       [piece(b'{', TEXT), piece(b'}', TEXT, fin=True)], [piece(b'{', TEXT), piece(b'}', TEXT)],
       [piece(b'{', TEXT), piece(b'}', BINARY, fin=True)], [piece(b'', BINARY), piece(b'{}', TEXT, fin=True)],
       [piece(b'{', TEXT), piece(b'"x":1'), piece(b'}', TEXT, fin=True)])


@case('5.4: text in fragments of every size, whole and in segments')
def _():
    tester = Tester()
    text = offer('fragments')
    for size in (1, 2, 3, 7, len(text) - 1, len(text)):
        data = fragments(text, size)
        tester.send(data)
        tester.echoes('fragments', f'of {size} bytes')
        tester.chop(data)
        tester.echoes('fragments', f'of {size} bytes, chopped')
    for data in ((b'', text, b''), (text, b'', b''), (b'', b'', text), (b'', text[:9], b'', text[9:])):
        tester.send(b''.join(piece(part, CONTINUATION if n else TEXT, n == len(data) - 1)
                             for n, part in enumerate(data)))
        tester.echoes('fragments', 'with empty ones')
    tester.alive()


@case('5.4: control frames between fragments are answered at once')
def _():
    tester = Tester()
    text = offer('interrupted')
    tester.send(piece(text[:10], TEXT) + frame(PING, b'between') + piece(text[10:], fin=True))
    tester.pongs(b'between')
    tester.echoes('interrupted')
    for chopped in (False, True):
        pieces = [piece(text[:10], TEXT), piece(text[10:20]), piece(text[20:30]), piece(text[30:40]),
                  piece(text[40:], fin=True)]
        for number, data in enumerate(pieces):
            tester.chop(data, 1 if chopped else 1000)
            tester.send(frame(PONG, b'by the way'))
            tester.send_frame(PING, b'%d' % number)
            tester.pongs(b'%d' % number)
        tester.echoes('interrupted', 'five fragments')
    tester.alive()


@case('5.4: binary in fragments is refused once, at its end')
def _():
    tester = Tester()
    tester.send(piece(b'\xff' * 10, BINARY) + piece(b'\xff' * 10))
    tester.send_frame(PING, b'x')
    tester.pongs(b'x')
    tester.send(piece(b'\xff', fin=True))
    tester.expect_error('bad-request')
    tester.silent()
    tester.alive()


# Group 6: UTF-8

VALID = ('Hello-µ@ßöäüàá-UTF-8!!', 'κόσμε', '\x7f', '\x80', '\u07ff', '\u0800', '\uffff', '\U00010000',
         '\U0010ffff', '\ud7ff', '\ue000', '\ufffd', '\ufffe', '\ufdd0', '\U0001fffe', '\U0001ffff',
         '\U000fffff', '\U00100000', '☃𝄞é')
INVALID = (b'\x80', b'\xbf', b'\x80\xbf', b'\x80\xbf\x80\xbf\x80\xbf', bytes(range(0x80, 0xc0)),
           b'\xc0 ', b'\xdf ', b'\xe0 ', b'\xef ', b'\xf0 ', b'\xf7 ', b'\xf8 ', b'\xfb ', b'\xfc ', b'\xfd ',
           b'\xc0', b'\xe0\x80', b'\xf0\x80\x80', b'\xf8\x80\x80\x80', b'\xdf', b'\xef\xbf', b'\xf7\xbf\xbf',
           b'\xfe', b'\xff', b'\xfe\xfe\xff\xff', b'\xc0\xaf', b'\xe0\x80\xaf', b'\xf0\x80\x80\xaf',
           b'\xf8\x80\x80\x80\xaf', b'\xfc\x80\x80\x80\x80\xaf', b'\xc1\xbf', b'\xe0\x9f\xbf',
           b'\xf0\x8f\xbf\xbf', b'\xf8\x87\xbf\xbf\xbf', b'\xfc\x83\xbf\xbf\xbf\xbf', b'\xc0\x80',
           b'\xe0\x80\x80', b'\xf0\x80\x80\x80', b'\xed\xa0\x80', b'\xed\xad\xbf', b'\xed\xae\x80',
           b'\xed\xaf\xbf', b'\xed\xb0\x80', b'\xed\xbe\x80', b'\xed\xbf\xbf', b'\xed\xa0\x80\xed\xb0\x80',
           b'\xed\xaf\xbf\xed\xbf\xbf', b'\xf4\x90\x80\x80', b'\xf7\xbf\xbf\xbf', b'\xf8\x88\x80\x80\x80',
           b'\xfb\xbf\xbf\xbf\xbf', b'\xfc\x84\x80\x80\x80\x80', b'\xfd\xbf\xbf\xbf\xbf\xbf',
           b'\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80')


@case('8.1: valid UTF-8 is let through, whole, in fragments of one byte, in segments of one byte')
def _():
    tester = Tester()
    for sdp in VALID:
        text = offer(sdp)
        tester.send(frame(TEXT, text))
        tester.echoes(sdp, 'whole')
        tester.send(fragments(text, 1))
        tester.echoes(sdp, 'in fragments')
        tester.chop(frame(TEXT, text))
        tester.echoes(sdp, 'in segments')
    tester.alive()


breaks('8.1: invalid UTF-8 in one frame', INVALID_DATA,
       *([frame(TEXT, HEAD + data + TAIL)] for data in INVALID))
breaks('8.1: invalid UTF-8 in fragments', INVALID_DATA,
       *([fragments(HEAD + data + TAIL, size)] for data in INVALID[::3] for size in (1, len(HEAD) + 1)))
breaks('8.1: a text that ends inside of a character', INVALID_DATA,
       *([frame(TEXT, data)] for data in (b'\xce', b'x\xe2\x82', b'\xf0\x9f\x98')),
       [piece(b'\xce', TEXT), piece(b'', fin=True)], [piece(b'\xe2', TEXT), piece(b'\x82', fin=True)])


@case('8.1: a bad fragment ends it at once, whatever would come')
def _():
    for head, data in ((b'\xce\xba\xe1\xbd\xb9', b'\xf4\x90'), (b'\xce', b'\x20'), (b'x', b'\xed\xa0')):
        tester = Tester()
        tester.send(piece(head, TEXT))
        tester.send_frame(PING, b'still here')
        tester.pongs(b'still here')
        tester.send(piece(data))
        tester.closes(INVALID_DATA)


@case('8.1: a bad byte ends it at once, also when its frame is not all there')
def _():
    for head, opcode in ((b'', TEXT), (b'\xe2', CONTINUATION)):
        for data in (b'\xce\xba\xe1\xbd\xb9\xf4\x90', b'x' * 5000 + b'\xff', b'\xed\xa0', b'\x80'):
            if opcode == CONTINUATION:
                data = b'\x82\xac' + data
            for size in (1, 900, 10000):
                tester = Tester()
                if head:
                    tester.send(piece(head, TEXT))
                whole = frame(opcode, data + b'y' * 300)
                tester.chop(whole[:-300], size)
                tester.closes(INVALID_DATA, f'after {data[-7:]!r} in segments of {size} bytes')


@case('8.1: good text in segments that cut characters is not mistaken')
def _():
    tester = Tester()
    sdp = 'κόσμε☃𝄞' * 300
    text = offer(sdp)
    for size in (1, 2, 3, 5, 997):
        tester.chop(frame(TEXT, text), size)
        tester.echoes(sdp, f'in segments of {size} bytes')
        at = len(HEAD) + 1
        tester.chop(piece(text[:at], TEXT) + frame(PONG) + piece(text[at:], fin=True), size)
        tester.echoes(sdp, f'two fragments in segments of {size} bytes')
    tester.alive()


# Group 7: the closing handshake


def close_data(code, reason=b''):
    return struct.pack('!H', code) + reason


def closing(data, answer):
    """data, a close frame's payload, is answered with this code, and the server closes TCP."""
    tester = Tester()
    tester.close_sent = True
    tester.send_frame(CLOSE, data)
    tester.closes(answer, f'for {data[:8]!r}')


@case('5.5.1: an empty close frame is answered with an empty one')
def _():
    closing(b'', 1005)


@case('5.5.1: a close frame of one byte')
def _():
    closing(b'\x03', PROTOCOL_ERROR)


@case('7.4: every code a client may use comes back')
def _():
    for code in (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000,
                 4999):
        for reason in (b'', b'Hello', 'Größe ☃'.encode(), b'*' * 123):
            closing(close_data(code, reason), code)


@case('7.4: codes nobody may send')
def _():
    for code in (0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 32768, 65535):
        closing(close_data(code), PROTOCOL_ERROR)
        closing(close_data(code, b'reason'), PROTOCOL_ERROR)


@case('5.5.1: a reason that is no UTF-8, or too long')
def _():
    for reason in (b'\xce\xba\xe1\xbd\xb9\xed\xa0\x80', b'\xff', b'\xe2\x82', b'x' * 122 + b'\xc3'):
        closing(close_data(1000, reason), INVALID_DATA)
    closing(close_data(1000, b'*' * 124), PROTOCOL_ERROR)


@case('5.5.1: nothing that comes behind a close frame is looked at')
def _():
    half = piece(HEAD, TEXT)
    behind = (frame(CLOSE, close_data(1000)), frame(PING, b'x'), frame(TEXT, offer('behind')),
              frame(CONTINUATION, TAIL), frame(TEXT, b'\xff'), frame(3), b'\xff' * 100)
    for data in behind:
        for before in (b'', half):
            for apart in (False, True):
                tester = Tester()
                tester.close_sent = True
                if apart:
                    tester.send(before + frame(CLOSE, close_data(1000)))
                    tester.send(data)
                else:
                    tester.send(before + frame(CLOSE, close_data(1000)) + data)
                tester.closes(1000, f'before {data[:10]!r}')
    nothing_came()


@case('5.5.1: what was sent before a close frame arrives, as large as it may be')
def _():
    tester = Tester()
    text, sdp = offer_of(65536)
    tester.close_sent = True
    tester.send(frame(TEXT, text) + frame(TEXT, offer('last')) + frame(CLOSE, close_data(1000)))
    tester.echoes(sdp)
    tester.echoes('last')
    tester.closes(1000)


@case('7.1.1: who closes TCP alone is lost, and is forgotten by nobody at once')
def _():
    tester = Tester()
    tester.close()
    receiver().send_json({'type': 'ping'})
    receiver().expect('pong')
    try:
        Tester().alive()
    except (Closed, Gone) as error:
        fail(f'the next one: {error}')


# Group 10: automatic fragmentation


@case('5.4: the largest text in fragments of 1,300 bytes, and of other sizes')
def _():
    tester = Tester()
    text, sdp = offer_of(65536)
    for size in (1300, 126, 4096, 65535):
        tester.send(fragments(text, size))
        tester.echoes(sdp, f'in fragments of {size} bytes')
    check(json.loads(receiver().last_raw), 'the last echo')
    tester.alive()


main()
