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

it('hookbus alone shows what there is', () => {
  expect(`\n${overview(COMMANDS).join('\n')}\n`).toMatchInlineSnapshot(`
    "
    HookBus records each execution of an agent's hooks and changes nothing about it.
    Usage: hookbus COMMAND [options]

    Commands:
      install, uninstall  Put hookbus before the hooks in an agent's settings
      run                 Run a hook's command and record it
      status              Show whether hookbus is on, and how it is doing
      doctor              Find what is wrong, and say what to do about it
      logs                List recent executions
      show                Show one execution with all that is stored of it
      trace               Show what belongs together as a timeline
      replay              Run recorded calls again, on the hook as it is now
      metrics             Show how often hooks fail and how long they take
      report              Show what hooks cost: time waited for, context filled
      alerts              Show what went wrong and is not well again
      dashboard           Show executions as they come in, and charts, in a browser
      off, on             Skip a hook for a while and run it again, without an edit
      cleanup             Delete what is past its retention and free the space
      config              Show and change config.json: breakers, alerts, exporters
      daemon              Start, stop or look at the background process
      export              Print metrics for Prometheus, also without a daemon

    Options: --help, also behind a command; --version. Docs: docs/ in the package.
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

      With HOOKBUS_ENABLED unset or 0 it only runs COMMAND. Whatever goes wrong in
      hookbus itself, COMMAND runs; a mistake among the options is shown by \`hookbus
      status\`.

      With a dedupe option a refusal is given again to a duplicate. Where a hook can
      block, all other duplicates run; elsewhere they exit 0. On doubt, COMMAND runs.

      Options:
        --name NAME                      what to call the hook (default: the script's
                                         file name without its extension)
        --event EVENT                    the event, such as PreToolUse (default: as
                                         the payload says)
        --tool TOOL                      the tool, such as Bash (default: as the
                                         payload says)
        --shell 'LINE'                   run LINE with /bin/sh -c instead of a COMMAND
        --timeout SECONDS                end the hook after so many seconds, fractions
                                         allowed (default: none)
        --fail-open                      if the hook fails, drop its output and exit
                                         0; ignored where it can block (old name:
                                         --guard)
        --dedupe                         recognize the same work by tool call and
                                         payload
        --dedupe-key TEMPLATE            what makes two executions the same, such as
                                         {tool_input.file_path}
        --dedupe-ttl SECONDS             how long a key counts (default:
                                         HOOKBUS_DEDUPE_TTL, else 3600)
        --on-duplicate deny|skip|replay  what was not refused: run it, exit 0, or wait
                                         and give its result (default: deny on events
                                         that a hook can block, else skip)
        --max-bytes N                    most bytes kept of each stream (default:
                                         HOOKBUS_MAX_BYTES, else 200000)
        --store-raw                      store the payloads; --no-store-raw does not
                                         (default: HOOKBUS_STORE_RAW, else off)
        --compress                       compress stored payloads; --no-compress does
                                         not (default: HOOKBUS_COMPRESS, else off)
        --help                           print this

      Exit codes:
        any  the hook's own; if it dies by a signal, hookbus dies by the same
        124  --timeout ran out, and the hook did not refuse meanwhile
        125  there is no COMMAND
        126  COMMAND cannot be executed
        127  COMMAND was not found

      Examples:
        hookbus run -- .claude/hooks/format_file.sh
            records it as format_file
        hookbus run --name lint --timeout 20 --fail-open -- npx eslint --stdin
            on PostToolUse: ends it after 20 s, and keeps its failures from the agent
        hookbus run --shell 'jq -r .tool_name | tee -a tools.log'
            a hook that is a pipeline
      "
    `));
  it('install', () =>
    expect(helpOf('install')).toMatchInlineSnapshot(`
      "
      Usage: hookbus install [options]

      Puts \`hookbus run\` before the command of each hook, and changes nothing else in
      the file. How the file was before is kept in the state directory; \`hookbus
      uninstall\` gives the commands back as they were.

      In a file that a team shares, hooks run as before on a machine without hookbus.
      What is no command is left alone.

      Options:
        --agent AGENT    whose settings: claude, codex, gemini, cursor or copilot
                         (default: claude)
        --scope SCOPE    user: your own for every project; project: what a team
                         shares; local: your own for this project; repeatable
                         (default: every one of them that is there)
        --settings FILE  this file instead; repeatable
        --only HOOK      only hooks of this name; repeatable
        --except HOOK    no hooks of this name; repeatable
        --yes            ask nothing; also write a file of the project that is a link
                         to one outside of it
        --dry-run        show what would change as a diff, and change nothing
        --enable         also switch recording on, by HOOKBUS_ENABLED in the env block
        --json           print JSON instead; docs/json.md describes it
        --help           print this

      Exit codes:
        0  done, or there was nothing to do
        1  an option or a file cannot be used; no file was changed

      Examples:
        hookbus install --dry-run
            what would change, as a diff
        hookbus install --scope user --enable
            your own hooks, recorded from now on
        hookbus install --only guard_rm
            one hook, wherever it is
      "
    `));

  it('trace', () =>
    expect(helpOf('trace')).toMatchInlineSnapshot(`
    "
    Usage: hookbus trace ID [options]

    Shows all executions with one cause, such as those before and after one tool
    call, or all of one session: when each began after the first, and how long it
    took, as a bar. Bars above each other that cover the same columns ran at the
    same time; a dot is an execution that did not run, or whose end was not seen.

    ID is looked up as an execution, then as a correlation id, then as a session id.

    Argument:
      ID  the number that \`hookbus logs\` shows, an execution id, a correlation id or
          a session id; of an id at least 6 characters of its beginning

    Options:
      --session  of an execution, its whole session
      --limit N  at most so many executions, the latest (default: 200)
      --json     print JSON instead; docs/json.md describes it
      --help     print this

    Exit codes:
      0  done
      1  nothing has that id, or several do; or the database cannot be used

    Examples:
      hookbus trace 142
          all that ran for the same cause
      hookbus trace 142 --session --limit 1000
          all of its session
      hookbus trace 142 --json | jq '.executions[].offset_ms'
          for programs
    "
  `));

  it('replay', () =>
    expect(helpOf('replay')).toMatchInlineSnapshot(`
      "
      Usage: hookbus replay ID... [options] [-- COMMAND [ARG...]]

      Runs the recorded command once more, or COMMAND in its place, on the payload
      that is stored of it, in the directory that it ran in, and compares: status,
      exit code, signal, stdout, stderr, time. It changed its mind where an agent
      would have acted otherwise: by how it ended, by stdout, where that is JSON by
      what it says, and where it blocks also by stderr. Time and other differences are
      only told.

      With --hook, commands that were recorded in other work trees stay where they
      are, and at a terminal you see each command with its directory and are asked.
      Where the script was written after it ran, that is said: it is not what ran
      then.

      The hook really runs, with all that it does. Its environment is that of this
      shell, with HOOKBUS_CORRELATION_ID and TRACEPARENT as in a run, and
      HOOKBUS_ENABLED=0. Replays are on record in a table of their own and count
      nowhere else; \`hookbus show\` has them.

      It needs a stored payload that is whole (HOOKBUS_STORE_RAW=1). Where secrets
      were taken out of it, that is said: the hook is then given other bytes than the
      first time.

      Arguments:
        ID       the number that \`hookbus logs\` shows, or an execution id, or at least
                 6 characters of its beginning; several with blanks between
        COMMAND  run this instead, from the recorded directory (default: the recorded
                 command, by /bin/sh)

      Options:
        --hook NAME        instead of IDs: the latest executions of this hook that ran
                           in this work tree, as far as payloads are stored
        --everywhere       with --hook: also those of other work trees
        --yes              with --hook: do not ask before the commands run
        --last N           with --hook: so many of them (default: 50)
        --event EVENT      with --hook: only on this event; may be repeated
        --timeout SECONDS  end each after so many seconds, fractions allowed (default:
                           60)
        --json             print JSON instead; docs/json.md describes it
        --help             print this

      Exit codes:
        0  nothing changed its mind
        1  something did, or an ID could not be replayed; or as in other commands

      Examples:
        hookbus replay 142
            the same call on the hook as it is now
        hookbus replay 142 -- python3 guard_v2.py
            on another hook
        hookbus replay --hook guard_rm --last 50
            what an edit of the hook would have changed
      "
    `));

  it('uninstall', () =>
    expect(helpOf('uninstall')).toMatchInlineSnapshot(`
      "
      Usage: hookbus uninstall [options]

      Takes the prefix of \`hookbus install\` out of each command, also where you
      changed other things in the file since then; and the HOOKBUS_ENABLED of its
      --enable. A prefix that you wrote in words of your own stays.

      What was recorded stays as well; it is in the state directory, see \`hookbus
      status\`.

      Options:
        --agent AGENT    whose settings: claude, codex, gemini, cursor or copilot
                         (default: claude)
        --scope SCOPE    user: your own for every project; project: what a team
                         shares; local: your own for this project; repeatable
                         (default: every one of them that is there)
        --settings FILE  this file instead; repeatable
        --only HOOK      only hooks of this name; repeatable
        --except HOOK    no hooks of this name; repeatable
        --yes            ask nothing; also write a file of the project that is a link
                         to one outside of it
        --dry-run        show what would change as a diff, and change nothing
        --all            every file that install wrote, of every agent, wherever it
                         is; goes with --yes, --dry-run and --json alone
        --json           print JSON instead; docs/json.md describes it
        --help           print this

      Exit codes:
        0  done, or there was nothing to do
        1  an option or a file cannot be used; no file was changed

      Examples:
        hookbus uninstall
            every settings file that applies here
        hookbus uninstall --all
            every settings file that install wrote
        hookbus uninstall --settings .claude/settings.json
            one file
      "
    `));

  it('status', () =>
    expect(helpOf('status')).toMatchInlineSnapshot(`
    "
    Usage: hookbus status [options]

    Shows whether recording is on in this shell, where it goes, what waits in the
    spool, the last 24 hours at a glance, and every mistake that was found in
    settings and command lines.

    An agent may have other settings than this shell: those in its settings file
    count for its hooks.

    Options:
      --json  print JSON instead; docs/json.md describes it
      --help  print this

    Exit codes:
      0  always; what is wrong is part of the answer
      1  an option cannot be used

    Examples:
      hookbus status
          is it on, and is all well?
      hookbus status --json | jq '.spool.waiting'
          for programs
    "
  `));
  it('logs', () =>
    expect(helpOf('logs')).toMatchInlineSnapshot(`
      "
      Usage: hookbus logs [options]

      Lists recorded executions, newest first: when each began, its hook, event, tool,
      status, exit code or signal, how long the hook took and what hookbus added to
      that. What a failed or blocked one said is beneath it.

      Times are local. Options of different kinds narrow the list down together.

      With --follow, the latest come first and further ones as they are recorded,
      until Ctrl-C, in the order in which they are recorded. The daemon tells of them,
      and is started where there is none.

      Options:
        --hook NAME      only this hook; may be repeated
        --event EVENT    only this event, such as PreToolUse; may be repeated
        --status STATUS  only this status: success, blocked, error, timeout,
                         dedupe_skip, breaker_skip; several with commas between
        --session ID     only this session: its id, or how that begins; may be
                         repeated
        --since WHEN     only what began since then: 90s, 30m, 2h, 7d or 4w back, a
                         date (2026-11-22), or a date and time (2026-11-22T14:30),
                         local unless it has a zone (default: everything)
        --limit N        at most so many executions (default: 50; with --follow, of
                         those so far, 10)
        --follow         go on with those to come; with --json, one object a line
        --json           print JSON instead; docs/json.md describes it
        --help           print this

      Exit codes:
        0  done
        1  an option or a value cannot be used, or the database cannot

      Examples:
        hookbus logs --status error,timeout --since 2h
            what failed in the last two hours
        hookbus logs --hook guard_rm --event PreToolUse --limit 10
            the last ten executions of one hook on one event
        hookbus logs --follow --status error,timeout,blocked
            whatever fails or blocks, as it does
        hookbus logs --json | jq '.[].duration_ms'
            for programs
      "
    `));
  it('show', () =>
    expect(helpOf('show')).toMatchInlineSnapshot(`
    "
    Usage: hookbus show ID [options]

    Shows every field of one execution, and its payloads where they are stored: JSON
    is laid out, bytes that are no text become a hex dump, and control characters
    are spelled out.

    Argument:
      ID  the number that \`hookbus logs\` shows, or an execution id, or at least 6
          characters of its beginning

    Options:
      --json  print JSON instead; docs/json.md describes it
      --help  print this

    Exit codes:
      0  done
      1  there is no such execution, or several fit; or the database cannot be used

    Examples:
      hookbus show 142
          the execution of this number
      hookbus show 142 --json | jq -r '.payloads.stdin.text'
          what the hook was given
    "
  `));
  it('metrics', () =>
    expect(helpOf('metrics')).toMatchInlineSnapshot(`
      "
      Usage: hookbus metrics [HOURS | rebuild] [options]

      For every hook and event of the last HOURS: how its executions ended, and the
      times it took. The hook that took most time in all comes first. Percentiles are
      exact, by nearest rank over every execution; of more than 50,000 executions, and
      of times of which the executions are deleted, they come from rollups and are
      within 1 %.

      Beneath, the failure rate against its target: ok, above target, or an alert. And
      what hookbus itself added, as seen from inside. Its targets are for what the
      caller sees, which is more, so a figure below them is not called ok.

      rebuild makes the rollups anew from the executions that there are.

      Argument:
        HOURS  how far to look back, above 0 and at most 876000; fractions allowed
               (default: 24)

      Options:
        --by WHAT  put executions together by hook, event, tool, session or day
                   (default: hook and event)
        --compare  beside it, the same of the window before
        --watch    go on until you end it, with the figures of every 2 seconds in
                   place
        --json     print JSON instead; docs/json.md describes it
        --help     print this

      Exit codes:
        0  done
        1  an option or a value cannot be used, or the database cannot

      Examples:
        hookbus metrics
            the last 24 hours
        hookbus metrics 0.5
            the last half hour
        hookbus metrics 168 --compare
            this week against the last
        hookbus metrics 720 --by day
            how the last month went
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

      Deletes the executions that began longer ago than the retention, with their
      payloads; notices, unreadable spool records, databases that were found corrupt
      and backups of settings files of that age; and dedupe keys that ran out. Of a
      settings file that is still wrapped, the first backup and the last stay. Then
      gives the space back to the file system.

      It works in short turns, so that no hook waits for it, and can be stopped at any
      time.

      Options:
        --older-than AGE  delete what is older than this: 12h, 7d or 4w; 0d deletes
                          every execution (default: HOOKBUS_RETENTION_DAYS, else
                          retention_days of config.json)
        --dry-run         say what would be deleted, and delete nothing
        --json            print JSON instead; docs/json.md describes it
        --help            print this

      Exit codes:
        0  done
        1  an option or a value cannot be used, or the database cannot

      Examples:
        hookbus cleanup --dry-run
            what would go by the retention
        hookbus cleanup --older-than 12h
            keep the last twelve hours
      "
    `));
});

