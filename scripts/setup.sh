#!/bin/sh
# Installs the dependencies so that better-sqlite3 works, also where npm refuses install scripts and where its
# prebuilt binary cannot be had: it is compiled then, for which node-gyp needs python3 and a C++ compiler.
set -eu
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*" >&2; }

works() { node -e 'new (require("better-sqlite3"))(":memory:").close()' >/dev/null 2>&1; }

need() { # need COMMAND DEBIAN_PACKAGE
  command -v "$1" >/dev/null 2>&1 && return 0
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    say "setup: installing $2"
    apt-get install -y --no-install-recommends "$2" >/dev/null 2>&1 ||
      { apt-get update >/dev/null 2>&1 && apt-get install -y --no-install-recommends "$2" >/dev/null 2>&1; } || true
  fi
  command -v "$1" >/dev/null 2>&1 || say "setup: $1 is missing (Debian: apt-get install $2)"
}

node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' ||
  { say "setup: expected Node 20.19 or newer, got $(node --version)"; exit 1; }

say "setup: npm ci (better-sqlite3 may compile, which takes a minute or two)"
# A Node from a package has its headers beside it; node-gyp would download others.
prefix=$(node -p 'require("node:path").resolve(process.execPath, "../..")')
[ -f "$prefix/include/node/node.h" ] && export npm_config_nodedir="${npm_config_nodedir:-$prefix}"
need python3 python3
need g++ g++
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! npm ci --no-audit --no-fund >"$log" 2>&1; then
  # A registry that has not every platform's optional packages makes npm call the lock file incomplete.
  say "setup: npm ci failed; trying npm install with the same lock file"
  npm install --no-save --no-audit --no-fund >>"$log" 2>&1 || { cat "$log" >&2; say "setup: npm failed"; exit 1; }
fi
if ! works; then
  say "setup: better-sqlite3 has no native part yet; compiling it"
  npm rebuild better-sqlite3 --ignore-scripts=false --foreground-scripts >"$log" 2>&1 || true
fi
if ! works; then
  cat "$log" >&2
  say "setup: better-sqlite3 does not load. It needs python3, make and g++ (Debian: apt-get install python3 make g++)"
  exit 1
fi
# The launcher starts faster linked with musl; without it the system's own libc will do.
need musl-gcc musl-tools 2>/dev/null
# The tests query the database as a user would, share dedupe keys through a real server, also by TLS, and are scraped
# by a real Prometheus, which is the only one to say what it makes of our text.
need sqlite3 sqlite3
need redis-server redis-server
# Shell lines and completions are tried in the shells that people have.
need zsh zsh
need fish fish
need openssl openssl
need prometheus prometheus
# The dashboard is tested in a real browser.
need chromium chromium
