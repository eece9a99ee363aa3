#!/bin/sh
# A hook that does what the case at which the client is says for it, by its name, and otherwise allows.
place=${0%/*}
hook=${0##*/}
read -r now <"$place/now"
case=$place/case-$now
echo "$hook" >>"$case/runs"
[ -f "$case/$hook" ] || exec cat >/dev/null
. "$case/$hook"
