// SPDX-License-Identifier: LGPL-2.1-or-later
// A plain client as a web page would have it: the coordinator's WebSocket and RTCPeerConnection, and
// nothing of ours. It runs in a browser and in node.
//
// A test drives it by HTTP: it asks for orders, one after the other, and says what happens. What a
// message holds follows from its kind and size, so each end knows whether it came right.

const LABEL = 'prrc';

function fillText(size) {
    const piece = 'aé€😀'; // 1 + 2 + 3 + 4 bytes
    return piece.repeat(Math.floor(size / 10)) + 'x'.repeat(size % 10);
}

function fillBinary(size) {
    const bytes = new Uint8Array(size);
    for (let i = 0; i < size; i++)
        bytes[i] = i * 31 + size;
    return bytes;
}

function isRight(data) {
    if (typeof data === 'string')
        return data === fillText(new TextEncoder().encode(data).length);
    const got = new Uint8Array(data);
    const wanted = fillBinary(got.length);
    return got.every((byte, i) => byte === wanted[i]);
}

const sizeOf = data =>
    typeof data === 'string' ? new TextEncoder().encode(data).length : data.byteLength;

class Client {
    constructor(control, who) {
        this.control = control;
        this.who = who;
        this.peers = new Map(); // node id → {connection, channel}
        this.told = Promise.resolve();
        this.handled = Promise.resolve();
    }

    // One after the other, so that they come in order.
    say(event, fields = {}) {
        const body = JSON.stringify({event, ...fields});
        this.told = this.told.then(() =>
            fetch(`${this.control}/said?who=${this.who}`, {method: 'POST', body}));
    }

    join(url, nodeId, room) {
        this.room = room;
        this.socket = new WebSocket(`${url}/webrtc/signal?nodeId=${nodeId}&room=${room}`);
        this.socket.onmessage = event => {
            const message = JSON.parse(event.data);
            // A candidate waits for the description before it.
            this.handled = this.handled.then(() => this.handle(message))
                .catch(error => this.say('error', {text: String(error), message}));
        };
        this.socket.onclose = event => this.say('socket-closed', {code: event.code});
    }

    signal(type, to, fields) {
        this.socket.send(JSON.stringify({type, to, room: this.room, ...fields}));
    }

    async handle(message) {
        const peer = this.peers.get(message.from);
        switch (message.type) {
        case 'join-result':
            this.say('joined', {peers: message.peers.map(other => other.nodeId)});
            break;
        case 'offer': {
            const made = this.prepare(message.from);
            await made.connection.setRemoteDescription({type: 'offer', sdp: message.sdp});
            await made.connection.setLocalDescription(await made.connection.createAnswer());
            this.signal('answer', message.from, {sdp: made.connection.localDescription.sdp});
            break;
        }
        case 'answer':
            await peer.connection.setRemoteDescription({type: 'answer', sdp: message.sdp});
            break;
        case 'ice-candidate':
            if (peer && message.candidate)
                await peer.connection.addIceCandidate(message.candidate);
            break;
        case 'error':
            this.say('error', {text: message.message});
            break;
        }
    }

    prepare(nodeId) {
        const connection = new RTCPeerConnection({iceServers: []});
        const peer = {connection, channel: null};
        this.peers.set(nodeId, peer);
        connection.onicecandidate = event => {
            if (!event.candidate)
                return;
            this.say('candidate', {text: event.candidate.candidate});
            this.signal('ice-candidate', nodeId, {candidate: event.candidate.toJSON
                ? event.candidate.toJSON() : event.candidate});
        };
        connection.onconnectionstatechange = () =>
            this.say('state', {node: nodeId, state: connection.connectionState});
        connection.ondatachannel = event => this.watch(nodeId, event.channel);
        return peer;
    }

    watch(nodeId, channel) {
        this.peers.get(nodeId).channel = channel;
        channel.binaryType = 'arraybuffer';
        channel.onmessage = ({data}) => this.say('message', {node: nodeId, size: sizeOf(data),
            kind: typeof data === 'string' ? 'text' : 'binary', right: isRight(data)});
        channel.onclosing = () => this.say('closing', {node: nodeId});
        channel.onclose = () => this.say('closed', {node: nodeId});
        const isOpen = () => this.say('open', {node: nodeId, label: channel.label,
            protocol: channel.protocol, max: this.peers.get(nodeId).connection.sctp?.maxMessageSize ?? 0});
        if (channel.readyState === 'open')
            isOpen();
        else
            channel.onopen = isOpen;
    }

    async connect(nodeId) {
        const peer = this.prepare(nodeId);
        this.watch(nodeId, peer.connection.createDataChannel(LABEL, {ordered: true}));
        await peer.connection.setLocalDescription(await peer.connection.createOffer());
        this.signal('offer', nodeId, {sdp: peer.connection.localDescription.sdp});
    }

    send(nodeId, kind, size) {
        try {
            this.peers.get(nodeId).channel.send(kind === 'text' ? fillText(size) : fillBinary(size));
            this.say('sent', {size});
        } catch (error) {
            this.say('refused', {size, text: String(error)});
        }
    }

    close(nodeId) {
        this.peers.get(nodeId).connection.close();
        this.peers.delete(nodeId);
    }

    async run() {
        this.say('ready');
        for (;;) {
            const response = await fetch(`${this.control}/orders?who=${this.who}`);
            if (response.status === 204)
                continue;
            const [verb, ...args] = await response.json();
            if (verb === 'quit')
                return;
            try {
                await this[verb](...args);
            } catch (error) {
                this.say('error', {text: String(error)});
            }
        }
    }
}

export const run = (control, who) => new Client(control, who).run();
