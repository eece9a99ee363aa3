#!/bin/sh
# Installs what only the tests need:
#   scripts/test-setup.sh programs    the programs that the tests run. As root on Debian it installs missing ones;
#                                     otherwise it stops and prints the command to run.
#   scripts/test-setup.sh packages    optional npm packages, the agents that the tests drive, and zig
set -eu
cd "$(dirname "$0")/.."

say() { printf 'test-setup: %s\n' "$*" >&2; }
fail() { say "$@"; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }

# One of these programs, the Debian package that has it, and the reason.
needs() {
  cat <<'END'
g++|c++|clang++ g++ compiles npm packages
gcc gcc compiles callers of hooks, and the launcher with sanitizers
python3 python3 runs many test hooks and callers
perl perl-base tells test/smoke.sh whether a signal ended a program
unshare util-linux runs tests in separate namespaces
script bsdutils runs commands in a terminal
openssl openssl makes a certificate for a key server with TLS
jq jq runs in typical one-line hooks
curl curl downloads what the install script of a release installs
zsh zsh runs the completion script
fish fish runs the completion script
sqlite3 sqlite3 reads the database as a user would
qemu-aarch64|qemu-aarch64-static qemu-user runs the launcher for arm64
ip iproute2 joins network namespaces, as machines that share dedupe keys
redis-server redis-server shares dedupe keys between machines; only the tests start it
promtool prometheus reads the metrics; only the tests start it
chromium|chromium-browser|google-chrome chromium shows the dashboard
END
}

any_of() {
  for program in $(echo "$1" | tr '|' ' '); do has "$program" && return 0; done
  return 1
}

programs() {
  # Elsewhere, tests that lack a program are skipped, and say so.
  [ "$(uname)" = Linux ] || return 0
  missing=$(needs | while read -r names package reason; do
    any_of "$names" && continue
    say "${names%%|*} is missing. It $reason"
    printf ' %s' "$package"
  done)
  missing=${missing# }
  [ -n "$missing" ] || return 0
  if [ "$(id -u)" != 0 ] || ! has apt-get; then
    fail "to install them on Debian or Ubuntu: sudo scripts/apt-install.sh $missing"
  fi
  say "installing $missing, which takes a minute or two"
  log=$(mktemp)
  trap 'rm -f "$log"' EXIT
  # shellcheck disable=SC2086 # a list of packages
  scripts/apt-install.sh $missing >"$log" 2>&1 || {
    tail -n 20 "$log" >&2
    fail "apt-get failed; its output is above. To try again: scripts/apt-install.sh $missing"
  }
}

packages() {
  if ! node -e 'require("unix-dgram")' 2>/dev/null; then
    say "compiling unix-dgram"
    # As in scripts/setup.sh: node-gyp would download the headers.
    prefix=$(node -p 'require("node:path").resolve(process.execPath, "../..")')
    [ ! -f "$prefix/include/node/node.h" ] || export npm_config_nodedir="${npm_config_nodedir:-$prefix}"
    npm rebuild unix-dgram --ignore-scripts=false --no-update-notifier >/dev/null 2>&1 ||
      say "unix-dgram does not compile, so the tests of StatsD over a Unix socket are skipped"
  fi
  for client in claude codex copilot gemini qwen; do
    { scripts/fetch-client.sh "$client" >/dev/null || say "$client is not available, so its tests are skipped"; } &
  done
  { scripts/fetch-client.sh valkey >/dev/null || say "Valkey is not available, so shared keys are tested on Redis alone"; } &
  for system in linux-x64 darwin-arm64; do
    { scripts/fetch-node.sh $system >/dev/null || say "Node for $system is not available, so tests of the tarballs fail"; } &
  done
  scripts/fetch-client.sh zig >/dev/null || say "zig is not available, so the tests of the launcher for other systems are skipped"
  wait
}

case ${1:-} in
programs | packages) "$1" ;;
*) fail "unknown argument \"${1:-}\": use programs or packages" ;;
esac
