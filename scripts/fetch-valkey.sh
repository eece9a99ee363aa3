#!/bin/sh
# Prints the path of a valkey-server that the tests start: that of this machine, or Debian's, which it unpacks into
# tmp/valkey/, which git ignores. Installs nothing, and leaves the machine's own list of packages alone: a Debian without
# Valkey has it in backports, so apt reads that list into a directory of its own.
set -eu
cd "$(dirname "$0")/.."

fail() { echo "fetch-valkey: $*" >&2; exit 1; }

cache=$PWD/tmp/valkey
for path in "$(command -v valkey-server || true)" "$cache/usr/bin/valkey-server"; do
  [ -x "$path" ] || continue
  printf '%s\n' "$path"
  exit 0
done
command -v apt-get >/dev/null && command -v dpkg >/dev/null || fail "valkey-server is missing, and this is not Debian"

echo "downloading Valkey from Debian into tmp/, about 2 MB" >&2
mkdir -p "$PWD/tmp"
new=$(mktemp -d "$PWD/tmp/valkey.XXXXXX")
trap 'rm -rf "$new"' EXIT
# get OPTION... download: with the machine's sources, or with those that the options name.
get() { (cd "$new" && apt-get -q "$@" valkey-server valkey-tools) >>"$new/log" 2>&1; }
backports() {
  . /etc/os-release
  [ "$ID" = debian ] || return 1
  mirror=$(sed -n 's/^URIs: *//p; s/^deb \(\[[^]]*\] \)\{0,1\}\([^ ]*\) .*/\2/p' \
    /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null | grep -m1 '/debian/*$')
  [ -n "$mirror" ] || return 1
  mkdir -p "$new/lists" "$new/cache/archives"
  echo "deb $mirror $VERSION_CODENAME-backports main" >"$new/sources.list"
  set -- -o Dir::Etc::SourceList="$new/sources.list" -o Dir::Etc::SourceParts=/dev/null \
    -o Dir::State="$new" -o Dir::State::Lists="$new/lists" -o Dir::State::Status=/dev/null -o Dir::Cache="$new/cache" \
    -o Acquire::Languages=none -o Acquire::Retries=0 -o Acquire::http::Timeout=20
  apt-get -q "$@" update >>"$new/log" 2>&1
  get "$@" download
}
get download || backports || fail "apt cannot download valkey-server: $(grep -m1 '^[EW]: ' "$new/log" || true)"
for package in "$new"/*.deb; do dpkg -x "$package" "$new/root"; done
# Its libraries are those that Redis needs, too.
"$new/root/usr/bin/valkey-server" --version >>"$new/log" 2>&1 || fail "valkey-server does not start: $(tail -n 1 "$new/log")"
rm -rf "$cache"
mv "$new/root" "$cache"
printf '%s\n' "$cache/usr/bin/valkey-server"
