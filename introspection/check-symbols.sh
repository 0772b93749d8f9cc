#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# check-symbols.sh LIBRARY LIST: the library exports what the list names and nothing else. A change
# of the list is a change of the interface others build on.
set -eu

found=$(nm -D --defined-only --format=posix "$1" | cut -d ' ' -f 1 | LC_ALL=C sort)
if printf '%s\n' "$found" | diff -u "$2" -; then
  echo "$(wc -l <"$2") symbols, as listed"
else
  echo "The exported symbols (+) are not those listed (-) in $2." >&2
  exit 1
fi
