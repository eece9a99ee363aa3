import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands/index.ts';
import { commandHelp, overview } from '../../src/cli/words/help.ts';
import { parseRunOptions } from '../../src/config/run-options.ts';
import { VERSION } from '../../src/domain/version.ts';
import { hookbus } from '../support/hookbus.ts';

const helpOf = (name: string): string => {
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (command === undefined) throw new Error(`expected a command ${name}`);
  return `\n${commandHelp(command).join('\n')}\n`;
};

it('hookbus alone prints the overview', () => {
  expect(`\n${overview(COMMANDS).join('\n')}\n`).toMatchInlineSnapshot(`
    "
    HookBus records every execution of your agent's hooks and changes none of them.
    Usage: hookbus COMMAND [options]

    Commands:
      install, uninstall  Put hookbus before the hooks in your agent's settings
      run                 Run a hook's command and record it
      status              Show whether recording is on, and the state of hookbus
      doctor              Find problems, and say how to fix them
      logs                List recent executions
      show                Show one execution in full
      trace               Show related executions as a timeline
      replay              Run recorded calls again with the current hook
      metrics             Show how often hooks fail and how long they take
      report              Show what hooks cost: waiting time and context
      alerts              Show open alerts
      dashboard           Show live executions and charts in a browser
      off, on             Switch a hook off for a while, and on again
      cleanup             Delete executions past retention, and free the space
      config              Show and change config.json: breakers, alerts, exporters
      daemon              Start, stop or inspect the background process
      export              Print metrics for Prometheus

    Options: --version; --help, also after a command. Docs: docs/ in the package.
    "
  `);
});

