import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { openUpToDate } from '../../../src/app/store/up-to-date.ts';
import { statePaths } from '../../../src/config/home/paths.ts';
import { makeStateHome } from '../../../src/config/home/state-home.ts';
import type { LogRow } from '../../../src/store/columns.ts';
import type { Engine } from './engine.ts';
import { endProcess, sessionMembers } from './processes.ts';
import { readRows } from './rows.ts';
import { brief, type Outcome, type Running, type StartOptions, start } from './running.ts';

export interface RunOptions extends Partial<StartOptions> {
  /** Added to the usual environment; undefined removes a variable. */
  readonly set?: Readonly<Record<string, string | undefined>>;
  /** Words between `run` and `--`. */
  readonly flags?: readonly string[];
  /** Replaces the engine's own command. */
  readonly program?: readonly string[];
}

export interface InputOptions extends RunOptions {
  readonly deadlineMs?: number;
}

/** What one test works with: a directory, a state directory that the engine makes, an engine, and an end for all it starts. */
export interface Stage {
  readonly engine: Engine;
  readonly directory: string;
  readonly home: string;
  /** Makes the state directory like an engine. */
  readonly makeHome: () => void;
  readonly path: (name: string) => string;
  readonly environment: (set?: RunOptions['set']) => Record<string, string>;
  /** Starts a command without the engine. */
  readonly startBare: (command: readonly string[], options?: RunOptions) => Promise<Running>;
  /** Starts a command under the engine. */
  readonly startWrapped: (command: readonly string[], options?: RunOptions) => Promise<Running>;
  /** Sends all its input, and waits for its end and the end of its output. */
  readonly bare: (command: readonly string[], options?: InputOptions) => Promise<Outcome>;
  readonly wrapped: (command: readonly string[], options?: InputOptions) => Promise<Outcome>;
  /** Runs both ways, and expects equal results. Returns the result of the wrapped run. */
  readonly same: (command: readonly string[], options?: InputOptions) => Promise<Outcome>;
  /** Runs another `hookbus` command. */
  readonly hookbus: (...words: string[]) => Promise<Outcome>;
  /** All recorded executions; ingests first if the engine leaves that to others. */
  readonly rows: () => Promise<LogRow[]>;
  readonly onlyRow: () => Promise<LogRow>;
  /** Ingests what waits in the spool. */
  readonly drain: () => Promise<void>;
  /** A process that leaves its session; it is ended with the test. */
  readonly adopt: (pid: number) => void;
  readonly close: () => void;
}

/** What holds for all tests of a topic. */
export interface Usual extends Pick<RunOptions, 'stdin'> {
  /** The first run has to make the state directory. It costs a start of Node, so few topics try it. */
  readonly withoutHome?: boolean;
}

const FLAGS = ['--name', 'probe', '--event', 'PreToolUse'];

export function openStage(engine: Engine, { withoutHome = false, ...usual }: Usual = {}): Stage {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'hookbus-')));
  const home = join(directory, 'state');
  const work = join(directory, 'work');
  const person = join(directory, 'person');
  for (const path of [work, person]) mkdirSync(path);
  const makeHome = (): void => makeStateHome(home, { HOME: person });
  if (!withoutHome || engine.capabilities.makesHome !== true) makeHome();
  const running: Running[] = [];
  const adopted: number[] = [];

  const environment: Stage['environment'] = (set = {}) => {
    const usual: Record<string, string | undefined> = {
      PATH: process.env['PATH'],
      HOME: person,
      LANG: 'C.UTF-8',
      ...engine.env,
      HOOKBUS_ENABLED: '1',
      HOOKBUS_HOME: home,
      HOOKBUS_DAEMON: 'off',
      ...set,
    };
    const entries = Object.entries(usual).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    );
    return Object.fromEntries(entries);
  };
  const launch: Stage['startBare'] = async (
    command,
    { set, flags: _, program: __, ...options } = {},
  ) => {
    const settings = { cwd: work, env: environment(set), ...usual, ...options };
    const child = await start(command, settings);
    running.push(child);
    return child;
  };
  const startWrapped: Stage['startWrapped'] = (command, options = {}) => {
    const program = options.program ?? engine.command;
    return launch([...program, 'run', ...(options.flags ?? FLAGS), '--', ...command], options);
  };
  /** Sends all input at once, none by default; a descriptor as stdin has its own. */
  const withInput = ({ deadlineMs: _, ...options }: InputOptions): RunOptions =>
    options.stdin === 'null' || typeof options.stdin === 'number'
      ? options
      : { input: '', ...options };
  const bare: Stage['bare'] = async (command, options = {}) =>
    (await launch(command, withInput(options))).finish(options.deadlineMs);
  const wrapped: Stage['wrapped'] = async (command, options = {}) =>
    (await startWrapped(command, withInput(options))).finish(options.deadlineMs);
  const hookbus: Stage['hookbus'] = (...words) => bare([...engine.command, ...words]);
  const drain = async (): Promise<void> => {
    expect(brief(await hookbus('logs', '--json'))).toMatchObject({ code: 0, stderr: '' });
  };
  const rows = async (): Promise<LogRow[]> => {
    // As each command does at its start. A new Node for each look would take longer than the rest of a test.
    if (engine.capabilities.recordsIn === 'spool') {
      openUpToDate(statePaths(home), Date.now)?.close();
    }
    return readRows(home);
  };

  return {
    engine,
    directory: work,
    home,
    makeHome,
    path: (name) => join(work, name),
    environment,
    startBare: launch,
    startWrapped,
    bare,
    wrapped,
    async same(command, options) {
      const expected = await bare(command, options);
      const actual = await wrapped(command, options);
      expect(brief(actual)).toEqual(brief(expected));
      return actual;
    },
    hookbus,
    rows,
    async onlyRow() {
      const found = await rows();
      expect(found).toHaveLength(1);
      return found[0] as LogRow;
    },
    drain,
    adopt: (pid) => void adopted.push(pid),
    close() {
      for (const child of running) {
        const left = child.leads ? sessionMembers(child.pid) : [];
        if (!child.hasExited()) left.push(child.pid);
        for (const pid of left) endProcess(pid);
        child.stdout.close();
        child.stderr.close();
      }
      for (const pid of adopted) endProcess(pid);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
