#!/bin/sh
# Makes the npm package of a built checkout: scripts/pack-npm.sh DIRECTORY
# It requires exactly the launcher packages that are in the directory (scripts/pack-launchers.js).
set -eu
output=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."

stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
npm pack --silent --ignore-scripts --pack-destination "$stage" >/dev/null
tar -C "$stage" -xzf "$stage"/hookbus-*.tgz
node scripts/write-manifest.js "$stage/package" "$output"
cd "$stage/package"
npm pack --silent --ignore-scripts --pack-destination "$output" >/dev/null
