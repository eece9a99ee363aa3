#!/bin/sh
# Installs HookBus VERSION below your home directory, without root:
#   sh install-release.sh [BIN]      links BIN/hookbus, or ~/.local/bin/hookbus, to ~/.local/opt/hookbus-VERSION-SYSTEM
# It downloads the archive for this system from the release that this script belongs to, and installs nothing unless the
# archive has the checksum below. HOOKBUS_RELEASES is another place of the archives, such as a mirror.
set -eu

version='@VERSION@'
releases=${HOOKBUS_RELEASES:-'@RELEASES@'}
# The checksum and the system of each archive.
checksums() {
  cat <<'END'
@CHECKSUMS@
END
}

fail() { printf 'install-release: %s\n' "$*" >&2; exit 1; }

case $(uname -s) in Linux) os=linux ;; Darwin) os=darwin ;; *) os=$(uname -s) ;; esac
case $(uname -m) in x86_64 | amd64) cpu=x64 ;; aarch64 | arm64) cpu=arm64 ;; *) cpu=$(uname -m) ;; esac
system=$os-$cpu
expected=$(checksums | while read -r sum of; do [ "$of" != "$system" ] || echo "$sum"; done)
[ -n "$expected" ] || fail "there is no archive for $system. Where Node 20.19 or newer runs: npm install --global hookbus"
[ -n "${HOME:-}" ] || fail "HOME is not set"

name=hookbus-$version-$system
opt=$HOME/.local/opt
mkdir -p "$opt"
work=$(mktemp -d "$opt/.hookbus.XXXXXX")
trap 'rm -rf "$work"' EXIT

url=$releases/$name.tar.gz
if command -v curl >/dev/null 2>&1; then
  curl --fail --silent --show-error --location --output "$work/archive" "$url" || fail "cannot download $url"
elif command -v wget >/dev/null 2>&1; then
  wget --quiet --output-document="$work/archive" "$url" || fail "cannot download $url"
else
  fail "curl or wget is needed to download $url"
fi
if command -v sha256sum >/dev/null 2>&1; then sums=sha256sum; else sums='shasum -a 256'; fi
found=$($sums <"$work/archive")
found=${found%% *}
[ "$found" = "$expected" ] || fail "$url has the checksum $found instead of $expected, so nothing was installed"

if [ -e "$opt/$name" ]; then
  # Hooks may be running from there, so it is never replaced.
  tar -C "$work" -xzf "$work/archive" "$name/SHA256SUMS"
  (cd "$opt/$name" && $sums -c "$work/$name/SHA256SUMS" >/dev/null 2>&1) || fail "$opt/$name is not what the release contains: delete it and try again"
else
  tar -C "$work" -xzf "$work/archive"
  mv "$work/$name" "$opt/$name"
fi
sh "$opt/$name/install.sh" "$@"