describe('the help of', () => {
  it('run', () =>
    expect(helpOf('run')).toMatchInlineSnapshot(`
      "
      Usage: hookbus run [options] -- COMMAND [ARG...]

      Runs COMMAND with the same stdin, stdout, stderr and exit code as without
      hookbus, and records the execution. Put it before the command of a hook in your
      agent's settings.

      If HOOKBUS_ENABLED is unset or 0, it only runs COMMAND. If anything fails in
      hookbus itself, COMMAND still runs. An invalid option is ignored; \`hookbus
      status\` lists it.

      With a dedupe option, a duplicate of a refused call is refused too. Other
      duplicates run on events where a hook can block; on other events they exit 0. If
      hookbus cannot decide, COMMAND runs.

      Options:
        --name NAME                      the name of the hook (default: the script's
                                         file name without its extension)
        --event EVENT                    the event, such as PreToolUse (default: from
                                         the payload)
        --tool TOOL                      the tool, such as Bash (default: from the
                                         payload)
        --shell 'LINE'                   run LINE with /bin/sh -c instead of COMMAND
        --timeout SECONDS                stop the hook after SECONDS; fractions
                                         allowed (default: none)
        --fail-open                      if the hook fails, drop its output and exit
                                         0; ignored on events where a hook can block
                                         (old name: --guard)
        --dedupe                         detect duplicates by tool call and payload
        --dedupe-key TEMPLATE            detect duplicates by this key, such as
                                         {tool_input.file_path}
        --dedupe-ttl SECONDS             how long a key is valid (default:
                                         HOOKBUS_DEDUPE_TTL, or 3600)
        --on-duplicate deny|skip|replay  for a duplicate that was not refused: run it,
                                         exit 0, or wait and repeat the result
                                         (default: deny on events where a hook can
                                         block, else skip)
        --max-bytes N                    the maximum to keep of each stream, in bytes
                                         (default: HOOKBUS_MAX_BYTES, or 200000)
        --store-raw                      store the payloads; --no-store-raw switches
                                         it off (default: HOOKBUS_STORE_RAW, or off)
        --compress                       compress stored payloads; --no-compress
                                         switches it off (default: HOOKBUS_COMPRESS,
                                         or off)
        --help                           print this help

      Exit codes:
        any  the exit code of the hook; if a signal ends the hook, the same signal
             ends hookbus
        124  --timeout expired, and the hook did not refuse before
        125  COMMAND is missing
        126  COMMAND cannot be executed
        127  COMMAND was not found

      Examples:
        hookbus run -- .claude/hooks/format_file.sh
            record it as format_file
        hookbus run --name lint --timeout 20 --fail-open -- npx eslint --stdin
            on PostToolUse: stop it after 20 s, and hide its failures from the agent
        hookbus run --shell 'jq -r .tool_name | tee -a tools.log'
            record a pipeline
      "
    `));
  it('install', () =>
    expect(helpOf('install')).toMatchInlineSnapshot(`
      "
      Usage: hookbus install [options]

      Puts \`hookbus run\` before the command of each hook, and changes nothing else in
      the file. It keeps a backup of the file in the state directory; \`hookbus
      uninstall\` restores the commands.

      In a file that your team shares, hooks run as before on machines without
      hookbus. Hooks that are not commands are not changed.

      Options:
        --agent AGENT    the agent: claude, codex, gemini, cursor or copilot (default:
                         claude)
        --scope SCOPE    user: yours, for every project; project: shared by a team;
                         local: yours, for this project; repeatable (default: every
                         existing settings file)
        --settings FILE  use this file instead; repeatable
        --only HOOK      only hooks with this name; repeatable
        --except HOOK    skip hooks with this name; repeatable
        --yes            do not ask; also follow a link that leads out of the project
        --dry-run        show the changes as a diff, and change nothing
        --enable         also switch recording on, with HOOKBUS_ENABLED in the env
                         block
        --json           print JSON; docs/json.md describes its fields
        --help           print this help

      Exit codes:
        0  done, or nothing to do
        1  an option or a file cannot be used; nothing was changed

      Examples:
        hookbus install --dry-run
            show the changes as a diff
        hookbus install --scope user --enable
            record your own hooks from now on
        hookbus install --only guard_rm
            wrap one hook, in every file that has it
      "
    `));

  it('trace', () =>
    expect(helpOf('trace')).toMatchInlineSnapshot(`
      "
      Usage: hookbus trace ID [options]

      Shows all executions with one cause, such as those before and after one tool
      call, or all of one session. Each row shows when the execution started after the
      first one, and a bar for how long it took. Bars that share columns ran at the
      same time. A dot marks an execution that did not run, or whose end was not
      recorded.

      HookBus looks ID up as an execution, then as a correlation id, then as a session
      id.

      Argument:
        ID  the number that \`hookbus logs\` shows, an execution id, a correlation id, a
            session id, or at least the first 6 characters of an id

      Options:
        --session  show the whole session of the execution
        --limit N  the maximum number of executions; shows the latest (default: 200)
        --json     print JSON; docs/json.md describes its fields
        --help     print this help

      Exit codes:
        0  done
        1  no execution or session has that id, several have it, or the database
           cannot be used

      Examples:
        hookbus trace 142
            every execution with the same cause
        hookbus trace 142 --session --limit 1000
            every execution of its session
        hookbus trace 142 --json | jq '.executions[].offset_ms'
            for programs
      "
    `));

  it('replay', () =>
    expect(helpOf('replay')).toMatchInlineSnapshot(`
      "
      Usage: hookbus replay ID... [options] [-- COMMAND [ARG...]]

      Runs the recorded command again, or COMMAND instead, with the stored payload and
      in the recorded directory. Then compares status, exit code, signal, stdout,
      stderr and time. A replay counts as changed if the agent would now act
      differently: another exit status, another stdout (JSON is compared by content),
      or, when the hook blocks, another reason on stderr. Other differences, such as
      time, are shown but do not count.

      With --hook, replay skips executions of other work trees. At a terminal it lists
      each command with its directory and asks first. It tells you if a script has
      changed since it ran.

      The hook really runs, with all its side effects. It gets the environment of this
      shell, with HOOKBUS_CORRELATION_ID and TRACEPARENT as in an execution, and with
      HOOKBUS_ENABLED=0. Replays are recorded in their own table and count nowhere
      else; \`hookbus show\` lists them.

      Replay needs a complete stored payload (HOOKBUS_STORE_RAW=1). It tells you if
      secrets were redacted from the payload, because the hook then gets other bytes
      than the first time.

      Arguments:
        ID       the number that \`hookbus logs\` shows, an execution id, or at least
                 its first 6 characters; repeatable
        COMMAND  run this command instead, in the recorded directory (default: the
                 recorded command, with /bin/sh)

      Options:
        --hook NAME        replay the latest executions of this hook in this work tree
                           that have a stored payload
        --everywhere       with --hook: also executions of other work trees
        --yes              with --hook: do not ask first
        --last N           with --hook: how many executions (default: 50)
        --event EVENT      with --hook: only this event; repeatable
        --timeout SECONDS  stop each hook after SECONDS; fractions allowed (default:
                           60)
        --json             print JSON; docs/json.md describes its fields
        --help             print this help

      Exit codes:
        0  no replay changed
        1  a replay changed, or an ID could not be replayed, or an argument is invalid

      Examples:
        hookbus replay 142
            the same call with the current hook
        hookbus replay 142 -- python3 guard_v2.py
            the same call with another hook
        hookbus replay --hook guard_rm --last 50
            what your edit of the hook would have changed
      "
    `));

  it('uninstall', () =>
    expect(helpOf('uninstall')).toMatchInlineSnapshot(`
      "
      Usage: hookbus uninstall [options]

      Removes the prefix of \`hookbus install\` from each command, and the
      HOOKBUS_ENABLED of --enable, even if you have changed the file since. A prefix
      that you wrote by hand stays.

      Recorded executions stay in the state directory; \`hookbus status\` shows where it
      is.

      Options:
        --agent AGENT    the agent: claude, codex, gemini, cursor or copilot (default:
                         claude)
        --scope SCOPE    user: yours, for every project; project: shared by a team;
                         local: yours, for this project; repeatable (default: every
                         existing settings file)
        --settings FILE  use this file instead; repeatable
        --only HOOK      only hooks with this name; repeatable
        --except HOOK    skip hooks with this name; repeatable
        --yes            do not ask; also follow a link that leads out of the project
        --dry-run        show the changes as a diff, and change nothing
        --all            every file that install wrote, of every agent; only --yes,
                         --dry-run and --json can be added
        --json           print JSON; docs/json.md describes its fields
        --help           print this help

      Exit codes:
        0  done, or nothing to do
        1  an option or a file cannot be used; nothing was changed

      Examples:
        hookbus uninstall
            unwrap every settings file that applies here
        hookbus uninstall --all
            unwrap every settings file that install wrote
        hookbus uninstall --settings .claude/settings.json
            unwrap one file
      "
    `));

  it('status', () =>
    expect(helpOf('status')).toMatchInlineSnapshot(`
      "
      Usage: hookbus status [options]

      Shows whether recording is on in this shell, where executions are recorded, how
      many wait in the spool, a summary of the last 24 hours, and every warning about
      settings and command lines.

      An agent may have other settings than this shell: its hooks use those in its
      settings file.

      Options:
        --json  print JSON; docs/json.md describes its fields
        --help  print this help

      Exit codes:
        0  done, even if something is wrong
        1  an option is invalid

      Examples:
        hookbus status
            is recording on, and is all well?
        hookbus status --json | jq '.spool.waiting'
            for programs
      "
    `));
  it('logs', () =>
    expect(helpOf('logs')).toMatchInlineSnapshot(`
      "
      Usage: hookbus logs [options]

      Lists recorded executions, newest first: start time, hook, event, tool, status,
      exit code or signal, duration, and the overhead of hookbus. The line below a
      failed or blocked execution shows its error or reason.

      Times are local. An execution must match every kind of filter that you give.

      With --follow, shows the latest executions and then each new one as it is
      recorded, until Ctrl-C. This needs the daemon, and starts it if none runs.

      Options:
        --hook NAME      only this hook; repeatable
        --event EVENT    only this event, such as PreToolUse; repeatable
        --status STATUS  only this status: success, blocked, error, timeout,
                         dedupe_skip, breaker_skip; separate several by commas
        --session ID     only this session: its id or the beginning of it; repeatable
        --since WHEN     only executions that started since then: 90s, 30m, 2h, 7d or
                         4w ago, a date (2026-11-22), or a date and time
                         (2026-11-22T14:30), local unless it has a time zone (default:
                         everything)
        --limit N        the maximum number of executions (default: 50; with --follow,
                         10 earlier ones)
        --follow         show new executions as they come; with --json, one object per
                         line
        --json           print JSON; docs/json.md describes its fields
        --help           print this help

      Exit codes:
        0  done
        1  an option or a value is invalid, or the database cannot be used

      Examples:
        hookbus logs --status error,timeout --since 2h
            what failed in the last two hours
        hookbus logs --hook guard_rm --event PreToolUse --limit 10
            the last ten executions of one hook on one event
        hookbus logs --follow --status error,timeout,blocked
            failures and refusals, live
        hookbus logs --json | jq '.[].duration_ms'
            for programs
      "
    `));
  it('show', () =>
    expect(helpOf('show')).toMatchInlineSnapshot(`
      "
      Usage: hookbus show ID [options]

      Shows every field of one execution, and its payloads if they are stored. JSON is
      indented, binary data is shown as a hex dump, and control characters are
      escaped.

      Argument:
        ID  the number that \`hookbus logs\` shows, an execution id, or at least its
            first 6 characters

      Options:
        --json  print JSON; docs/json.md describes its fields
        --help  print this help

      Exit codes:
        0  done
        1  there is no such execution, several match, or the database cannot be used

      Examples:
        hookbus show 142
            the execution with this number
        hookbus show 142 --json | jq -r '.payloads.stdin.text'
            what the hook read on stdin
      "
    `));
  it('metrics', () =>
    expect(helpOf('metrics')).toMatchInlineSnapshot(`
      "
      Usage: hookbus metrics [HOURS | rebuild] [options]

      Shows for each hook and event of the last HOURS how its executions ended and how
      long they took. The hook with the longest total time comes first. Percentiles
      are exact (nearest rank) for up to 50,000 executions that are still recorded;
      otherwise they come from rollups and are within 1 %.

      Below, it grades the failure rate against its target: ok, above target, or
      alert. It also shows the overhead that hookbus measures from inside. The targets
      are for the caller, who sees more, so a figure below the target is not called
      ok.

      rebuild computes the rollups again from the recorded executions.

      Argument:
        HOURS  how far to look back, above 0 and at most 876000; fractions allowed
               (default: 24)

      Options:
        --by WHAT  group executions by hook, event, tool, session or day (default:
                   hook and event)
        --compare  compare with the window before
        --watch    refresh every 2 seconds until Ctrl-C
        --json     print JSON; docs/json.md describes its fields
        --help     print this help

      Exit codes:
        0  done
        1  an option or a value is invalid, or the database cannot be used

      Examples:
        hookbus metrics
            the last 24 hours
        hookbus metrics 0.5
            the last half hour
        hookbus metrics 168 --compare
            this week against the last
        hookbus metrics 720 --by day
            the last month, day by day
        hookbus metrics 1 --watch
            while an agent works
        hookbus metrics 168 --json | jq '.overhead.p95_ms'
            for programs
      "
    `));
  it('cleanup', () =>
    expect(helpOf('cleanup')).toMatchInlineSnapshot(`
      "
      Usage: hookbus cleanup [options]

      Deletes executions that started before the retention period, with their
      payloads. Also deletes notices, unreadable spool records, corrupt databases and
      backups of settings files of that age, and expired dedupe keys. If a settings
      file is still wrapped, its first and last backups stay. Then returns the freed
      space to the file system.

      It works in short steps, so that no hook waits for it. You can stop it at any
      time.

      Options:
        --older-than AGE  delete everything older than this: 12h, 7d or 4w; 0d deletes
                          every execution (default: HOOKBUS_RETENTION_DAYS, or
                          retention_days of config.json)
        --dry-run         show what would be deleted, and delete nothing
        --json            print JSON; docs/json.md describes its fields
        --help            print this help

      Exit codes:
        0  done
        1  an option or a value is invalid, or the database cannot be used

      Examples:
        hookbus cleanup --dry-run
            what the retention would delete
        hookbus cleanup --older-than 12h
            keep the last twelve hours
      "
    `));
});

