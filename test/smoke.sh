#!/usr/bin/env bash
# Runs the fixture hooks bare and under HookBus, as a user would, and compares their results and the recorded rows.
#
#   test/smoke.sh                            the Node engine, `node bin/hookbus.js`
#   HOOKBUS_CMD=bin/hookbus test/smoke.sh    another command; a relative path counts from the repository
#   test/smoke.sh --brief                    prints only what failed, and the count
#
# It needs bash, perl, python3 and node, and the sqlite3 shell for some checks. It exits with 1 if anything failed.
set -u

brief=
[ "${1:-}" != --brief ] || brief=1

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
read -ra hookbus <<<"${HOOKBUS_CMD:-node bin/hookbus.js}"
hooks=fixtures/hooks
payloads=fixtures/payloads

# Extra certificates slow every start of Node down.
for variable in $(compgen -e HOOKBUS_) TRACEPARENT NODE_EXTRA_CA_CERTS; do unset "$variable"; done
tmp=$(mktemp -d) || exit 1
export HOME=$tmp/home HOOKBUS_HOME=$tmp/state HOOKBUS_ENABLED=1 HOOKBUS_DAEMON=off
export HOOK_LOG=$tmp/hook.log WORKTREE_ROOT=/srv/worktrees
mkdir "$HOME"
ulimit -c 0

passed=0
failed=0
seen=0       # highest id of hook_logs that a check has read
executions=0 # rows that hook_logs must have in the end

# Every process started from here carries the temporary directory in its environment, and no other process does.
left_running() {
  env -i PATH="$PATH" sh -c 'grep -lsaF -- "$1" /proc/[0-9]*/environ | cut -d/ -f3' sh "$tmp"
}

