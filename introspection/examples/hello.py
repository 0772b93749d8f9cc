import sys
import gi
gi.require_version('Sentient', '1')
from gi.repository import GLib, Sentient

def on_online(peer, result):
    try:
        peer.connect_to_coordinator_finish(result)
    except GLib.Error as error:
        sys.exit(error.message)
    peer.join_async('global', None, None, lambda peer, result: peer.join_finish(result))

def on_message(peer, node, data, is_text):
    print(f'{node}: {data.get_data().decode()}', flush=True)

peer = Sentient.Peer.new('hello-python')
peer.connect('peer-connected', lambda peer, node: peer.send(node, f'Hello {node}, this is Python.'))
peer.connect('message', on_message)
peer.connect_to_coordinator_async(sys.argv[1:] or ['http://127.0.0.1:8888'], None, on_online)
GLib.MainLoop().run()
