#!/bin/sh
# install.sh of the tarball: links ~/.local/bin/hookbus, or BIN/hookbus, to the HookBus beside this script.
#   install.sh [BIN]
# Flushes the files and runs test hooks first, then switches the link atomically. If a test fails, the old link stays.
set -eu
here=$(cd "$(dirname "$0")" && pwd -P)
bin=${1:-$HOME/.local/bin}
program=$here/bin/hookbus
try=$(mktemp -d)
trap 'rm -rf "$try" "$bin/.hookbus.$$"' EXIT

sync
for enabled in 0 1; do
  for code in 0 3; do
    said=0
    HOOKBUS_ENABLED=$enabled HOOKBUS_DAEMON=off HOOKBUS_HOME=$try \
      "$program" run -- /bin/sh -c "exit $code" >/dev/null 2>&1 </dev/null || said=$?
    [ "$said" = "$code" ] && [ -s "$program" ] && continue
    echo "install: $program does not run a hook (exit code $said instead of $code), so $bin/hookbus was not changed" >&2
    exit 1
  done
done
# It is linked with glibc on Linux; the launcher is not.
if ! "$here/bin/hookbus-node" --version >/dev/null 2>&1 </dev/null; then
  echo "install: $here/bin/hookbus-node does not run here (on Linux it needs glibc 2.28), so $bin/hookbus was not changed. Where another Node runs: npm install --global hookbus" >&2
  exit 1
fi
# Commands start faster with bundles that this machine's Node has compiled.
for name in run main; do
  (cd "$here" && bin/hookbus-node scripts/write-code-cache.js $name dist) >/dev/null 2>&1 </dev/null || rm -f "$here/dist/$name.cache"
done
mkdir -p "$bin"
ln -s "$program" "$bin/.hookbus.$$"
mv -f "$bin/.hookbus.$$" "$bin/hookbus"
echo "install: installed $bin/hookbus"
