#!/bin/sh
# Puts a built checkout under a prefix, or takes it away from there; for make install and make uninstall:
#   scripts/install.sh install|uninstall PREFIX [DESTDIR]
set -eu
cd "$(dirname "$0")/.."

work=$1 prefix=$2 root=${3:-}$2
case $prefix in /*) ;; *) echo "install: expected PREFIX to be an absolute path, got \"$prefix\"" >&2; exit 1 ;; esac
library=$root/lib/hookbus
bash=$root/share/bash-completion/completions/hookbus
zsh=$root/share/zsh/site-functions/_hookbus
fish=$root/share/fish/vendor_completions.d/hookbus.fish

if [ "$work" = uninstall ]; then
  rm -rf "$library"
  rm -f "$root/bin/hookbus" "$bash" "$zsh" "$fish"
  exit 0
fi

rm -rf "$library.new"
mkdir -p "$library.new/bin" "$library.new/dist" "$library.new/node_modules"
for file in hookbus hookbus.js package.json; do
  [ ! -e "bin/$file" ] || cp -p "bin/$file" "$library.new/bin/"
done
for name in run main; do
  cp "dist/$name.cjs" "$library.new/dist/"
  [ ! -e "dist/$name.cache" ] || cp "dist/$name.cache" "$library.new/dist/"
done
# What these load on demand.
cp dist/redaction.cjs dist/dashboard.cjs "$library.new/dist/"
cp -R dist/exporters "$library.new/dist/"
# What better-sqlite3 needs to run; the rest of it is there to compile it.
sqlite=node_modules/better-sqlite3
mkdir -p "$library.new/$sqlite/build/Release"
cp -R "$sqlite/package.json" "$sqlite/lib" "$sqlite/LICENSE" "$library.new/$sqlite/"
cp "$sqlite/build/Release/better_sqlite3.node" "$library.new/$sqlite/build/Release/"
cp -R node_modules/bindings node_modules/file-uri-to-path "$library.new/node_modules/"
cp package.json README.md CHANGELOG.md SECURITY.md LICENSE LICENSE-of-parts "$library.new/"
cp -R docs "$library.new/docs"

# Hooks may be running: for as long as two renames take there is none.
rm -rf "$library.old"
[ ! -e "$library" ] || mv "$library" "$library.old"
mv "$library.new" "$library"
rm -rf "$library.old"

program=hookbus
[ -x "$library/bin/hookbus" ] || { program=hookbus.js && chmod 755 "$library/bin/hookbus.js"; }
mkdir -p "$root/bin" "$(dirname "$bash")" "$(dirname "$zsh")" "$(dirname "$fish")"
ln -sfn "../lib/hookbus/bin/$program" "$root/bin/hookbus"
node bin/hookbus.js completion bash >"$bash"
node bin/hookbus.js completion zsh >"$zsh"
node bin/hookbus.js completion fish >"$fish"
echo "install: $root/bin/hookbus"