clean_up() {
  local pid
  for pid in $(left_running); do kill -KILL "$pid" 2>/dev/null; done
  rm -rf "$tmp"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

ok() {
  passed=$((passed + 1))
  [ -n "$brief" ] || echo "ok - $1"
}

# not_ok TITLE [DETAIL...]
not_ok() {
  failed=$((failed + 1))
  echo "not ok - $1"
  shift
  [ $# -eq 0 ] || printf '%s\n' "$@" | sed 's/^/#   /'
}

# is TITLE EXPECTED ACTUAL
is() {
  if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "expected: $2" "got:      $3"; fi
}

# holds TITLE COMMAND...
holds() {
  local title=$1
  shift
  if "$@"; then ok "$title"; else not_ok "$title" "does not hold: $*"; fi
}

# until_true COMMAND...: waits for at most 10 s.
until_true() {
  local deadline=$((SECONDS + 10))
  until "$@"; do
    [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.02
  done
}

# Waits for the first input, then runs a command in a separate process group for at most 20 s. Unlike `$?`, it
# distinguishes a death by signal from exit code 128+n.
report_end='
  use Config;
  use Time::HiRes "time";
  my $end = shift;
  vec(my $stdin = "", 0, 1) = 1;
  select $stdin, undef, undef, 20;
  my $pid = fork // die "fork: $!";
  if ($pid == 0) { setpgrp; exec { $ARGV[0] } @ARGV; exit 127 }
  $SIG{ALRM} = sub { kill KILL => -$pid };
  alarm 20;
  waitpid $pid, 0;
  open my $ended_at, ">", "$end-ms";
  print $ended_at int(time * 1000);
  open my $how, ">", $end;
  print $how $? & 127 ? "signal SIG" . (split " ", $Config{sig_name})[$? & 127] : "exit " . ($? >> 8);
'

# capture DIR PAYLOAD COMMAND...: runs a command on pipes until both outputs are closed; writes DIR/out, err and end.
capture() {
  local dir=$1 payload=$2
  shift 2
  mkdir -p "$dir"
  {
    # shellcheck disable=SC2002 # a hook's stdin is a pipe, not a file
    cat "$payload" | perl -e "$report_end" -- "$dir/end" "$@" 2>&1 >&3 3>&- | cat >"$dir/err" 3>&-
  } 3>&1 | cat >"$dir/out"
}

run() {
  capture "$tmp/wrapped" "$1" "${hookbus[@]}" run "${@:2}"
}

on_one_line() { tr '\n' ' ' | sed 's/ $//'; }
end() { cat "$tmp/$1/end"; }
size() { wc -c <"$1" | tr -d ' '; }

# same_as_bare TITLE: compares what `capture` wrote for the bare and the wrapped command.
same_as_bare() {
  local part differing=
  for part in out err end; do
    cmp -s "$tmp/bare/$part" "$tmp/wrapped/$part" || differing="$differing $part"
  done
  if [ -z "$differing" ]; then
    ok "$1"
  else
    not_ok "$1" "differing:$differing" "bare:    $(end bare), $(size "$tmp/bare/out") + $(size "$tmp/bare/err") bytes" \
      "wrapped: $(end wrapped), $(size "$tmp/wrapped/out") + $(size "$tmp/wrapped/err") bytes" \
      "wrapped stderr: $(head -c 300 "$tmp/wrapped/err")"
  fi
}

if command -v sqlite3 >/dev/null; then has_sqlite=1; else has_sqlite=; fi

# Checks first that the database exists, because the sqlite3 shell would make one.
sql() {
  [ -f "$HOOKBUS_HOME/hook_bus.db" ] && sqlite3 -batch -cmd '.timeout 5000' "$HOOKBUS_HOME/hook_bus.db" "$1"
}

# An engine may leave records in the spool; any command ingests them.
ingest() {
  if [ -n "$(find "$HOOKBUS_HOME/spool" -type f 2>/dev/null)" ]; then
    "${hookbus[@]}" logs --limit 1 >/dev/null 2>&1
  fi
}

columns='id, hook_name, event_type, tool_name, session_id, status, exit_code, signal'
columns="$columns, stdin_bytes, stdout_bytes, stderr_bytes"

rows_after() {
  ingest
  if [ -n "$has_sqlite" ]; then
    sql "SELECT $columns FROM hook_logs WHERE id > $1 ORDER BY id" 2>/dev/null
  else
    "${hookbus[@]}" logs --json --limit 1000 2>/dev/null | node -e '
      const answer = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
      const logs = Array.isArray(answer) ? answer : Object.values(answer).find(Array.isArray);
      const [after, columns] = process.argv.slice(1);
      for (const log of logs.filter((row) => row.id > Number(after)).sort((a, b) => a.id - b.id))
        console.log(columns.split(", ").map((name) => log[name] ?? "").join("|"));
    ' -- "$1" "$columns"
  fi
}

# look_past ROWS: later checks ignore these rows.
look_past() {
  local last
  last=$(tail -n 1 <<<"$1" | cut -d'|' -f1)
  seen=${last:-$seen}
}

# recorded TITLE PATTERN: expects exactly one new row since the last check, and that it matches.
# The pattern: name|event|tool|session|status|exit code|signal|stdin bytes|stdout bytes|stderr bytes, `*` matches anything.
recorded() {
  local rows
  executions=$((executions + 1))
  rows=$(rows_after "$seen")
  look_past "$rows"
  rows=$(cut -d'|' -f2- <<<"$rows")
  # shellcheck disable=SC2053 # a pattern on purpose
  if [[ $rows != *$'\n'* && $rows == $2 ]]; then ok "$1"; else not_ok "$1" "expected: $2" "got:      $rows"; fi
}

# facts PAYLOAD: event|tool|session, read with JSON.parse.
facts() { awk -v name="$(basename "$1")" '$1 == name { print $2 }' "$tmp/facts"; }

note_facts() {
  node -p '
    const read = (file) => JSON.parse(require("node:fs").readFileSync(file, "utf8"));
    const line = ({ hook_event_name, tool_name, session_id }) => [hook_event_name, tool_name, session_id].join("|");
    process.argv.slice(1).map((file) => `${require("node:path").basename(file)} ${line(read(file))}`).join("\n")
  ' "$@" >"$tmp/facts"
}

end_columns() {
  case $(end bare) in
  exit\ *) echo "$(end bare | cut -d' ' -f2)|" ;;
  signal\ *) echo "|$(end bare | cut -d' ' -f2)" ;;
  esac
}

# pair NAME PAYLOAD STATUS [OPTION...] -- COMMAND...: compares a command bare and under `run`, and checks its row.
pair() {
  local name=$1 payload=$2 status=$3 title
  title="$name on $(basename "$payload" .json)"
  shift 3
  run "$payload" "$@" &
  while [ "$1" != -- ]; do shift; done
  shift
  capture "$tmp/bare" "$payload" "$@"
  wait
  same_as_bare "$title: same stdout, stderr and end ($(end bare))"
  recorded "$title: recorded as $status" "$name|$(facts "$payload")|$status|$(end_columns)|$(size "$payload")|$(
    size "$tmp/bare/out")|$(size "$tmp/bare/err")"
}

