// SPDX-License-Identifier: LGPL-2.1-or-later
// A coordinator and two peers in one gjs process, from the built typelib: they find each other and
// exchange messages over a real data channel.

import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import Sentient from 'gi://Sentient?version=1';
import System from 'system';

const PATIENCE_S = 40;
const CASES = 5;
const loop = new GLib.MainLoop(null, false);
let done = 0;
let status = 1;

Gio._promisify(Sentient.Peer.prototype, 'connect_to_coordinator_async');
Gio._promisify(Sentient.Peer.prototype, 'join_async');
Gio._promisify(Sentient.Peer.prototype, 'close_async');
Gio._promisify(Sentient.Coordinator.prototype, 'stop_async');

function passed(text) {
    done++;
    print(`ok ${done} - ${text}`);
}

function check(condition, text) {
    if (!condition)
        throw new Error(text);
}

// A promise of what the signal's handler is given, once accept () takes it.
function next(object, signal, accept) {
    return new Promise(resolve => {
        const id = object.connect(signal, (_object, ...args) => {
            if (!accept(...args))
                return;
            object.disconnect(id);
            resolve(args);
        });
    });
}

async function converse() {
    const coordinator = new Sentient.Coordinator({host: '127.0.0.1', port: 0});
    check(coordinator.start(), 'the coordinator starts');
    check(coordinator.port !== 0 && coordinator.running, 'it has a port');
    passed('the coordinator runs');

    const [alice, bob] = ['alice', 'bob'].map(name => {
        const peer = Sentient.Peer.new(name);
        peer.stunServers = [];
        return peer;
    });
    const open = [next(alice, 'peer-connected', node => node === 'bob'),
        next(bob, 'peer-connected', node => node === 'alice')];
    for (const peer of [alice, bob]) {
        await peer.connect_to_coordinator_async([coordinator.dup_url()], null);
        const room = await peer.join_async('global', null, null);
        check(room.get_name() === 'global', 'the room joined is the one asked for');
    }
    check(coordinator.peerCount === 2, 'the coordinator counts two');
    passed('both joined');

    await Promise.all(open);
    passed('the data channel opens');

    const heard = [next(bob, 'message', node => node === 'alice'),
        next(alice, 'message', node => node === 'bob')];
    alice.send('bob', 'Hello bob, ☃');
    const [sent, count] = bob.broadcast('global', 'Hello all');
    check(sent && count === 1, 'a broadcast goes to the one other node');
    const texts = (await Promise.all(heard)).map(([, bytes, isText]) => {
        check(isText, 'it is text');
        return new TextDecoder().decode(bytes.toArray());
    });
    check(texts[0] === 'Hello bob, ☃' && texts[1] === 'Hello all', `what was heard: ${texts}`);
    passed('messages arrive');

    await Promise.all([alice.close_async(null), bob.close_async(null)]);
    await coordinator.stop_async(null);
    check(!coordinator.running, 'it stopped');
    passed('all of it stops');
    check(done === CASES, `${done} cases of ${CASES} ran`);
    status = 0;
}

print(`1..${CASES}`);
GLib.timeout_add_seconds(GLib.PRIORITY_DEFAULT, PATIENCE_S, () => {
    print(`not ok ${done + 1} - not done within ${PATIENCE_S} s`);
    loop.quit();
    return GLib.SOURCE_REMOVE;
});
converse()
    .catch(error => print(`not ok ${done + 1} - ${error}\n# ${error.stack}`))
    .finally(() => loop.quit());
loop.run();
System.exit(status);
