# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Completion for bash. It needs nothing but bash itself; the names of rooms and nodes are those that a
# running daemon tells.

_sentient_commands='status rooms peers connections join leave send send-file transfers accept refuse cancel connect disconnect seed start stop reload monitor doctor config'
_sentient_common='--json --system --no-color --debug --help'
_sentient_plain='--server --seed --seeds --node-id --stun --turn --relay-only --candidate-filter --auto-webrtc --mesh-limit --mesh-degree --gossip-hops --gossip-max-size --gossip-rate --accept-files --accept-files-max --data --debug --config --json --no-color --version --port --host --network-id --no-webrtc --max-peers --limit --no-limits --static --public-url --trusted-proxy --allow-origin --no-cors --help'

# What the daemon tells, a word a line; nothing if there is none, or it does not answer.
_sentient_ask() {
  timeout "${SENTIENT_COMPLETION_SECONDS:-3}" "$_sentient_program" "${_sentient_bus[@]}" "$@" --names 2>/dev/null
}

# The words before the cursor, with ":" and "=" inside of them, in _sentient_words.
_sentient_split() {
  local line=${COMP_LINE:0:COMP_POINT}

  read -ra _sentient_words <<<"$line"
  case $line in
  *[[:space:]]) _sentient_words+=('') ;;
  esac
}

_sentient_options() {
  case $1 in
  '') echo "$_sentient_plain" ;;
  rooms | peers | transfers) echo "$_sentient_common --names" ;;
  connections) echo "$_sentient_common --names --stats --hide-addresses" ;;
  join) echo "$_sentient_common --metadata" ;;
  send) echo "$_sentient_common --room --file --priority" ;;
  send-file) echo "$_sentient_common --name --no-wait --wait --seed --room --node-id --stun --turn --config" ;;
  accept) echo "$_sentient_common --no-wait" ;;
  monitor) echo "$_sentient_common --count" ;;
  doctor) echo "$_sentient_common --network --hide-addresses --seed --stun --turn --config" ;;
  config) echo '--server --config --json' ;;
  *) echo "$_sentient_common" ;;
  esac
}

# The value of an option; fails if it takes none.
_sentient_value() {
  case $1 in
  --room) _sentient_ask rooms ;;
  --file | --config) compgen -f -- "$2" ;;
  -d | --data | --static | --accept-files) compgen -d -- "$2" ;;
  --auto-webrtc) printf '%s\n' true false ;;
  --priority) printf '%s\n' low normal high ;;
  --stun) printf '%s\n' none ;;
  --candidate-filter) printf '%s\n' host srflx relay udp tcp ipv4 ipv6 ;;
  --host) printf '%s\n' 127.0.0.1 0.0.0.0 ;;
  --trusted-proxy) printf '%s\n' loopback ;;
  --metadata | --name | --count | --seed | --seeds | --node-id | --turn | -p | --port | --network-id | \
    --mesh-limit | --mesh-degree | --gossip-hops | --gossip-max-size | --gossip-rate | --accept-files-max | --max-peers | --limit | --public-url | --allow-origin) ;;
  *) return 1 ;;
  esac
}

# The nth word of a command, the first is 0.
_sentient_word() {
  case $1:$2 in
  peers:0 | leave:0) _sentient_ask rooms ;;
  join:0) _sentient_ask rooms ;;
  send:0 | send-file:0 | connect:0) _sentient_ask peers ;;
  send-file:*) compgen -f -- "$3" ;;
  accept:0 | refuse:0 | cancel:0) _sentient_ask transfers ;;
  accept:1) compgen -d -- "$3" ;;
  disconnect:0) _sentient_ask connections ;;
  start:0 | stop:0) printf '%s\n' coordinator node ;;
  config:0) printf '%s\n' show check ;;
  config:1) compgen -f -- "$3" ;;
  esac
}

_sentient() {
  local -a _sentient_words _sentient_bus=()
  local _sentient_program=$1 command='' n=0 i word cur prev='' found

  _sentient_split
  cur=${_sentient_words[-1]}
  for ((i = 1; i < ${#_sentient_words[@]} - 1; i++)); do
    word=${_sentient_words[i]}
    if _sentient_value "$prev" '' >/dev/null; then
      prev=
      continue
    fi
    prev=$word
    case $word in
    --system) _sentient_bus=(--system) ;;
    -*) ;;
    *)
      if [ -z "$command" ]; then
        command=$word
      else
        n=$((n + 1))
      fi
      ;;
    esac
  done

  if [[ $cur == --*=* ]]; then
    prev=${cur%%=*}
    cur=${cur#*=}
  fi
  if ! found=$(_sentient_value "$prev" "$cur"); then
    if [[ $cur == -* ]]; then
      found=$(_sentient_options "$command")
    elif [ -z "$command" ]; then
      found=$_sentient_commands
    else
      found=$(_sentient_word "$command" "$n" "$cur")
    fi
  fi

  mapfile -t COMPREPLY < <(compgen -W "$found" -- "$cur")
  # bash takes what stands after the last ":" for the word.
  if [[ $cur == *:* && $COMP_WORDBREAKS == *:* ]]; then
    COMPREPLY=("${COMPREPLY[@]#"${cur%"${cur##*:}"}"}")
  fi
}

complete -F _sentient sentient
