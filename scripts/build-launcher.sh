#!/bin/sh
# Compiles the launcher to bin/hookbus, statically where the libc allows: a static program starts faster, and one by
# musl faster still. Without a C compiler it says what is lost; everything else works through Node then.
#   --lenient   a warning is none of the business of who installs a package
set -eu
cd "$(dirname "$0")/.."

version=$(node -p 'require("./package.json").version')
strict=-Werror
[ "${1:-}" != --lenient ] || strict=
node=$(node -p 'require("node:fs").realpathSync(process.execPath)')
new=bin/.hookbus.new
log=$(mktemp)
trap 'rm -f "$log" "$new"' EXIT

# shellcheck disable=SC2086
compile() { # compile COMPILER [FLAG...]
  command -v "$1" >/dev/null 2>&1 || return 1
  "$@" -std=c11 -D_POSIX_C_SOURCE=200809L -O2 -Wall -Wextra -Wpedantic -Wshadow -Wconversion \
    -Wstrict-prototypes -Wmissing-prototypes -Wvla $strict -fstack-protector-strong -D_FORTIFY_SOURCE=2 \
    -DHOOKBUS_VERSION="\"$version\"" -DHOOKBUS_NODE="\"$node\"" \
    -o "$new" src/launcher/*.c >"$log" 2>&1 || return 1
  # What was compiled must run here: a hook that does nothing, switched off.
  HOOKBUS_ENABLED=0 "$new" run -- true >>"$log" 2>&1
}

for compiler in ${CC:-} musl-gcc cc gcc clang; do
  for link in -static ''; do
    # shellcheck disable=SC2086
    if compile $compiler $link; then
      mv "$new" bin/hookbus
      exit 0
    fi
  done
done

if command -v cc >/dev/null 2>&1 || command -v gcc >/dev/null 2>&1; then
  cat "$log" >&2
  echo "build: the launcher does not compile" >&2
  exit 1
fi
rm -f bin/hookbus
echo "build: no C compiler, so no launcher: hookbus works through Node, which costs each hook some 70 ms instead of 1" >&2
