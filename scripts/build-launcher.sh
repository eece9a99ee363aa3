#!/bin/sh
# Compiles the launcher to bin/hookbus, statically if the libc allows: a static program starts faster, and faster still
# with musl. Without a C compiler, hookbus works through Node, and this script says what that costs.
#   --lenient [FILE]      for an installation: compiler warnings are not errors
#   --portable FILE       for other machines: only a static program, which knows no Node of its own
#   --cross SYSTEM FILE   the same for linux-x64, linux-arm64, darwin-x64 or darwin-arm64, with zig
set -eu
cd "$(dirname "$0")/.."

version=$(node -p 'require("./package.json").version')
node=$(node -p 'require("node:fs").realpathSync(process.execPath)')
strict=-Werror output=bin/hookbus kinds='pie static dynamic plain' compilers="${CC:-} musl-gcc cc gcc clang" target=
case ${1:-} in
--lenient) strict= output=${2:-$output} ;;
--portable) output=$2 kinds='pie static' node= ;;
--cross)
  output=$3 node=
  case $2 in
  linux-x64) target=x86_64-linux-musl kinds=cross ;;
  linux-arm64) target=aarch64-linux-musl kinds=cross ;;
  darwin-x64) target=x86_64-macos kinds=stripped ;;
  darwin-arm64) target=aarch64-macos kinds=stripped ;;
  *) echo "build: unknown system \"$2\": use linux-x64, linux-arm64, darwin-x64 or darwin-arm64" >&2; exit 1 ;;
  esac
  zig=$(scripts/fetch-client.sh zig)
  compilers=zig_cc
  ;;
esac
new=$output.new
log=$(mktemp)
trap 'rm -f "$log" "$new"' EXIT

zig_cc() {
  ZIG_GLOBAL_CACHE_DIR=$PWD/tmp/zig/cache ZIG_LOCAL_CACHE_DIR=$PWD/tmp/zig/cache "$zig" cc -target "$target" "$@"
}

# Not every compiler supports the flag for every processor.
has_stack_probes() { # has_stack_probes COMPILER
  "$1" -Werror -fstack-clash-protection -c -x c -o "$new" /dev/null >/dev/null 2>&1
}

# shellcheck disable=SC2086
compile() { # compile COMPILER
  command -v "$1" >/dev/null 2>&1 || return 1
  probes=
  has_stack_probes "$1" && probes=-fstack-clash-protection
  "$1" -std=c11 -D_POSIX_C_SOURCE=200809L -O2 -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wformat=2 -Wundef \
    -Wcast-align -Wstrict-prototypes -Wmissing-prototypes -Wvla $strict $probes -fstack-protector-strong -D_FORTIFY_SOURCE=2 \
    -DHOOKBUS_VERSION="\"$version\"" -DHOOKBUS_NODE="\"$node\"" \
    -o "$new" $start src/launcher/*.c $link >"$log" 2>&1 || return 1
  [ -z "$target" ] || return 0
  # The program must run here: test it with a hook that does nothing.
  HOOKBUS_ENABLED=0 "$new" run -- true >>"$log" 2>&1
}

for compiler in $compilers; do
  for kind in $kinds; do
    start=
    case $kind in
    # At other addresses in each run. musl-gcc has no -static-pie, so this names the files to start with.
    pie)
      musl=/usr/lib/$(uname -m)-linux-musl
      start=-fPIE link='-static-pie -Wl,-z,relro,-z,now,-z,separate-code -s'
      if [ "$compiler" = musl-gcc ]; then
        start="-fPIE -nostartfiles $musl/rcrt1.o $musl/crti.o"
        link="-static -Wl,-pie,--no-dynamic-linker,-z,text,-z,relro,-z,now,-z,separate-code -s $musl/crtn.o"
      fi
      ;;
    # Memory that only the start writes becomes read-only, and code has its own pages.
    static) link='-static -Wl,-z,relro,-z,now,-z,separate-code -s' ;;
    dynamic) link='-fPIE -pie -Wl,-z,relro,-z,now,-z,separate-code -s' ;;
    cross) start=-fPIE link='-static -pie -Wl,-z,relro,-z,now -s' ;;
    # Debug symbols would name the directory of the build.
    stripped) link=-s ;;
    plain) link= ;;
    esac
    if compile "$compiler"; then
      # Flush before the rename: after a power failure the file could be empty.
      node -e 'const fs = require("node:fs"); fs.fsyncSync(fs.openSync(process.argv[1], "r"))' "$new"
      mv "$new" "$output"
      exit 0
    fi
  done
done

if [ -n "$target" ] || command -v cc >/dev/null 2>&1 || command -v gcc >/dev/null 2>&1; then
  cat "$log" >&2
  echo "build: the launcher does not compile; the compiler output is above" >&2
  exit 1
fi
rm -f "$output"
echo "build: there is no C compiler, so the launcher was not built. hookbus works through Node, which costs each hook about 70 ms instead of 1. To build it: install gcc and run make again" >&2
