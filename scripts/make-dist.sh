#!/bin/sh
# Makes what is given to users, and tries it, to be run from anywhere after make build:
#   hookbus-VERSION-SYSTEM.tar.gz   for this kind of machine, without Node
#   hookbus-VERSION.tgz             the npm package
#   SHA256SUMS
# Into release/, or the directory that is named.
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
  say "without a launcher, there being no C compiler: each hook pays for a start of Node"
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

# Runs on any Linux of this kind, so npm's users there have it where they cannot build it, or may not.
portable=bin/hookbus-$(node -p '`${process.platform}-${process.arch}`')
trap 'rm -f "$portable"' EXIT
[ "$(uname)" != Linux ] || scripts/build-launcher.sh --portable "$portable" || say "npm's package without a launcher for $portable"
scripts/pack-npm.sh "$output"
(cd "$output" && sums "$name.tar.gz" "hookbus-$version.tgz" >SHA256SUMS)

# The main job, from the tarball: nothing of this checkout, no Node, no PATH.
rm -f "$portable"
try=$(mktemp -d)
trap 'rm -rf "$try"' EXIT
tar -C "$try" -xzf "$output/$name.tar.gz"
run() {
  env -i HOME="$try/home" PATH=/nowhere TMPDIR="$try" HOOKBUS_ENABLED=1 HOOKBUS_DAEMON=off HOOKBUS_HOME="$try/state" \
    "$try/$name/hookbus" "$@"
}
code=0
[ "$(echo payload | run run --name try -- /bin/cat)" = payload ] || fail "a hook did not run as it should"
run run --name try -- /bin/sh -c 'exit 3' || code=$?
[ "$code" = 3 ] || fail "expected the exit code 3 of a hook, got $code"
found=$(run logs --json | grep -c '"hook_name": "try"') || true
[ "$found" = 2 ] || fail "expected 2 executions on record, got $found"
say "$output has $name.tar.gz and hookbus-$version.tgz"
