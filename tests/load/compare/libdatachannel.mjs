// SPDX-License-Identifier: LGPL-2.1-or-later
// One end of a pair of libdatachannel's: see contender.h.

import {load, run, say} from './contender.mjs';

const {PeerConnection} = load('node-datachannel');

const BUFFER_MAX = 1024 * 1024;
const BUFFER_LOW = 256 * 1024;

let connection = null;
let channel = null;
let early = []; // candidates before the description

const tell = (kind, value) => say(`signal ${JSON.stringify({kind, value})}`);

function watchChannel(made) {
    channel = made;
    channel.setBufferedAmountLowThreshold(BUFFER_LOW);
    channel.onBufferedAmountLow(() => self.goOn());
    channel.onMessage(data => self.hear(data));
    if (channel.isOpen())
        self.opened();
    else
        channel.onOpen(() => self.opened());
}

function build() {
    connection = new PeerConnection('compare', {iceServers: []});
    connection.onLocalDescription((sdp, type) => tell('description', {sdp, type}));
    connection.onLocalCandidate((candidate, mid) => tell('candidate', {candidate, mid}));
    connection.onDataChannel(watchChannel);
}

const self = run({
    connect() {
        build();
        watchChannel(connection.createDataChannel('compare'));
    },
    signal(text) {
        const {kind, value} = JSON.parse(text);
        if (connection === null)
            build();
        if (kind === 'candidate' && early !== null) {
            early.push(value);
            return;
        }
        if (kind === 'description')
            connection.setRemoteDescription(value.sdp, value.type);
        for (const {candidate, mid} of kind === 'candidate' ? [value] : early)
            connection.addRemoteCandidate(candidate, mid);
        early = null;
    },
    send(data, isUrgent) {
        if (!isUrgent && channel.bufferedAmount() >= BUFFER_MAX)
            return false;
        channel.sendMessageBinary(data);
        return true;
    },
});
