#!/bin/sh
# Installs the npm packages, and makes sure that better-sqlite3 has its native part: a prebuilt one where that can be
# had, else one that is compiled here, for which node-gyp needs python3, make and a C++ compiler.
#   scripts/setup.sh MARKER    the file that says for make that all of this is done
# What fails says so on its last line, with what to type, and leaves no half of node_modules behind.
set -eu
cd "$(dirname "$0")/.."
marker=$1

say() { printf 'setup: %s\n' "$*" >&2; }
fail() { say "$@"; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }

has node || fail "Node is missing. Install Node 20.19 or newer with npm, from your system's packages or https://nodejs.org"
node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' ||
  fail "Node $(node --version) is too old. Install Node 20.19 or newer, from https://nodejs.org"
has npm || fail "npm is missing. Install it (Debian: apt-get install npm)"

probe=$(mktemp ./.setup-XXXXXX 2>/dev/null) || fail "$PWD cannot be written to. Clone into a directory of your own"
printf '#!/bin/sh\n' >"$probe"
chmod 700 "$probe"
runs=yes
"$probe" 2>/dev/null || runs=no
rm -f "$probe"
[ $runs = yes ] || fail "no program can run in $PWD: its file system is mounted noexec. Clone into another directory, such as your home"

log=$(mktemp)
is_done=
# shellcheck disable=SC2329 # the trap calls it
clean_up() {
  rm -f "$log"
  [ -n "$is_done" ] || rm -rf node_modules
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

sqlite=node_modules/better-sqlite3
works() { node -e 'new (require("better-sqlite3"))(":memory:").close()' >/dev/null 2>&1; }
sum() { cksum <package-lock.json; }

if [ "$(cat node_modules/.lock-sum 2>/dev/null)" != "$(sum)" ]; then
  say "npm ci: downloading the npm packages"
  # No install script runs here: the only one that is needed is that of better-sqlite3, below.
  npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error --fetch-retries=2 --fetch-retry-mintimeout=2000 >"$log" 2>&1 || {
    cat "$log" >&2
    if grep -Eq 'EAI_AGAIN|ENOTFOUND|ECONNREFUSED|ECONNRESET|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|ERR_SOCKET' "$log"; then
      fail "npm cannot reach its registry. Check the network (npm ping), then run make again"
    fi
    fail "npm ci failed, for the reason above. Mend that, then run make again"
  }
  sum >node_modules/.lock-sum
fi

if ! works; then
  say "looking for a prebuilt better-sqlite3"
  # Half a minute at most: some networks let no connection through and refuse none.
  (cd $sqlite && node -e 'require("node:child_process").spawnSync(process.execPath, ["../prebuild-install/bin.js"], { timeout: 30_000 })') || true
fi
if ! works; then
  missing=
  has python3 || missing="$missing python3"
  has make || missing="$missing make"
  if [ -z "${CXX:-}" ]; then has g++ || has c++ || has clang++ || missing="$missing g++"; fi
  missing=${missing# }
  if [ -n "$missing" ]; then
    if [ "$(id -u)" != 0 ] || ! has apt-get; then
      fail "better-sqlite3 has to be compiled here, and what that needs is missing. Debian, Ubuntu: sudo apt-get install $missing"
    fi
    say "better-sqlite3 has to be compiled here: installing $missing and what they need, with apt-get"
    # shellcheck disable=SC2086 # a list of packages
    scripts/apt-install.sh $missing >"$log" 2>&1 || {
      cat "$log" >&2
      fail "$missing could not be installed. Type: apt-get update && apt-get install $missing"
    }
  fi
  # A Node from a package has its headers beside it; node-gyp would download others.
  prefix=$(node -p 'require("node:path").resolve(process.execPath, "../..")')
  [ ! -f "$prefix/include/node/node.h" ] || export npm_config_nodedir="${npm_config_nodedir:-$prefix}"
  say "compiling better-sqlite3, which takes one to three minutes"
  # In a directory of its own: node-gyp's makefiles take no blanks or quotes in a path.
  place=$(mktemp -d)
  cp -R $sqlite/. "$place/"
  (cd "$place" && npm run build-release) >"$log" 2>&1 || true
  mkdir -p $sqlite/build/Release
  cp "$place/build/Release/better_sqlite3.node" $sqlite/build/Release/ 2>/dev/null || true
  rm -rf "$place"
fi
if ! works; then
  tail -n 40 "$log" >&2
  fail "better-sqlite3 does not compile, for the reason above. It needs python3, make, a C++ compiler and Node's headers"
fi

is_done=yes
touch "$marker"