it('the overview fits a terminal of 24 lines and 80 columns, and its descriptions 60 columns', () => {
  const lines = overview(COMMANDS);
  expect(lines.length).toBeLessThanOrEqual(24);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  for (const { summary } of COMMANDS) expect(summary.length).toBeLessThanOrEqual(60);
});

it.each(COMMANDS)('the help of $name fits 80 columns', (command) => {
  const lines = commandHelp(command);
  expect(lines.filter((line) => line.length > 80 || line !== line.trimEnd())).toEqual([]);
  expect(lines.join('\n')).toMatch(/^[\x20-\x7e\n]*$/);
});

it('the help of run has exactly the options of run', () => {
  const known = /'(--[a-z-]+)'/g;
  const source = readFileSync('src/config/run-options.ts', 'utf8');
  const inCode = [...new Set([...source.matchAll(known)].map(([, option]) => option))].sort();
  const inHelp = [...new Set(helpOf('run').match(/--[a-z-]+/g))].sort();
  expect(inHelp.filter((option) => inCode.includes(option))).toEqual(inCode);
  const example = helpOf('run').match(/hookbus run (--name lint.*)/)?.[1] ?? '';
  expect(parseRunOptions(example.split(' ')).warnings).toEqual([]);
});

it.each([[[]], [['--help']], [['-h']], [['help']]])('hookbus %j prints the overview', (words) => {
  expect(hookbus(words)).toEqual({
    stdout: `${overview(COMMANDS).join('\n')}\n`,
    stderr: '',
    exitCode: 0,
  });
});

