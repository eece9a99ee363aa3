import { type SpawnSyncOptions, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { onTestFinished } from 'vitest';
import { makeStateHome } from '../../../src/config/home/state-home.ts';
import { splitFrames } from '../../../src/protocol/frame.ts';
import { decodeRecord } from '../../../src/protocol/record.ts';
import { recordsIn } from '../../support/spooled.ts';

/** The launcher under test: `HOOKBUS_LAUNCHER_BIN`, or bin/hookbus, which `make build` makes. */
export const LAUNCHER = resolve(process.env['HOOKBUS_LAUNCHER_BIN'] ?? 'bin/hookbus');

/** True if the launcher exists, otherwise the reason to skip. */
export const hasLauncher: true | string =
  existsSync(LAUNCHER) || `${LAUNCHER} is missing; run make build`;

/** The title, with the reason if its tests are skipped. */
export const titleOf = (title: string, condition: true | string): string =>
  condition === true ? title : `${title} (skipped: ${condition})`;

export interface Place {
  readonly directory: string;
  readonly home: string;
  readonly spool: string;
  readonly path: (name: string) => string;
  readonly env: (more?: Readonly<Record<string, string>>) => Record<string, string>;
}

/** A directory for one test, with a state directory in it. */
export function openPlace(homeName = 'state'): Place {
  const directory = mkdtempSync(join(tmpdir(), 'hookbus-launcher-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const home = join(directory, homeName);
  makeStateHome(home, { HOME: directory });
  return {
    directory,
    home,
    spool: join(home, 'spool'),
    path: (name) => join(directory, name),
    env: (more = {}) => ({
      PATH: process.env['PATH'] ?? '',
      HOME: directory,
      HOOKBUS_ENABLED: '1',
      HOOKBUS_HOME: home,
      HOOKBUS_DAEMON: 'off',
      ...more,
    }),
  };
}

/** Makes the state directory like the launcher. */
export const makeHome = ({ home, directory }: Place): void =>
  makeStateHome(home, { HOME: directory });

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly flags?: readonly string[];
  /** A descriptor to use instead of `input`. */
  readonly stdin?: number;
  readonly input?: string | Buffer;
  readonly env?: Readonly<Record<string, string>>;
  readonly program?: string;
}

/** Runs a hook under the launcher until it has ended. */
export function run(place: Place, hook: readonly string[], options: RunOptions = {}): Ended {
  const { flags = ['--name', 'probe'], input = '', stdin, env, program = LAUNCHER } = options;
  return end(program, ['run', ...flags, '--', ...hook], {
    ...(stdin === undefined ? { input } : { stdio: [stdin, 'pipe', 'pipe'] }),
    env: place.env(env),
    cwd: place.directory,
  });
}

export function end(program: string, words: readonly string[], options: SpawnSyncOptions): Ended {
  const { status, signal, stdout, stderr } = spawnSync(program, words, {
    maxBuffer: 1 << 28,
    timeout: 120_000,
    ...options,
  });
  return { code: status, signal, stdout: `${stdout}`, stderr: `${stderr}` };
}

/** The records in the spool; a name ends with `.rec` if the record is complete, otherwise with `.part`. */
export function spooled(place: Place): { readonly name: string; readonly bytes: Buffer }[] {
  return recordsIn(place.spool);
}

/** The only record, which must be complete. */
export function onlyRecord(place: Place) {
  const [record, ...others] = spooled(place);
  if (record === undefined || others.length > 0 || !record.name.endsWith('.rec')) {
    throw new Error(
      `expected one complete record, got ${[record, ...others].map((one) => one?.name)}`,
    );
  }
  return { ...record, ...decodeRecord(record.bytes), frames: splitFrames(record.bytes).frames };
}

/** The path of a gate file, in a folder that exists. */
export const gatePath = (place: Place, name: string): string => {
  makeHome(place);
  mkdirSync(join(place.home, 'gates'), { recursive: true });
  return join(place.home, 'gates', name);
};
