#!/bin/sh
# Plays a short session of Claude Code on the fixture hooks: a guard refuses, a hook fails, one is slow. Then it shows what
# HookBus recorded. Everything fits on one screen of 80 columns and 24 lines, and nothing remains on the disk.
set -eu

cd "$(dirname "$0")/.."
for variable in $(env | sed -n 's/^\(HOOKBUS_[A-Z_]*\)=.*/\1/p'); do unset "$variable"; done

command -v python3 >/dev/null || {
  echo "demo: python3 is missing; some hooks of the demo need it. On Debian or Ubuntu: sudo apt-get install python3" >&2
  exit 1
}
if [ -x bin/hookbus ]; then
  hookbus="bin/hookbus"
elif [ -f bin/hookbus.js ]; then
  hookbus="node bin/hookbus.js"
else
  echo "demo: bin/hookbus.js does not exist. Run: make build" >&2
  exit 1
fi

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
# The default state directory below this HOME, which the launcher makes without Node; hooks write their files here too.
unset XDG_STATE_HOME
export HOME="$place" TMPDIR="$place" HOOKBUS_ENABLED=1 HOOKBUS_DAEMON=off

# call NAME HOOK PAYLOAD: what the agent does, with the prefix in front of the hook. Sets `code`, and `said` to the end of stderr.
call() {
  code=0
  $hookbus run --name "$1" -- "fixtures/hooks/$2" <"$3" >/dev/null 2>"$place/stderr" || code=$?
  said=$(sed -n "${4:-1}p" "$place/stderr")
}

# Shows a command line, then what it prints.
hookbus() {
  printf '$ hookbus %s\n' "$*"
  $hookbus "$@"
}

payloads=fixtures/payloads
bash_call=$payloads/PreToolUse.Bash.json
sed 's|npm test -- --run src/auth|rm -rf build|' "$bash_call" >"$place/rm.json"

for payload in "$bash_call" "$payloads/PreToolUse.Bash.unicode.json"; do
  call guard_rm guard_rm.py "$payload"
done

echo "Claude Code calls three hooks. HookBus stands in front and changes nothing:"
call type_check slow_check.sh "$payloads/PreToolUse.Edit.json"
echo "  Edit                type_check is slow, and the agent waits"
call check_path crash.py "$bash_call" '$'
echo "  Bash: npm test      check_path exits $code: $said"
call guard_rm guard_rm.py "$place/rm.json"
echo "  Bash: rm -rf build  guard_rm exits $code, so the agent does not run it"

hookbus logs -n 2
echo
hookbus metrics
printf '\nNext, your own hooks (changes nothing):  %s\n' "$hookbus install --dry-run"
