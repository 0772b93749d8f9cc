# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: LGPL-2.1-or-later
# What tools/run and tools/test share; sourced by bash, never run.

# To build and run the program on a bare Debian 12.
BUILD_PACKAGES=(
  build-essential meson ninja-build pkg-config gettext
  libglib2.0-dev libsoup-3.0-dev libjson-glib-dev libsystemd-dev libgnutls28-dev
  libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev libgstreamer-plugins-bad1.0-dev
  gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-nice
  gobject-introspection libgirepository1.0-dev appstream libnice-dev
  libgtk-4-dev libadwaita-1-dev adwaita-icon-theme
)

# To test it as well.
TEST_PACKAGES=(
  python3 python3-gi gjs iproute2 dbus-daemon zsh fish clang libclang-rt-14-dev clang-format binutils nginx-light
  systemd desktop-file-utils librsvg2-bin
  flatpak flatpak-builder bubblewrap elfutils appstream-util librsvg2-common xdg-dbus-proxy dbus
  dconf-gsettings-backend libglib2.0-bin xvfb at-spi2-core gir1.2-atspi-2.0 xfce4-panel xdotool imagemagick
  coturn nftables chromium
)
# Debian's nodejs has npm as a package of its own, others bring both.
command -v npm >/dev/null || TEST_PACKAGES+=(nodejs npm)

complain() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
}

die() {
  complain "$@"
  exit 1
}

# The packages of "$@" that are not installed, a line each.
missing_packages() {
  local known
  known=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "$@" 2>/dev/null || true)
  local name
  for name in "$@"; do
    grep -qx "$name installed" <<<"$known" || printf '%s\n' "$name"
  done
}

# Installs what is missing of "$@"; says one line, and nothing if nothing is missing.
need_packages() {
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    complain "this is no Debian, so nothing is installed here. Needed are what Debian calls: $*"
    return 0
  fi

  local -a missing as_root=()
  mapfile -t missing < <(missing_packages "$@")
  [ ${#missing[@]} -gt 0 ] || return 0

  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null ||
      die "these packages are missing: ${missing[*]}. Install them as root, or install sudo."
    as_root=(sudo)
  fi

  printf 'Installing what is missing: %s\n' "${missing[*]}"
  local log status=0
  log=$(mktemp)
  (
    # What is installed is for us to run: it must not begin to serve by itself, as nginx would.
    policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
      trap '"${as_root[@]}" rm -f "$policy"' EXIT
      printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy"
      "${as_root[@]}" chmod 755 "$policy"
    fi
    "${as_root[@]}" apt-get -qq update &&
      "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get -qq -y --no-install-recommends install "${missing[@]}" || exit 1
    if [[ " ${missing[*]} " = *" nginx-light "* ]] && command -v systemctl; then
      "${as_root[@]}" systemctl disable nginx || true
    fi
  ) >"$log" 2>&1 </dev/null || status=$?
  if [ "$status" -ne 0 ]; then
    tail -n 20 "$log" >&2
    rm -f "$log"
    die "apt-get could not install them; what it said is above."
  fi
  rm -f "$log"
}

# quietly LOG COMMAND...: shows the end of LOG only if the command fails.
quietly() {
  local log=$1
  shift
  mkdir -p "$(dirname "$log")"
  if ! "$@" >"$log" 2>&1 </dev/null; then
    tail -n 40 "$log" >&2
    complain "this failed: $* (all it said is in $log)"
    return 1
  fi
}

# configure DIR OPTION...: sets the build directory up, or changes its options.
configure() {
  local dir=$1
  shift
  if [ -f "$dir/build.ninja" ]; then
    quietly "$dir/tools-configure.log" meson configure "$dir" "$@"
  else
    quietly "$dir.configure.log" meson setup "$dir" "$@" && rm -f "$dir.configure.log"
  fi
}
