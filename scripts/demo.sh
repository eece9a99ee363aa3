#!/bin/sh
# Runs the fixture hooks under HookBus on a payload of every Claude Code event, then shows what is on record.
# Everything goes to a state directory of its own, which is removed at the end.
set -eu

cd "$(dirname "$0")/.."
for variable in $(env | sed -n 's/^\(HOOKBUS_[A-Z_]*\)=.*/\1/p'); do unset "$variable"; done

if [ -x bin/hookbus ]; then
  hookbus="bin/hookbus"
elif [ -f bin/hookbus.js ]; then
  hookbus="node bin/hookbus.js"
else
  echo "demo: there is no bin/hookbus.js yet; run: make build" >&2
  exit 1
fi

state=$(mktemp -d)
trap 'rm -rf "$state"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
export HOME="$state" HOOKBUS_HOME="$state/hookbus" HOOKBUS_ENABLED=1 HOOKBUS_DAEMON=off
export HOOK_LOG="$state/events.log" WORKTREE_ROOT="$state/worktrees"

# What a project might have set up, by the name of the payload.
hooks_for() {
  case $1 in
  PreToolUse.Bash) echo "guard_rm.py deny_json.cjs" ;;
  PreToolUse.Bash.*) echo "guard_rm.py" ;;
  PreToolUse.Write | PreToolUse.Edit | TaskCompleted) echo "slow_check.sh" ;;
  PostToolUse.Write | PostToolUse.Edit) echo "format_file.sh" ;;
  PostToolUse.Bash) echo "flood.cjs" ;;
  PostToolUseFailure.* | Notification* | StopFailure) echo "notify_dev_stderr.sh" ;;
  SessionStart.* | UserPromptSubmit | UserPromptExpansion) echo "session_context.sh" ;;
  SessionEnd*) echo "read_dev_stdin.cjs" ;;
  Stop | Stop.active | SubagentStop) echo "stop_once.py" ;;
  WorktreeCreate) echo "worktree_create.sh" ;;
  MessageDisplay) echo "ignore_stdin.sh" ;;
  *) echo "log_event.sh" ;;
  esac
}

# call PAYLOAD_FILE HOOK: leaves the exit code in `code`; the hook's output goes where the caller says.
call() {
  code=0
  $hookbus run -- "fixtures/hooks/$2" <"$1" || code=$?
}

# Two calls on a line, so that all of them fit on one screen.
column=0
show() {
  column=$((column + 1))
  if [ $((column % 2)) -eq 1 ]; then
    printf '%-24s %-17s %-6s' "$1" "${2%.*}" "exit $3"
  else
    printf '  %-24s %-17s %s\n' "$1" "${2%.*}" "exit $3"
  fi
}

heading() { printf '\n== %s\n' "$1"; }

# Shows a command line, then what it prints.
hookbus() {
  printf '\n$ %s %s\n\n' "$hookbus" "$*"
  $hookbus "$@"
}

# Keeps the first rows of a long table, so that this stays within two screens.
shorten() {
  awk '
    function rest() { if (rows > 10) printf "... and %d more\n", rows - 10 }
    NF == 0 { rest(); rows = 0; print; next }
    ++rows <= 10
    END { rest() }
  '
}

heading "A hook on every event: $hookbus run -- fixtures/hooks/HOOK < PAYLOAD"
echo
for payload in fixtures/payloads/*.json; do
  name=$(basename "$payload" .json)
  for hook in $(hooks_for "$name"); do
    call "$payload" "$hook" >/dev/null 2>&1
    show "$name" "$hook" "$code"
  done
done
[ $((column % 2)) -eq 0 ] || echo

heading "Two that do not go well: the agent sees what the hook wrote to stderr, and its exit code"
echo
bash_call=fixtures/payloads/PreToolUse.Bash.json
sed 's|npm test -- --run src/auth|rm -rf build|' "$bash_call" >"$state/rm.json"
call "$state/rm.json" guard_rm.py 2>&1 >/dev/null
printf '   -> guard_rm, exit %s: the call is blocked\n' "$code"
call "$bash_call" crash.py 2>&1 >/dev/null
printf '   -> crash, exit %s: an error, and the call goes on\n' "$code"

heading "What HookBus has on record"
hookbus status
hookbus metrics 1 | shorten
hookbus logs --limit 15

heading "That state directory is gone now. Next: README.md says how to put HookBus before your own hooks."
