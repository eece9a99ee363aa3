#!/bin/sh
# Makes the npm package of a built checkout: scripts/pack-npm.sh DIRECTORY
set -eu
output=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."

stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
npm pack --silent --ignore-scripts --pack-destination "$stage" >/dev/null
tar -C "$stage" -xzf "$stage"/hookbus-*.tgz
node scripts/write-shrinkwrap.js >"$stage/package/npm-shrinkwrap.json"
cd "$stage/package"
# These fields are for the checkout only, and would contradict the shrinkwrap.
npm pkg delete devDependencies overrides
npm pack --silent --ignore-scripts --pack-destination "$output" >/dev/null
