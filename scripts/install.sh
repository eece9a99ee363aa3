#!/bin/sh
# Installs a built checkout under a prefix, or removes it; for make install and make uninstall:
#   scripts/install.sh install|uninstall PREFIX [DESTDIR]
set -eu
cd "$(dirname "$0")/.."

work=$1 prefix=$2 root=${3:-}$2
case $prefix in /*) ;; *) echo "install: PREFIX must be an absolute path, got \"$prefix\"" >&2; exit 1 ;; esac
library=$root/lib/hookbus
bash=$root/share/bash-completion/completions/hookbus
zsh=$root/share/zsh/site-functions/_hookbus
fish=$root/share/fish/vendor_completions.d/hookbus.fish

if [ "$work" = uninstall ]; then
  # First unwrap the settings that use this installation. A packager's DESTDIR is not an installation.
  cli=bin/hookbus.js
  [ -e dist/main.cjs ] || cli=$library/bin/hookbus.js
  if [ -z "${3:-}" ] && [ -e "$library/bin/hookbus.js" ]; then
    node "$cli" uninstall --all || {
      echo "install: some settings still use hookbus, for the reason above, so nothing was removed" >&2
      exit 1
    }
  fi
  rm -rf "$library"
  rm -f "$root/bin/hookbus" "$bash" "$zsh" "$fish"
  exit 0
fi

# Where better-sqlite3 was not built, Node's own SQLite serves.
sqlite=node_modules/better-sqlite3 native=node_modules/better-sqlite3/build/Release/better_sqlite3.node
if [ ! -e "$native" ] && ! node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 22 || (a === 22 && b >= 13) ? 0 : 1)'; then
  echo "install: better-sqlite3 was not built, and this Node has no SQLite of its own: install Node 22.13 or newer, or run npm rebuild better-sqlite3" >&2
  exit 1
fi

trap 'rm -rf "$library.new"' EXIT
rm -rf "$library.new"
mkdir -p "$library.new/bin" "$library.new/dist" "$library.new/node_modules"
for file in hookbus hookbus.js package.json; do
  [ ! -e "bin/$file" ] || cp -p "bin/$file" "$library.new/bin/"
done
for name in run main; do
  cp "dist/$name.cjs" "$library.new/dist/"
  [ ! -e "dist/$name.cache" ] || cp "dist/$name.cache" "$library.new/dist/"
done
# The bundles that these load on demand.
cp dist/redaction.cjs dist/decisions.cjs dist/wide-text.cjs dist/dashboard.cjs "$library.new/dist/"
cp -R dist/exporters "$library.new/dist/"
# better-sqlite3 without the sources to compile it.
if [ -e "$native" ]; then
  mkdir -p "$library.new/$sqlite/build/Release"
  cp -R "$sqlite/package.json" "$sqlite/lib" "$sqlite/LICENSE" "$library.new/$sqlite/"
  cp "$native" "$library.new/$sqlite/build/Release/"
  cp -R node_modules/bindings node_modules/file-uri-to-path "$library.new/node_modules/"
fi
cp package.json README.md CHANGELOG.md SECURITY.md LICENSE LICENSE-of-parts "$library.new/"
cp -R docs "$library.new/docs"

# Hooks may be running: every file is replaced atomically, and the launcher, which hooks start, is tested before
# anything else changes.
program=hookbus.js
chmod 755 "$library.new/bin/hookbus.js"
if [ -x "$library.new/bin/hookbus" ]; then
  program=hookbus
  node scripts/place-launcher.js "$library.new/bin/hookbus" "$library.new/bin"
fi
(cd "$library.new" && find . -type f ! -path './bin/hookbus*' ! -path ./.files) >"$library.new/.files"
while read -r file; do
  mkdir -p "$library/$(dirname "$file")"
  mv -f "$library.new/$file" "$library/$file"
done <"$library.new/.files"
mkdir -p "$library/bin"
mv -f "$library.new/bin/hookbus.js" "$library/bin/"
[ "$program" = hookbus.js ] || node scripts/place-launcher.js "$library.new/bin/hookbus" "$library/bin"
# Remove the files that only an older version had.
(cd "$library" && find . -type f ! -path './bin/*') | while read -r file; do
  grep -qxF "$file" "$library.new/.files" || rm -f "$library/$file"
done

mkdir -p "$root/bin" "$(dirname "$bash")" "$(dirname "$zsh")" "$(dirname "$fish")"
# By rename, because ln -f removes the old link first.
ln -s "../lib/hookbus/bin/$program" "$root/bin/.hookbus.$$"
mv -f "$root/bin/.hookbus.$$" "$root/bin/hookbus"
node bin/hookbus.js completion bash >"$bash"
node bin/hookbus.js completion zsh >"$zsh"
node bin/hookbus.js completion fish >"$fish"
echo "install: installed $root/bin/hookbus"
# A packager's DESTDIR is no directory for PATH.
[ -z "${3:-}" ] || exit 0
case :$PATH: in
  *":$root/bin:"*) echo "Next: hookbus install --dry-run" ;;
  *)
    echo "$root/bin is not on your PATH. Type this, and add it to the start-up file of your shell:"
    case $root in
      *[!A-Za-z0-9_./+@%,=-]*) echo "  export PATH='$(printf %s "$root" | sed "s/'/'\\\\''/g")/bin':\"\$PATH\"" ;;
      *) echo "  export PATH=\"$root/bin:\$PATH\"" ;;
    esac
    echo "Then: hookbus install --dry-run"
    ;;
esac
