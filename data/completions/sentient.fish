# SPDX-License-Identifier: LGPL-2.1-or-later
# Completion for fish. The names of rooms and nodes are those that a running daemon tells.

set -g __sentient_commands status rooms peers connections join leave send send-file transfers accept refuse cancel connect disconnect seed start stop reload monitor doctor config

function __sentient_no_command
    not __fish_seen_subcommand_from $__sentient_commands
end

function __sentient_in
    __fish_seen_subcommand_from $argv
end

# The command, and no further word yet.
function __sentient_first_word_of
    __fish_seen_subcommand_from $argv; or return 1
    set -l n 0
    for word in (commandline -opc)[2..-1]
        string match -q -- '-*' $word; or set n (math $n + 1)
    end
    test $n -eq 1
end

# What the daemon tells; nothing if there is none, or it does not answer.
function __sentient_names
    set -l bus
    contains -- --system (commandline -opc); and set bus --system
    set -l seconds 3
    set -q SENTIENT_COMPLETION_SECONDS; and set seconds $SENTIENT_COMPLETION_SECONDS
    timeout $seconds sentient $bus $argv[1] --names 2>/dev/null
end

complete -c sentient -f

complete -c sentient -n __sentient_no_command -a status -d 'What the daemon is and how it stands'
complete -c sentient -n __sentient_no_command -a rooms -d 'The rooms that the node is in, or its coordinator keeps'
complete -c sentient -n __sentient_no_command -a peers -d 'Who is in the rooms'
complete -c sentient -n __sentient_no_command -a connections -d 'The connections to other nodes'
complete -c sentient -n __sentient_no_command -a join -d 'Let the node join a room, or change its metadata there'
complete -c sentient -n __sentient_no_command -a leave -d 'Let the node leave a room'
complete -c sentient -n __sentient_no_command -a send -d 'Send a message to a node, or to everybody in a room'
complete -c sentient -n __sentient_no_command -a send-file -d 'Send files to a node'
complete -c sentient -n __sentient_no_command -a transfers -d 'The files that are sent and received'
complete -c sentient -n __sentient_no_command -a accept -d 'Take a file that is offered'
complete -c sentient -n __sentient_no_command -a refuse -d 'Do not take a file that is offered'
complete -c sentient -n __sentient_no_command -a cancel -d 'End the sending or receiving of a file'
complete -c sentient -n __sentient_no_command -a connect -d 'Connect to a node that is in a room with this one'
complete -c sentient -n __sentient_no_command -a disconnect -d 'Close the connection to a node'
complete -c sentient -n __sentient_no_command -a seed -d 'Let the node use another coordinator'
complete -c sentient -n __sentient_no_command -a start -d 'Start the daemon, and its coordinator or node'
complete -c sentient -n __sentient_no_command -a stop -d 'Stop the daemon, or only its coordinator or node'
complete -c sentient -n __sentient_no_command -a reload -d 'Let the daemon read its settings again'
complete -c sentient -n __sentient_no_command -a monitor -d 'Tell what happens, a line each'
complete -c sentient -n __sentient_no_command -a doctor -d 'See whether all pieces are installed, or how the network is'
complete -c sentient -n __sentient_no_command -a config -d 'The settings, and where they come from'

complete -c sentient -n '__sentient_first_word_of peers join leave' -a '(__sentient_names rooms)' -d room
complete -c sentient -n '__sentient_first_word_of send send-file connect' -a '(__sentient_names peers)' -d node
complete -c sentient -n '__sentient_first_word_of disconnect' -a '(__sentient_names connections)' -d node
complete -c sentient -n '__sentient_first_word_of accept refuse cancel' -a '(__sentient_names transfers)' -d number
complete -c sentient -n '__sentient_in send-file; and not __sentient_first_word_of send-file' -F
complete -c sentient -n '__sentient_in accept; and not __sentient_first_word_of accept' -a '(__fish_complete_directories)'
complete -c sentient -n '__sentient_first_word_of start stop' -a 'coordinator node'
complete -c sentient -n '__sentient_first_word_of config' -a 'show check'
complete -c sentient -n '__sentient_in config' -F

