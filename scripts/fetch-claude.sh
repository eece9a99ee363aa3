#!/bin/sh
# Prints where the Claude Code is that the tests drive. It is installed from npm into tmp/, which git does not know; a
# version that is there is not asked for again.
set -eu
cd "$(dirname "$0")/.."

version=2.1.330

system=$(node -p '`${process.platform}-${process.arch}`')
package="@anthropic-ai/claude-code-$system"
cache="$PWD/tmp/claude-code"
client="$cache/$version/node_modules/$package/claude"

if [ ! -x "$client" ]; then
  echo "downloading Claude Code $version from npm into tmp/, some 400 MB; the tests drive it offline" >&2
  mkdir -p "$cache"
  new=$(mktemp -d "$cache/new.XXXXXX")
  trap 'rm -rf "$new"' EXIT
  npm install --prefix "$new" --no-save --no-audit --no-fund --ignore-scripts --fetch-retries=1 "$package@$version" >"$new/log" 2>&1 || {
    echo "$package@$version could not be installed: $(grep -m1 'npm error' "$new/log" || true)" >&2
    exit 1
  }
  # Another version takes the place of the old one: each is some 400 MB.
  find "$cache" -mindepth 1 -maxdepth 1 -name '[0-9]*' -exec rm -rf {} +
  mv "$new" "$cache/$version"
fi
printf '%s\n' "$client"
