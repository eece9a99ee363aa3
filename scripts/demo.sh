#!/bin/sh
# Runs the fixture hooks under HookBus with a payload of every Claude Code event, then shows the recorded executions.
# It uses a temporary state directory, which is removed at the end.
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
export HOME="$place" HOOKBUS_HOME="$place/state" HOOKBUS_ENABLED=1 HOOKBUS_DAEMON=off
export HOOK_LOG="$place/events.log" WORKTREE_ROOT="$place/worktrees"

# The hooks of an imaginary project, by the name of the payload.
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

# call PAYLOAD_FILE HOOK: sets `code` to the exit code; the caller redirects the output.
call() {
  code=0
  $hookbus run -- "fixtures/hooks/$2" <"$1" || code=$?
}

# Shows a command line, then what it prints.
hookbus() {
  printf '\n$ %s %s\n' "$hookbus" "$*"
  $hookbus "$@"
}

calls=0
for payload in fixtures/payloads/*.json; do
  for hook in $(hooks_for "$(basename "$payload" .json)"); do
    call "$payload" "$hook" >/dev/null 2>&1
    calls=$((calls + 1))
  done
done
cat <<END

A simulated session: $calls calls of the hooks in fixtures/hooks, each with the prefix "$hookbus run --".
Two more calls fail. The agent sees exactly what it would see without HookBus:

END
bash_call=fixtures/payloads/PreToolUse.Bash.json
sed 's|npm test -- --run src/auth|rm -rf build|' "$bash_call" >"$place/rm.json"
call "$place/rm.json" guard_rm.py 2>"$place/said" >/dev/null
sed 's/^/  guard_rm: /' "$place/said"
printf '  guard_rm: exit %s, so the call is blocked\n' "$code"
call "$bash_call" crash.py 2>"$place/said" >/dev/null
sed -n '$s/^/  crash: /p' "$place/said"
printf '  crash: exit %s, so the call goes ahead although its guard crashed\n' "$code"

hookbus status
hookbus logs --limit 6
cat <<END

This demo used a temporary state directory. For your own hooks (this only shows the changes):

  $hookbus install --dry-run
END