complete -c sentient -l json -d 'Answer in JSON, for programs'
complete -c sentient -l no-color -d 'No colours'
complete -c sentient -l debug -d 'Tell every step, on stderr'
complete -c sentient -s h -l help -d 'Print the options and end'
complete -c sentient -n 'not __sentient_in config' -l system -d 'The daemon of the system bus'
complete -c sentient -n '__sentient_in rooms peers connections transfers' -l names -d 'Only the names, a line each'
complete -c sentient -n '__sentient_in join' -x -l metadata -d 'What others see of this node: a JSON object'
complete -c sentient -n '__sentient_in send send-file' -x -l room -a '(__sentient_names rooms)' -d 'To everybody in this room, or as a node in it'
complete -c sentient -n '__sentient_in send-file' -x -l name -d 'What the file is to be called there'
complete -c sentient -n '__sentient_in send-file accept' -l no-wait -d 'End at once, the daemon goes on'
complete -c sentient -n '__sentient_in send-file' -x -l wait -d 'How many seconds the node may take to come'
complete -c sentient -n '__sentient_in send' -r -F -l file -d 'The bytes of this file'
complete -c sentient -n '__sentient_in send' -x -l priority -a 'low normal high' -d 'How urgent it is'
complete -c sentient -n '__sentient_in doctor' -l network -d 'See how nodes reach each other from here'
complete -c sentient -n '__sentient_in connections' -l stats -d 'Direct or relayed, round trip, bytes, window, times'
complete -c sentient -n '__sentient_in connections' -l hide-addresses -d 'Placeholders instead of addresses, with --stats'
complete -c sentient -n '__sentient_in doctor' -l hide-addresses -d 'Placeholders instead of addresses'
complete -c sentient -n '__sentient_in monitor' -x -l count -d 'End after so many lines'

complete -c sentient -n '__sentient_no_command; or __sentient_in config' -s s -l server -d 'Be a coordinator'
complete -c sentient -n '__sentient_no_command; or __sentient_in config doctor send-file' -r -F -l config -d 'The settings file'
complete -c sentient -n '__sentient_no_command; or __sentient_in doctor send-file' -x -l seed -d 'The coordinator to join'
complete -c sentient -n __sentient_no_command -x -l seeds -d 'The coordinator to join'
complete -c sentient -n '__sentient_no_command; or __sentient_in send-file' -x -l node-id -d 'The name of this node'
complete -c sentient -n '__sentient_no_command; or __sentient_in doctor send-file' -x -l stun -a none -d 'The STUN server'
complete -c sentient -n '__sentient_no_command; or __sentient_in doctor send-file' -x -l turn -d 'A TURN server'
complete -c sentient -n __sentient_no_command -x -l mesh-limit -d 'How many members of a room are all connected'
complete -c sentient -n __sentient_no_command -x -l mesh-degree -d 'To how many a node connects in a larger room'
complete -c sentient -n __sentient_no_command -x -l gossip-hops -d 'Over how many connections a broadcast may come'
complete -c sentient -n __sentient_no_command -x -l gossip-max-size -d 'Bytes of a broadcast that is passed on'
complete -c sentient -n __sentient_no_command -x -l gossip-rate -d 'Parts a second of a neighbour'
complete -c sentient -n __sentient_no_command -l relay-only -d 'Use no address but those of TURN servers'
complete -c sentient -n __sentient_no_command -x -l candidate-filter -a 'host srflx relay udp tcp ipv4 ipv6' -d 'What connections may use'
complete -c sentient -n __sentient_no_command -x -l auto-webrtc -a 'true false' -d 'Connect to everybody in the room'
complete -c sentient -n __sentient_no_command -x -s d -l data -a '(__fish_complete_directories)' -d 'Keep the name of this node here'
complete -c sentient -n __sentient_no_command -x -l accept-files -a '(__fish_complete_directories)' -d 'Take every file that is offered into this directory'
complete -c sentient -n __sentient_no_command -x -l accept-files-max -d 'MiB of a file up to which it is taken'
complete -c sentient -n __sentient_no_command -l version -d 'Print the version and end'
complete -c sentient -n __sentient_no_command -x -s p -l port -d 'The port of the coordinator'
complete -c sentient -n __sentient_no_command -x -l host -a '127.0.0.1 0.0.0.0' -d 'The address to listen at'
complete -c sentient -n __sentient_no_command -x -l network-id -d 'The name of the network'
complete -c sentient -n __sentient_no_command -l no-webrtc -d 'Introduce nobody'
complete -c sentient -n __sentient_no_command -x -l max-peers -d 'How many nodes a room may hold'
complete -c sentient -n __sentient_no_command -x -l limit -d 'Another limit than the default'
complete -c sentient -n __sentient_no_command -l no-limits -d 'No limits of rates'
complete -c sentient -n __sentient_no_command -x -l static -a '(__fish_complete_directories)' -d 'Also serve the files below this directory'
complete -c sentient -n __sentient_no_command -x -l public-url -d 'What clients call it'
complete -c sentient -n __sentient_no_command -x -l trusted-proxy -a loopback -d 'A proxy that is believed'
complete -c sentient -n __sentient_no_command -x -l allow-origin -d 'Web pages of this origin may call everything'
complete -c sentient -n __sentient_no_command -l no-cors -d 'Refuse web pages of other origins'
