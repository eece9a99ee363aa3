#!/bin/sh
# Makes the release files and tests what can run here. Run it after make build:
#   hookbus-VERSION-SYSTEM.tar.gz    for four systems, with Node: nothing else is needed
#   hookbus-SYSTEM-VERSION.tgz       the npm packages @hookbus/SYSTEM, each with the launcher for a system
#   hookbus-VERSION.tgz              the npm package
#   hookbus.cdx.json, NOTES.md       what is in them, and what changed
#   install-release.sh, hookbus.rb   install a tarball, if it has the right checksum
#   SHA256SUMS
# The same checkout gives the same bytes. scripts/make-dist.sh [DIRECTORY [SYSTEM...]]: release/ and all without it.
set -eu
cd "$(dirname "$0")/.."

output=${1:-release}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- linux-x64 linux-arm64 darwin-x64 darwin-arm64
version=$(node -p 'require("./package.json").version')
say() { printf 'dist: %s\n' "$*"; }
fail() { printf 'dist: %s\n' "$*" >&2; exit 1; }

zig=$(scripts/fetch-client.sh zig) || fail "zig compiles the launchers, and there is none for this system"
tar --version 2>/dev/null | grep -q GNU || fail "GNU tar is needed: other ones put the time and the user into the files"
parts=${zig%/*}

sums() { # sums FILE...
  if command -v sha256sum >/dev/null 2>&1; then sha256sum "$@"; else shasum -a 256 "$@"; fi
}

# The licences of what the compiler put into a launcher.
licences_of_launcher() { # licences_of_launcher SYSTEM
  case $1 in linux-*) printf '%s\n' "musl, in the launcher=$parts/lib/libc/musl/COPYRIGHT" ;; esac
  printf '%s\n' "compiler-rt of zig, in the launcher=$parts/LICENSE"
}

make_tree() { # make_tree SYSTEM DIRECTORY
  mkdir -p "$2/bin" "$2/dist" "$2/completions" "$2/scripts"
  ofnode=$(scripts/fetch-node.sh "$1")
  cp "$work/$1/hookbus" bin/hookbus.js bin/package.json "$2/bin/"
  cp "$ofnode/bin/node" "$2/bin/hookbus-node"
  cp dist/*.cjs "$2/dist/"
  cp -R dist/exporters "$2/dist/"
  for shell in bash zsh fish; do node bin/hookbus.js completion $shell >"$2/completions/hookbus.$shell"; done
  mv "$2/completions/hookbus.zsh" "$2/completions/_hookbus"
  cp scripts/install-tarball.sh "$2/install.sh"
  cp scripts/write-code-cache.js "$2/scripts/"
  cp package.json README.md CHANGELOG.md SECURITY.md LICENSE "$2/"
  cp -R docs "$2/docs"
  (
    IFS='
'
    # shellcheck disable=SC2046 # a line a word
    node scripts/collect-licenses.js "Node.js=$ofnode/LICENSE" $(licences_of_launcher "$1")
  ) >"$2/LICENSE-of-parts"
  (cd "$2" && find . -type f ! -name SHA256SUMS | LC_ALL=C sort | sed 's|^\./||' | while read -r file; do sums "$file"; done >SHA256SUMS)
}

rm -rf "$output"
mkdir -p "$output"
output=$(cd "$output" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

packages=
for system in "$@"; do
  mkdir "$work/$system"
  scripts/build-launcher.sh --cross "$system" "$work/$system/hookbus"
  name=hookbus-$version-$system
  make_tree "$system" "$work/$name"
  # The date that npm gives to files.
  tar -C "$work" --owner=0 --group=0 --numeric-owner --sort=name --mode=u=rwX,go=rX --mtime=@499162500 -cf - "$name" | gzip -n >"$output/$name.tar.gz"
  licences=$work/$system/licences
  licences_of_launcher "$system" | while IFS='=' read -r title file; do
    printf '%s\n\n' "$title"
    cat "$file"
    printf '\n'
  done >"$licences"
  packages="$packages $system=$work/$system/hookbus=$licences"
done
# shellcheck disable=SC2086 # a list
node scripts/pack-launchers.js "$output" $packages
scripts/pack-npm.sh "$output"

node scripts/write-sbom.js "node@$(basename "$(scripts/fetch-node.sh "$1")" | sed 's/.*-//')" >"$output/hookbus.cdx.json"
node scripts/write-installers.js "$output"
# The entries of this version, or those of the next one.
awk -v title="## [$version]" 'index($0, "## [") == 1 { on = index($0, title) == 1 || (!seen && index($0, "## [Unreleased]") == 1); seen = seen || on; next } on' CHANGELOG.md >"$output/NOTES.md"

(cd "$output" && sums $(ls) >SHA256SUMS)
say "wrote $(cd "$output" && ls hookbus-* | wc -l | tr -d ' ') files to $output"

# Test the tarball for this system without this checkout, without Node and without PATH.
own=$(node -p '`${process.platform}-${process.arch}`')
name=hookbus-$version-$own
[ -f "$output/$name.tar.gz" ] || { say "none of them is for $own, so none was tried"; exit 0; }
mkdir "$work/try"
tar -C "$work/try" -xzf "$output/$name.tar.gz"
run() {
  env -i HOME="$work/home" PATH=/nowhere TMPDIR="$work" HOOKBUS_ENABLED=1 HOOKBUS_DAEMON=off HOOKBUS_HOME="$work/state" \
    "$work/try/$name/bin/hookbus" "$@"
}
code=0
[ "$(echo payload | run run --name try -- /bin/cat)" = payload ] || fail "the tarball does not run a hook"
run run --name try -- /bin/sh -c 'exit 3' || code=$?
[ "$code" = 3 ] || fail "the tarball changes the exit code of a hook: expected 3, got $code"
found=$(run logs --json | grep -c '"hook_name": "try"') || true
[ "$found" = 2 ] || fail "expected 2 recorded executions, got $found"
