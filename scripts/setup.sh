#!/bin/sh
# Installs the npm packages, and the native part of better-sqlite3: prebuilt if possible, else compiled here, for which
# node-gyp needs python3, make and a C++ compiler.
#   scripts/setup.sh MARKER    MARKER tells make that the setup is complete
# If a step fails, the last line says what to type, and an incomplete node_modules is removed.
set -eu
cd "$(dirname "$0")/.."
marker=$1

say() { printf 'setup: %s\n' "$*" >&2; }
fail() { say "$@"; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }

has node || fail "Node is missing. Install Node 20.19 or newer with npm, from your system's packages or https://nodejs.org"
node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' ||
  fail "Node $(node --version) is too old. Install Node 20.19 or newer, from https://nodejs.org"
has npm || fail "npm is missing. Install it, on Debian or Ubuntu: sudo apt-get install npm"

probe=$(mktemp ./.setup-XXXXXX 2>/dev/null) || fail "$PWD is not writable. Clone into a directory that you own"
printf '#!/bin/sh\n' >"$probe"
chmod 700 "$probe"
runs=yes
"$probe" 2>/dev/null || runs=no
rm -f "$probe"
[ $runs = yes ] || fail "programs cannot run in $PWD: its file system is mounted noexec. Clone into another directory, such as your home"

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
  # Skip the install scripts: only better-sqlite3 needs one, which is below.
  npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error --fetch-retries=2 --fetch-retry-mintimeout=2000 >"$log" 2>&1 || {
    cat "$log" >&2
    if grep -Eq 'EAI_AGAIN|ENOTFOUND|ECONNREFUSED|ECONNRESET|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|ERR_SOCKET' "$log"; then
      fail "npm cannot reach its registry. Check the network with npm ping, then run make again"
    fi
    fail "npm ci failed; its output is above. Fix the problem, then run make again"
  }
  sum >node_modules/.lock-sum
fi

if ! works; then
  say "looking for a prebuilt better-sqlite3"
  # At most half a minute: some networks neither accept nor refuse a connection.
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
      fail "better-sqlite3 must be compiled here, but $missing is missing. On Debian or Ubuntu: sudo apt-get install $missing"
    fi
    say "better-sqlite3 must be compiled here: installing $missing with apt-get"
    # shellcheck disable=SC2086 # a list of packages
    scripts/apt-install.sh $missing >"$log" 2>&1 || {
      cat "$log" >&2
      fail "apt-get could not install $missing; its output is above. Run: apt-get update && apt-get install $missing"
    }
  fi
  # A packaged Node comes with its headers; node-gyp would download others.
  prefix=$(node -p 'require("node:path").resolve(process.execPath, "../..")')
  [ ! -f "$prefix/include/node/node.h" ] || export npm_config_nodedir="${npm_config_nodedir:-$prefix}"
  say "compiling better-sqlite3, which takes one to three minutes"
  # In a temporary directory: node-gyp's makefiles do not work with blanks or quotes in the path.
  place=$(mktemp -d)
  cp -R $sqlite/. "$place/"
  (cd "$place" && npm run build-release) >"$log" 2>&1 || true
  mkdir -p $sqlite/build/Release
  cp "$place/build/Release/better_sqlite3.node" $sqlite/build/Release/ 2>/dev/null || true
  rm -rf "$place"
fi
if ! works; then
  tail -n 40 "$log" >&2
  fail "better-sqlite3 does not compile; the compiler output is above. It needs python3, make, a C++ compiler and the headers of Node"
fi

is_done=yes
touch "$marker"