# Each hook, bare and wrapped.

sed 's|npm test -- --run src/auth|rm -rf build|' "$payloads/PreToolUse.Bash.json" >"$tmp/PreToolUse.Bash.rm.json"
rm_payload=$tmp/PreToolUse.Bash.rm.json
bash_payload=$payloads/PreToolUse.Bash.json
post_payload=$payloads/PostToolUse.Bash.json
note_facts "$rm_payload" $payloads/*.json

pair guard-rm "$rm_payload" blocked --name guard-rm --event PreToolUse -- python3 $hooks/guard_rm.py
pair guard_rm "$bash_payload" success -- python3 $hooks/guard_rm.py
pair guard_rm $payloads/PreToolUse.Bash.unicode.json success -- $hooks/guard_rm.py
pair deny_json "$bash_payload" success -- node $hooks/deny_json.cjs
pair deny_json $payloads/PreToolUse.mcp.json success -- $hooks/deny_json.cjs
pair format_file $payloads/PostToolUse.Edit.json success -- $hooks/format_file.sh
pair log_event $payloads/Notification.json success -- sh $hooks/log_event.sh
pair session_context $payloads/SessionStart.startup.json success -- $hooks/session_context.sh
pair session_context $payloads/UserPromptSubmit.json success -- $hooks/session_context.sh
pair slow_check $payloads/PostToolUse.Write.json success -- $hooks/slow_check.sh
pair crash "$bash_payload" error -- python3 $hooks/crash.py
pair flood $payloads/PostToolUse.Bash.json success -- $hooks/flood.cjs
pair ignore_stdin $payloads/PreToolUse.Read.json success -- $hooks/ignore_stdin.sh
pair read_dev_stdin $payloads/SessionEnd.json success -- $hooks/read_dev_stdin.cjs
pair notify_dev_stderr $payloads/Notification.idle.json success -- $hooks/notify_dev_stderr.sh
pair echo_stdin $payloads/PreToolUse.Edit.json success -- $hooks/echo_stdin.sh
pair worktree_create $payloads/WorktreeCreate.json success -- $hooks/worktree_create.sh
pair stop_once $payloads/Stop.json success -- $hooks/stop_once.py
pair stop_once $payloads/Stop.active.json success -- $hooks/stop_once.py
pair self_segv "$bash_payload" error -- $hooks/self_segv.sh
is "log_event gets its payload bare and wrapped" "$(cat $payloads/Notification.json{,})" "$(cat "$HOOK_LOG")"

pair codes "$bash_payload" error --name codes -- sh -c 'cat >/dev/null; exit 255'
pair arguments "$bash_payload" success --name arguments -- printf '<%s>\n' 'two words' '' --name -- '*' "a'b"
pair shout "$bash_payload" success --name shout -- /bin/sh -c 'cat | tr a-z A-Z | head -c 40'

run "$bash_payload" --name shell --shell 'cat | tr a-z A-Z | head -c 40; echo done >&2; exit 3'
capture "$tmp/bare" "$bash_payload" /bin/sh -c 'cat | tr a-z A-Z | head -c 40; echo done >&2; exit 3'
same_as_bare "--shell runs a pipeline as sh -c does"
recorded "--shell: recorded" "shell|$(facts "$bash_payload")|error|3||$(size "$bash_payload")|40|5"

head -c 300000 /dev/urandom >"$tmp/blob"
: >"$tmp/empty"
for input in blob empty; do
  run "$tmp/$input" --event PreToolUse --tool Bash -- $hooks/echo_stdin.sh
  capture "$tmp/bare" "$tmp/$input" $hooks/echo_stdin.sh
  same_as_bare "echo_stdin on $input: same bytes"
  recorded "echo_stdin on $input: --event and --tool fill in" \
    "echo_stdin|PreToolUse|Bash||success|0||$(size "$tmp/$input")|$(size "$tmp/$input")|0"
done

# The child continues to write for a second after the hook has ended. Exit and end of output must come as they do bare.
for way in bare wrapped; do
  if [ $way = bare ]; then command=(); else command=("${hookbus[@]}" run --); fi
  capture "$tmp/$way" "$bash_payload" ${command[@]+"${command[@]}"} $hooks/background_child.sh
  gap=$(($(node -p 'Date.now()') - $(cat "$tmp/$way/end-ms")))
  holds "background_child, $way: ends long before its output (by $gap ms)" [ "$gap" -ge 400 ]
done
same_as_bare "background_child: same bytes, including those of the child"
recorded "background_child: recorded as success" \
  "background_child|$(facts "$bash_payload")|success|0||$(size "$bash_payload")|*|0"

# Four at a time, since an agent starts all hooks of an event at once.
mkdir "$tmp/echo"
for payload in "$payloads"/*.json; do
  echoed=$tmp/echo/$(basename "$payload")
  "${hookbus[@]}" run --name echo -- $hooks/echo_stdin.sh <"$payload" >"$echoed" 2>>"$tmp/echo.err" &
  executions=$((executions + 1))
  [ $((executions % 4)) -ne 0 ] || wait
done
wait
is "every Claude Code payload comes back byte for byte" "" \
  "$(diff -rq "$payloads" "$tmp/echo" | grep -v 'Only in .*: other-agents$')$(cat "$tmp/echo.err")"
for payload in "$payloads"/*.json; do
  echo "echo|$(facts "$payload")|success|0||$(size "$payload")|$(size "$payload")|0"
done | sort >"$tmp/expected"
rows=$(rows_after "$seen")
look_past "$rows"
if difference=$(diff "$tmp/expected" <(cut -d'|' -f2- <<<"$rows" | sort)); then
  ok "and each is recorded under its own event, tool and session"
else
  not_ok "and each is recorded under its own event, tool and session" "$(head -n 10 <<<"$difference")"
fi

# agent FILE EVENT SESSION [OPTION...]
agent() {
  run "$payloads/other-agents/$1.json" "${@:4}" -- $hooks/echo_stdin.sh
  capture "$tmp/bare" "$payloads/other-agents/$1.json" $hooks/echo_stdin.sh
  same_as_bare "$1: same bytes"
  recorded "$1: event and session are found" "echo_stdin|$2|*|$3|success|0||*"
}
agent codex.PreToolUse PreToolUse 0199a213-81c0-7800-8aa1-bbab2a035a53
agent codex.Stop Stop 0199a213-81c0-7800-8aa1-bbab2a035a53
agent gemini.BeforeTool BeforeTool b6b0a4f0-2f0e-4b1c-9a55-1e7f5a0c7d11
agent cursor.beforeShellExecution beforeShellExecution 668320d2-2fd8-4888-b33c-2a466fec86e7
agent cursor.beforeShellExecution.bom beforeShellExecution 668320d2-2fd8-4888-b33c-2a466fec86e7
agent copilot.PreToolUse.claude-format PreToolUse c1f7
agent copilot.preToolUse.camel preToolUse c1f7 --event preToolUse

# Signals, open input, environment.

: >"$tmp/out"
"${hookbus[@]}" run -- $hooks/trap_term.py <"$payloads/Stop.json" >"$tmp/out" 2>"$tmp/err" &
pid=$!
until_true grep -q waiting "$tmp/out"
kill -TERM $pid
wait $pid
is "SIGTERM to hookbus reaches the hook, which decides the exit code" "0 waiting stopped cleanly" "$? $(on_one_line <"$tmp/out")"
recorded "trap_term: recorded as success" "trap_term|Stop||*|success|0||*|24|0"

mkfifo "$tmp/fifo"
exec 9<>"$tmp/fifo"
cat "$bash_payload" >&9
capture "$tmp/bare" "$bash_payload" head -n 1
perl -e "$report_end" -- "$tmp/wrapped/end" "${hookbus[@]}" run --name first-line -- head -n 1 \
  <"$tmp/fifo" >"$tmp/wrapped/out" 2>"$tmp/wrapped/err" 9>&-
exec 9>&-
same_as_bare "a hook that reads one line ends while its input stays open"
recorded "first-line: recorded" "first-line|$(facts "$bash_payload")|success|0||$(size "$bash_payload")|*|0"

run "$bash_payload" --name env -- env
capture "$tmp/bare" "$bash_payload" env
is "the hook's environment has two more variables and is otherwise the same" "HOOKBUS_CORRELATION_ID TRACEPARENT" \
  "$(diff <(sort "$tmp/bare/out") <(sort "$tmp/wrapped/out") | sed -n 's/^[<>] \([^=]*\)=.*/\1/p' | on_one_line)"
