#!/bin/sh
# What only the tests need:
#   scripts/test-setup.sh programs    looks for the programs that they run. Those that are missing it installs, as root on
#                                     a Debian; else it stops with one line to paste.
#   scripts/test-setup.sh packages    npm packages that users can do without, the agents that tests drive, and zig
set -eu
cd "$(dirname "$0")/.."

say() { printf 'test-setup: %s\n' "$*" >&2; }
fail() { say "$@"; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }

# What is run (one of these), the Debian package that has it, and why.
needs() {
  cat <<'END'
g++|c++|clang++ g++ npm packages are compiled with it
gcc gcc small programs in C play the caller, and the launcher is built with sanitizers
python3 python3 many small hooks and callers are written in it
perl perl-base test/smoke.sh tells a death by signal from an exit code with it
unshare util-linux tests run in namespaces of their own
script bsdutils commands run in a terminal
openssl openssl a key server with TLS needs a certificate
jq jq the lines that people write as hooks use it
zsh zsh its completions are tried
fish fish its completions are tried
sqlite3 sqlite3 the database is read as a user reads it
qemu-aarch64|qemu-aarch64-static qemu-user the launcher for arm64 runs in it
redis-server redis-server machines share keys through a real one, which only the tests start
promtool prometheus a real Prometheus reads the metrics, which only the tests start
chromium|chromium-browser|google-chrome chromium the dashboard is looked at in a real browser
END
}

any_of() {
  for program in $(echo "$1" | tr '|' ' '); do has "$program" && return 0; done
  return 1
}

programs() {
  missing=$(needs | while read -r names package reason; do
    any_of "$names" && continue
    say "${names%%|*} is missing: $reason"
    printf ' %s' "$package"
  done)
  missing=${missing# }
  [ -n "$missing" ] || return 0
  if [ "$(id -u)" != 0 ] || ! has apt-get; then
    fail "to install them on Debian or Ubuntu: sudo scripts/apt-install.sh $missing"
  fi
  say "installing $missing (and what they need), which takes a minute or two"
  log=$(mktemp)
  trap 'rm -f "$log"' EXIT
  # shellcheck disable=SC2086 # a list of packages
  scripts/apt-install.sh $missing >"$log" 2>&1 || {
    tail -n 20 "$log" >&2
    fail "apt-get failed, for the reason above. To try again: scripts/apt-install.sh $missing"
  }
}

packages() {
  if ! node -e 'require("unix-dgram")' 2>/dev/null; then
    say "compiling unix-dgram"
    # As in scripts/setup.sh: node-gyp would download the headers.
    prefix=$(node -p 'require("node:path").resolve(process.execPath, "../..")')
    [ ! -f "$prefix/include/node/node.h" ] || export npm_config_nodedir="${npm_config_nodedir:-$prefix}"
    npm rebuild unix-dgram --ignore-scripts=false --no-update-notifier >/dev/null 2>&1 ||
      say "it does not compile, so StatsD over a Unix socket is not tested"
  fi
  for client in claude codex gemini; do
    scripts/fetch-client.sh "$client" >/dev/null || say "so the tests that drive it are skipped"
  done
  scripts/fetch-client.sh zig >/dev/null || say "so the launcher is not tried for other systems"
}

case ${1:-} in
programs | packages) "$1" ;;
*) fail "expected programs or packages, got \"${1:-}\"" ;;
esac
