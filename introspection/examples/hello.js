import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import Sentient from 'gi://Sentient?version=1';
import System from 'system';

Gio._promisify(Sentient.Peer.prototype, 'connect_to_coordinator_async');
Gio._promisify(Sentient.Peer.prototype, 'join_async');

const peer = Sentient.Peer.new('hello-javascript');
peer.connect('peer-connected', (_peer, node) => peer.send(node, `Hello ${node}, this is JavaScript.`));
peer.connect('message', (_peer, node, data) => print(`${node}: ${new TextDecoder().decode(data.toArray())}`));

const loop = new GLib.MainLoop(null, false);
let status = 0;
const urls = ARGV.length ? ARGV : ['http://127.0.0.1:8888'];
peer.connect_to_coordinator_async(urls, null)
    .then(() => peer.join_async('global', null, null))
    .catch(error => {
        printerr(error.message);
        status = 1;
        loop.quit();
    });
loop.run();
System.exit(status);