recorded "env: recorded" "env|$(facts "$bash_payload")|success|0||*"

# Switched off.

capture "$tmp/bare" "$rm_payload" $hooks/guard_rm.py
for value in unset 0 no; do
  if [ $value = unset ]; then switch=(-u HOOKBUS_ENABLED); else switch=(HOOKBUS_ENABLED=$value); fi
  capture "$tmp/wrapped" "$rm_payload" env "${switch[@]}" HOOKBUS_HOME="$tmp/off" \
    "${hookbus[@]}" run --name guard-rm -- $hooks/guard_rm.py
  same_as_bare "switched off (HOOKBUS_ENABLED $value): byte for byte the same"
done
capture "$tmp/bare" "$bash_payload" $hooks/self_segv.sh
capture "$tmp/wrapped" "$bash_payload" env -u HOOKBUS_ENABLED HOOKBUS_HOME="$tmp/off" \
  "${hookbus[@]}" run -- $hooks/self_segv.sh
same_as_bare "switched off: the same death by signal"
holds "switched off: no state directory" [ ! -e "$tmp/off" ]

# HookBus's own exit codes.

# own TITLE CODE STATUS OPTION...: no output on stdout, this exit code, and a row of this status.
own() {
  run "$bash_payload" --name own "${@:4}"
  is "$1: exit code" "exit $2" "$(end wrapped)"
  is "$1: nothing on stdout" 0 "$(size "$tmp/wrapped/out")"
  [ "$3" = none ] || recorded "$1: recorded as $3" "own|$(facts "$bash_payload")|$3|*"
}

