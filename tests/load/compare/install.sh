#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# install.sh DIR: puts what the data path is compared with into DIR/node_modules, unless it is there.
# The packages hold their programs ready-made; none of their scripts is run.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
dir=${1:?usage: install.sh DIR}

if [ -d "$dir/node_modules" ] && cmp -s "$here/package-lock.json" "$dir/installed-lock.json"; then
  exit 0
fi
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
  echo "install.sh: node and npm are needed (Debian: nodejs, npm)" >&2
  exit 1
fi
mkdir -p "$dir"
cp "$here/package.json" "$here/package-lock.json" "$dir/"
if ! (cd "$dir" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) >"$dir/install.log" 2>&1; then
  tail -n 20 "$dir/install.log" >&2
  echo "install.sh: npm could not install them (all it said is in $dir/install.log)" >&2
  exit 1
fi
cp "$here/package-lock.json" "$dir/installed-lock.json"
