#!/bin/sh
# Compiles the launcher to bin/hookbus, statically where the libc allows: a static program starts faster, and one by
# musl faster still. Without a C compiler it says what is lost; everything else works through Node then.
#   --lenient [FILE]  a warning is none of the business of who installs a package
#   --portable FILE   into that, for machines of other people: static or not at all, and with no Node but that on PATH
set -eu
cd "$(dirname "$0")/.."

version=$(node -p 'require("./package.json").version')
node=$(node -p 'require("node:fs").realpathSync(process.execPath)')
# In few segments it has fewer pages to touch, and each costs up to 0.03 ms on a virtual machine.
compact='-static -Wl,-z,noseparate-code,-z,norelro'
strict=-Werror output=bin/hookbus kinds='compact static dynamic'
case ${1:-} in
--lenient) strict= output=${2:-$output} ;;
--portable) output=$2 kinds='compact static' node= ;;
esac
new=$output.new
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
  for kind in $kinds; do
    case $kind in
    compact) link=$compact ;;
    static) link=-static ;;
    dynamic) link= ;;
    esac
    # shellcheck disable=SC2086
    if compile $compiler $link; then
      # On disk before it has the name: after a power cut it would be empty there.
      node -e 'const fs = require("node:fs"); fs.fsyncSync(fs.openSync(process.argv[1], "r"))' "$new"
      mv "$new" "$output"
      exit 0
    fi
  done
done

if command -v cc >/dev/null 2>&1 || command -v gcc >/dev/null 2>&1; then
  cat "$log" >&2
  echo "build: the launcher does not compile" >&2
  exit 1
fi
rm -f "$output"
echo "build: no C compiler, so no launcher: hookbus works through Node, which costs each hook some 70 ms instead of 1" >&2