printf '#!/bin/sh\nexit 0\n' >"$tmp/not-executable.sh"
chmod 644 "$tmp/not-executable.sh"
own "command not found" 127 error -- no-such-hook-command
is "command not found: one line that names it" 1 "$(grep -c 'no-such-hook-command.*not found' "$tmp/wrapped/err")"
own "path not found" 127 error -- "$tmp/no-such-hook.sh"
own "not executable" 126 error -- "$tmp/not-executable.sh"
is "not executable: one line" 1 "$(wc -l <"$tmp/wrapped/err" | tr -d ' ')"
own "a directory" 126 error -- "$tmp"
for words in "" "--"; do
  # shellcheck disable=SC2086 # no word at all, or one
  capture "$tmp/wrapped" "$bash_payload" env HOOKBUS_HOME="$tmp/nothing" "${hookbus[@]}" run --name nothing $words
  is "nothing to run${words:+ after $words}: exit code" "exit 125" "$(end wrapped)"
  is "nothing to run${words:+ after $words}: nothing on stdout" 0 "$(size "$tmp/wrapped/out")"
done

own "--timeout" 124 timeout --timeout 1 -- sh -c 'sleep 30'
own "--timeout when SIGTERM is ignored" 124 timeout --timeout 1 -- sh -c 'trap "" TERM; sleep 30 & wait; sleep 30'
run "$bash_payload" --timeout 2 -- $hooks/trap_term.py
is "--timeout lets the hook end by its handler, and still exits with 124" "exit 124 waiting stopped cleanly" \
  "$(end wrapped) $(on_one_line <"$tmp/wrapped/out")"
