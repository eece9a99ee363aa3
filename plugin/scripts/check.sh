#!/bin/sh
# Says at the start of a session, in one line, what is wrong with the hooks or with HookBus; nothing if all is well.
# The line goes to the user, not into the model's context.
if command -v hookbus >/dev/null 2>&1; then
  wrong=$(hookbus status --brief </dev/null 2>/dev/null) || exit 0
  [ -n "$wrong" ] || exit 0
  more=' /hookbus:doctor says more.'
else
  wrong='the program hookbus is not on PATH, so its commands cannot run here' more=
fi
# A JSON string: no control characters, and a backslash before quotes and backslashes.
wrong=$(printf '%s' "$wrong" | LC_ALL=C tr -d '\000-\037\177' | sed 's/[\\"]/\\&/g')
printf '{"systemMessage":"HookBus: %s.%s"}\n' "$wrong" "$more"
