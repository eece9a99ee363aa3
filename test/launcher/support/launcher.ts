import { type SpawnSyncOptions, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { onTestFinished } from 'vitest';
import { makeStateHome } from '../../../src/config/home/state-home.ts';
import { splitFrames } from '../../../src/protocol/frame.ts';
import { decodeRecord } from '../../../src/protocol/record.ts';
import { recordsIn } from '../../support/spooled.ts';

/** The program under test: `HOOKBUS_LAUNCHER_BIN`, else what `make build` puts into bin/. */
export const LAUNCHER = resolve(process.env['HOOKBUS_LAUNCHER_BIN'] ?? 'bin/hookbus');

/** Whether there is one, or the reason to skip with. */
export const hasLauncher: true | string =
  existsSync(LAUNCHER) || `there is no ${LAUNCHER}: make build`;

/** A title that says why its tests are skipped. */
export const titleOf = (title: string, condition: true | string): string =>
  condition === true ? title : `${title} (skipped: ${condition})`;

export interface Place {
  readonly directory: string;
  readonly home: string;
  readonly spool: string;
  readonly path: (name: string) => string;
  readonly env: (more?: Readonly<Record<string, string>>) => Record<string, string>;
}

/** A directory of this test alone, with a state directory in it that is made already. */
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

/** Makes the state directory, as the launcher would. */
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
  /** A descriptor in place of `input`. */
  readonly stdin?: number;
  readonly input?: string | Buffer;
  readonly env?: Readonly<Record<string, string>>;
  readonly program?: string;
}

/** Runs a hook under the launcher, to its end. */
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
    timeout: 20_000,
    ...options,
  });
  return { code: status, signal, stdout: `${stdout}`, stderr: `${stderr}` };
}

/** What is in the spool: the bytes of each record, and whether it is whole (`rec`) or not (`part`). */
export function spooled(place: Place): { readonly name: string; readonly bytes: Buffer }[] {
  return recordsIn(place.spool);
}

/** The only record, which must be whole. */
export function onlyRecord(place: Place) {
  const [record, ...others] = spooled(place);
  if (record === undefined || others.length > 0 || !record.name.endsWith('.rec')) {
    throw new Error(
      `expected one whole record, got ${[record, ...others].map((one) => one?.name)}`,
    );
  }
  return { ...record, ...decodeRecord(record.bytes), frames: splitFrames(record.bytes).frames };
}

/** Makes a gate file, as the bus does. */
export const gatePath = (place: Place, name: string): string => {
  makeHome(place);
  mkdirSync(join(place.home, 'gates'), { recursive: true });
  return join(place.home, 'gates', name);
};