recorded "trap_term: recorded as timeout" "trap_term|$(facts "$bash_payload")|timeout|*"
pair slow_check "$bash_payload" success --timeout 20 -- $hooks/slow_check.sh

run "$post_payload" --fail-open -- $hooks/crash.py
is "--fail-open turns a crash into exit 0 without output" "exit 0, 0 + 0 bytes" \
  "$(end wrapped), $(size "$tmp/wrapped/out") + $(size "$tmp/wrapped/err") bytes"
recorded "--fail-open: the crash is recorded" "crash|$(facts "$post_payload")|error|1||$(size "$post_payload")|*"
pair guard_rm "$rm_payload" blocked --fail-open -- $hooks/guard_rm.py
pair deny_json "$bash_payload" success --fail-open -- $hooks/deny_json.cjs

# When HookBus has a problem.

mkdir "$tmp/corrupt"
chmod 700 "$tmp/corrupt"
head -c 8192 /dev/urandom >"$tmp/corrupt/hook_bus.db"
capture "$tmp/bare" "$rm_payload" $hooks/guard_rm.py
for home in /proc/nope "$tmp/blob/under-a-file" "$tmp/corrupt" /dev/null; do
  capture "$tmp/wrapped" "$rm_payload" env HOOKBUS_HOME="$home" \
    "${hookbus[@]}" run --name guard-rm -- $hooks/guard_rm.py
  same_as_bare "HOOKBUS_HOME=${home#"$tmp"/}: the hook runs anyway"
done
capture "$tmp/wrapped" "$rm_payload" env HOOKBUS_HOME="$tmp/invalid" HOOKBUS_MAX_BYTES=lots HOOKBUS_DEDUPE_TTL=-1 \
  "${hookbus[@]}" run --no-such-option --timeout soon --name guard-rm -- $hooks/guard_rm.py
same_as_bare "invalid settings and options: the hook runs anyway"

ingest
is "files are 0600 and directories 0700" "" \
  "$(find "$HOOKBUS_HOME" \( -type f ! -perm 600 -o -type d ! -perm 700 \) -print 2>&1)"
