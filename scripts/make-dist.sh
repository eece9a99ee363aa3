#!/bin/sh
# Makes the release files and tests them. Run it after make build:
#   hookbus-VERSION-SYSTEM.tar.gz   for this system, without Node
#   hookbus-VERSION.tgz             the npm package
#   SHA256SUMS
# It writes to release/, or to the directory given as the argument.
set -eu
cd "$(dirname "$0")/.."

output=${1:-release}
version=$(node -p 'require("./package.json").version')
name=hookbus-$version-$(node -p '`${process.platform}-${process.arch}`')
say() { printf 'dist: %s\n' "$*"; }
fail() { printf 'dist: %s\n' "$*" >&2; exit 1; }

sums() { # sums FILE...
  if command -v sha256sum >/dev/null 2>&1; then sha256sum "$@"; else shasum -a 256 "$@"; fi
}

rm -rf "$output"
mkdir -p "$output/$name/completions"
output=$(cd "$output" && pwd)
tree=$output/$name

node scripts/build-executable.js "$tree/hookbus-cli"
if [ -x bin/hookbus ]; then
  cp bin/hookbus "$tree/hookbus"
else
  say "there is no C compiler, so the tarball has no launcher: each hook costs a start of Node"
  mv "$tree/hookbus-cli" "$tree/hookbus"
fi
"$tree/hookbus" completion bash >"$tree/completions/hookbus.bash"
"$tree/hookbus" completion zsh >"$tree/completions/_hookbus"
"$tree/hookbus" completion fish >"$tree/completions/hookbus.fish"
cp scripts/install-tarball.sh "$tree/install.sh"
cp README.md CHANGELOG.md SECURITY.md LICENSE "$tree/"
cp -R docs "$tree/docs"
node scripts/collect-licenses.js --with-node >"$tree/LICENSE-of-parts"
(cd "$tree" && find . -type f ! -name SHA256SUMS | LC_ALL=C sort | sed 's|^\./||' | while read -r file; do sums "$file"; done >SHA256SUMS)
owners=
tar --version 2>/dev/null | grep -q GNU && owners='--owner=0 --group=0 --numeric-owner --sort=name'
# shellcheck disable=SC2086
tar -C "$output" $owners -czf "$output/$name.tar.gz" "$name"
rm -rf "$tree"

# This launcher runs on any Linux with this processor, for npm users who cannot compile it.
portable=bin/hookbus-$(node -p '`${process.platform}-${process.arch}`')
trap 'rm -f "$portable"' EXIT
[ "$(uname)" != Linux ] || scripts/build-launcher.sh --portable "$portable" || say "the npm package has no $portable"
scripts/pack-npm.sh "$output"
(cd "$output" && sums "$name.tar.gz" "hookbus-$version.tgz" >SHA256SUMS)

# Test the tarball without this checkout, without Node and without PATH.
rm -f "$portable"
try=$(mktemp -d)
trap 'rm -rf "$try"' EXIT
tar -C "$try" -xzf "$output/$name.tar.gz"
run() {
  env -i HOME="$try/home" PATH=/nowhere TMPDIR="$try" HOOKBUS_ENABLED=1 HOOKBUS_DAEMON=off HOOKBUS_HOME="$try/state" \
    "$try/$name/hookbus" "$@"
}
code=0
[ "$(echo payload | run run --name try -- /bin/cat)" = payload ] || fail "the tarball does not run a hook"
run run --name try -- /bin/sh -c 'exit 3' || code=$?
[ "$code" = 3 ] || fail "the tarball changes the exit code of a hook: expected 3, got $code"
found=$(run logs --json | grep -c '"hook_name": "try"') || true
[ "$found" = 2 ] || fail "expected 2 recorded executions, got $found"
say "wrote $name.tar.gz and hookbus-$version.tgz to $output"
