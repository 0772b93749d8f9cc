// SPDX-License-Identifier: LGPL-2.1-or-later
// One end of a pair of libwebrtc's, the engine of Chromium: see contender.h.

import {load, run, say} from './contender.mjs';

const {RTCPeerConnection} = load('@roamhq/wrtc');

const BUFFER_MAX = 1024 * 1024;
// The binding does not tell when the buffer is low; this is often enough that it is never empty.
const LOOK_MS = 2;

let connection = null;
let channel = null;

const tell = (kind, value) => say(`signal ${JSON.stringify({kind, value})}`);

function watchChannel(made) {
    channel = made;
    channel.binaryType = 'arraybuffer';
    channel.onmessage = event => self.hear(Buffer.from(event.data));
    if (channel.readyState === 'open')
        self.opened();
    else
        channel.onopen = () => self.opened();
}

function build() {
    connection = new RTCPeerConnection({iceServers: []});
    connection.onicecandidate = event => {
        if (event.candidate)
            tell('candidate', event.candidate);
    };
    connection.ondatachannel = event => watchChannel(event.channel);
}

async function describe(kind) {
    const made = kind === 'offer' ? await connection.createOffer() : await connection.createAnswer();
    await connection.setLocalDescription(made);
    tell(kind, {type: made.type, sdp: made.sdp});
}

async function take({kind, value}) {
    if (kind === 'candidate') {
        await connection.addIceCandidate(value);
        return;
    }
    if (kind === 'offer')
        build();
    await connection.setRemoteDescription(value);
    if (kind === 'offer')
        await describe('answer');
}

// One after the other: a candidate waits for the description before it.
let taken = Promise.resolve();

const self = run({
    connect() {
        build();
        watchChannel(connection.createDataChannel('compare'));
        describe('offer');
    },
    signal(text) {
        taken = taken.then(() => take(JSON.parse(text)));
    },
    send(data, isUrgent) {
        if (!isUrgent && channel.bufferedAmount >= BUFFER_MAX) {
            setTimeout(() => self.goOn(), LOOK_MS);
            return false;
        }
        channel.send(data);
        return true;
    },
});