is "the spool is empty" "" "$(find "$HOOKBUS_HOME/spool" -type f 2>/dev/null)"
if [ -n "$has_sqlite" ]; then
  is "as many rows as executions" "$executions" "$(sql 'SELECT count(*) FROM hook_logs')"
  is "each row has its own execution id" "$executions" "$(sql 'SELECT count(DISTINCT execution_id) FROM hook_logs')"
  write=toolu_01A7cN3pLq5Vt8RfXyHs2WkE
  edit=toolu_01B2dM4qKr6Ws9SgYzJt3XlF
  causes="SELECT count(DISTINCT correlation_id) FROM hook_logs WHERE tool_use_id IN"
  is "the hooks of one tool call share a correlation id" 1 "$(sql "$causes ('$write')")"
  is "the hooks of two tool calls have different correlation ids" 2 "$(sql "$causes ('$write', '$edit')")"
  is "a failed execution has the reason" KeyError \
    "$(sql "SELECT error FROM hook_logs WHERE hook_name = 'crash'" | grep -o -m 1 KeyError)"
  is "stdout has three kinds" "empty json text" "$(sql "SELECT DISTINCT stdout_kind FROM hook_logs
    WHERE hook_name IN ('deny_json', 'session_context') ORDER BY 1" | on_one_line)"
  is "every successful execution has a duration" 0 \
    "$(sql "SELECT count(*) FROM hook_logs WHERE status = 'success' AND duration_ms IS NULL")"
  is "the duration of the slow hook is about the time that it slept" 1 \
    "$(sql "SELECT min(duration_ms) BETWEEN 300 AND 3000 FROM hook_logs WHERE hook_name = 'slow_check'")"
  is "no payload is stored by default" 0 "$(sql 'SELECT count(*) FROM hook_payloads')"
fi

if [ -n "$has_sqlite" ]; then id=$(sql 'SELECT max(id) FROM hook_logs'); else id=$seen; fi
before=$(rows_after 0)
for arguments in "status" "metrics 1" "logs" "logs --limit 5" "show $id" "cleanup --dry-run"; do
  # shellcheck disable=SC2086 # words
  "${hookbus[@]}" $arguments >"$tmp/out" 2>"$tmp/err"
  is "$arguments: succeeds with output" "0 yes" "$? $([ -s "$tmp/out" ] && echo yes || cat "$tmp/err")"
  is "$arguments: nothing on stderr" "" "$(cat "$tmp/err")"
  # shellcheck disable=SC2086
  "${hookbus[@]}" $arguments --json >"$tmp/out" 2>"$tmp/err"
  is "$arguments --json: succeeds with JSON" "0 object" \
    "$? $(node -p 'typeof JSON.parse(require("node:fs").readFileSync(0, "utf8"))' <"$tmp/out" 2>&1 | tail -n 1)"
done
is "none of these commands changed a row" "$before" "$(rows_after 0)"
"${hookbus[@]}" metrics 1 --json >"$tmp/metrics" 2>/dev/null
is "metrics 1 --json counts the executions" "1 $executions" "$(node -p '
  const { window_hours, hooks } = JSON.parse(require("node:fs").readFileSync(process.argv[1], "utf8"));
  `${window_hours} ${hooks.reduce((sum, { runs, deduped }) => sum + runs + deduped, 0)}`
' "$tmp/metrics" 2>&1 | tail -n 1)"

# Stored payloads, and deletion by hand.

if [ -n "$has_sqlite" ]; then
  capture "$tmp/wrapped" "$rm_payload" env HOOKBUS_STORE_RAW=1 "${hookbus[@]}" run --name raw -- $hooks/guard_rm.py
  recorded "HOOKBUS_STORE_RAW=1: recorded" "raw|$(facts "$rm_payload")|blocked|2||*"
  is "HOOKBUS_STORE_RAW=1: stdin is stored unchanged" "$(cat "$rm_payload")" \
    "$(sql "SELECT CAST(body AS TEXT) FROM hook_payloads WHERE log_id = $seen AND stream = 'stdin'")"
  sql 'DELETE FROM hook_logs; DELETE FROM dedupe_keys; DELETE FROM hook_metrics;' 2>"$tmp/err"
  is "three DELETEs from the sqlite3 shell clear everything, including payloads" "0 0 " \
    "$(sql "SELECT (SELECT count(*) FROM hook_logs) || ' ' || (SELECT count(*) FROM hook_payloads)") $(cat "$tmp/err")"
fi

nothing_left() { [ -z "$(left_running)" ]; }
if [ -d /proc/self ]; then holds "no process is left" until_true nothing_left; fi

[ -z "$brief" ] || echo "test/smoke.sh, the fixture hooks bare and under HookBus:"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