it('the overview fits a terminal of 24 lines and 80 columns, its descriptions 60', () => {
  const lines = overview(COMMANDS);
  expect(lines.length).toBeLessThanOrEqual(24);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  for (const { summary } of COMMANDS) expect(summary.length).toBeLessThanOrEqual(60);
});

it.each(COMMANDS)('the help of $name fits 80 columns and every terminal', (command) => {
  const lines = commandHelp(command);
  expect(lines.filter((line) => line.length > 80 || line !== line.trimEnd())).toEqual([]);
  expect(lines.join('\n')).toMatch(/^[\x20-\x7e\n]*$/);
});

it('the help of run has every option that run knows, and no other', () => {
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

it('hookbus --version prints it, and loads nothing else', () => {
  expect(hookbus(['--version'])).toEqual({
    stdout: `hookbus ${VERSION}\n`,
    stderr: '',
    exitCode: 0,
  });
});

describe('docs/cli.md', () => {
  const page = readFileSync('docs/cli.md', 'utf8');

  it('has the help of every command as it is (make docs)', () => {
    for (const lines of [overview(COMMANDS), ...COMMANDS.map(commandHelp)]) {
      expect(page).toContain(`\`\`\`text\n${lines.join('\n')}\n\`\`\`\n`);
    }
  });

  it('has every error code of the source, and no other', () => {
    const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .map((path) => readFileSync(join('src', path), 'utf8'));
    const codes = (text: string, pattern: RegExp): string[] =>
      [...new Set([...text.matchAll(pattern)].map((match) => match[1] ?? ''))].sort();
    expect(codes(page, /^\| `(E_\w+)` \|/gm)).toEqual(codes(sources.join('\n'), /'(E_[A-Z_]+)'/g));
  });
});