it.each(COMMANDS)('hookbus $name --help, -h and help $name print its help', ({ name }) => {
  for (const words of [
    [name, '--help'],
    [name, '-h'],
    ['help', name],
  ]) {
    expect(hookbus(words)).toEqual({ stdout: helpOf(name).slice(1), stderr: '', exitCode: 0 });
  }
});

it('hookbus --version prints the version, and loads nothing else', () => {
  expect(hookbus(['--version'])).toEqual({
    stdout: `hookbus ${VERSION}\n`,
    stderr: '',
    exitCode: 0,
  });
});

describe('docs/cli.md', () => {
  const page = readFileSync('docs/cli.md', 'utf8');

  it('is up to date (make docs)', () => {
    for (const lines of [overview(COMMANDS), ...COMMANDS.map(commandHelp)]) {
      expect(page).toContain(`\`\`\`text\n${lines.join('\n')}\n\`\`\`\n`);
    }
  });

  it('has exactly the error codes of the source', () => {
    const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .map((path) => readFileSync(join('src', path), 'utf8'));
    const codes = (text: string, pattern: RegExp): string[] =>
      [...new Set([...text.matchAll(pattern)].map((match) => match[1] ?? ''))].sort();
    expect(codes(page, /^\| `(E_\w+)` \|/gm)).toEqual(codes(sources.join('\n'), /'(E_[A-Z_]+)'/g));
  });
});
