import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { makePipe } from './pipes.ts';
import { Tap } from './tap.ts';
import { DEADLINE_MS, within } from './until.ts';

/** The kind of a standard stream: a socket (as Claude Code and Node give it), a pipe, /dev/null, or an open descriptor. */
type Kind = 'socket' | 'pipe' | 'null' | number;

/**
 * The state in which a process is started, beyond what Node can set; see programs/conditions.py. If this is given, even
 * empty, each signal has its default action and none is blocked, except as listed.
 */
export interface Conditions {
  readonly ignore?: readonly NodeJS.Signals[];
  readonly block?: readonly NodeJS.Signals[];
  /** Soft and hard limit; null keeps it. */
  readonly limits?: Readonly<Record<string, readonly [number | null, number | null]>>;
  readonly umask?: number;
  readonly nice?: number;
  readonly close?: readonly number[];
  readonly deletedDirectory?: string;
  /** Bytes in hex. */
  readonly rawArguments?: readonly string[];
  readonly rawEnvironment?: Readonly<Record<string, string>>;
}

export interface StartOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly stdin?: Kind;
  readonly stdout?: Kind;
  readonly stderr?: Kind;
  /** Descriptors that become 3, 4, … */
  readonly more?: readonly number[];
  readonly conditions?: Conditions;
  /** Whether it leads a separate session and group, as under Claude Code. Default true. */
  readonly leads?: boolean;
  readonly uid?: number;
  /**
   * Written and ended in the same turn as the start, and into a pipe even before it, so that the contents of a pipe are
   * there when the process looks. A socket exists only with the process, which may look before the test writes.
   */
  readonly input?: string | Buffer;
  /** Written like `input`, but not ended; only without `input`. */
  readonly opening?: string;
}

/** How a process ended, as its parent sees it. */
interface WaitStatus {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Outcome extends WaitStatus {
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

/** A running process and its results so far. */
export interface Running {
  readonly pid: number;
  readonly leads: boolean;
  readonly stdin: Writable;
  readonly stdout: Tap;
  readonly stderr: Tap;
  /** The code of an error on its stdin, such as EPIPE. */
  readonly stdinError: () => string | undefined;
  readonly hasExited: () => boolean;
  /** Waits for its end; its output may continue. */
  readonly exit: (deadlineMs?: number) => Promise<WaitStatus>;
  /** Waits for its end and for the end of its output. */
  readonly finish: (deadlineMs?: number) => Promise<Outcome>;
  readonly kill: (signal: NodeJS.Signals) => void;
  readonly killGroup: (signal: NodeJS.Signals) => void;
}

const program = (name: string): string =>
  fileURLToPath(new URL(`programs/${name}`, import.meta.url));

/** Python without site packages, which starts in half the time. */
export const python = (name: string, ...args: string[]): string[] => [
  'python3',
  '-IS',
  program(name),
  ...args,
];

export async function start(command: readonly string[], options: StartOptions): Promise<Running> {
  const words = options.conditions
    ? python('conditions.py', JSON.stringify(options.conditions), ...command)
    : [...command];
  const [file = '', ...args] = words;
  const input = await openStream(options.stdin, 'read');
  const output = await openStream(options.stdout, 'write');
  const errors = await openStream(options.stderr, 'write');
  if (options.stdin === 'pipe') feed(input.ours as Writable | undefined, options);
  const leads = options.leads ?? true;
  const child = spawn(file, args, {
    cwd: options.cwd,
    env: { ...options.env },
    detached: leads,
    stdio: [input.theirs, output.theirs, errors.theirs, ...(options.more ?? [])],
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
  });
  for (const { close } of [input, output, errors]) close();
  const running = watch(child, leads, {
    stdin: (input.ours ?? child.stdin ?? undefined) as Writable | undefined,
    stdout: output.ours ?? child.stdout ?? undefined,
    stderr: errors.ours ?? child.stderr ?? undefined,
  });
  if (options.stdin !== 'pipe') feed(child.stdin ?? undefined, options);
  return running;
}

function feed(stream: Writable | undefined, { input, opening }: StartOptions): void {
  if (input !== undefined) stream?.end(input);
  else if (opening !== undefined) stream?.write(opening);
}

/** A standard stream of a process: what the process gets, the test's end of it, and what to do after the start. */
async function openStream(kind: Kind = 'socket', theyDo: 'read' | 'write') {
  const nothing = { ours: undefined, close: () => undefined };
  if (typeof kind === 'number') return { theirs: kind, ...nothing };
  if (kind === 'null') return { theirs: 'ignore' as const, ...nothing };
  if (kind === 'socket') return { theirs: 'pipe' as const, ...nothing };
  const pipe = await makePipe();
  const [theirs, mine] = theyDo === 'read' ? [pipe.read, pipe.write] : [pipe.write, pipe.read];
  const ours = new Socket({ fd: mine, readable: theyDo === 'write', writable: theyDo === 'read' });
  return { theirs, ours, close: () => closeSync(theirs) };
}

interface Streams {
  readonly stdin: Writable | undefined;
  readonly stdout: Readable | undefined;
  readonly stderr: Readable | undefined;
}

function watch(child: ChildProcess, leads: boolean, streams: Streams): Running {
  const { pid } = child;
  if (pid === undefined) {
    child.once('error', () => undefined);
    // 0 would mean others: a whole group, or every process without a known session.
    throw new Error(`expected ${child.spawnfile} to start`);
  }
  let stdinError: string | undefined;
  streams.stdin?.on('error', (error: NodeJS.ErrnoException) => {
    stdinError ??= error.code;
  });
  const stdout = new Tap(streams.stdout);
  const stderr = new Tap(streams.stderr);
  let hasExited = false;
  const exited = new Promise<WaitStatus>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      hasExited = true;
      resolve({ code, signal });
    });
  });
  // Whoever awaits it gets the error; nobody else should.
  exited.catch(() => undefined);

  const exit = (deadlineMs = DEADLINE_MS) => within(`process ${pid} to end`, exited, deadlineMs);
  return {
    pid,
    leads,
    get stdin() {
      if (streams.stdin === undefined)
        throw new Error('this process was started without a stdin of the test');
      return streams.stdin;
    },
    stdout,
    stderr,
    stdinError: () => stdinError,
    hasExited: () => hasExited,
    exit,
    async finish(deadlineMs) {
      const status = await exit(deadlineMs);
      await Promise.all([stdout.end(deadlineMs), stderr.end(deadlineMs)]);
      return { ...status, stdout: stdout.bytes, stderr: stderr.bytes };
    },
    kill: (signal) => void process.kill(pid, signal),
    killGroup: (signal) => void process.kill(-pid, signal),
  };
}

/** A result in a short form to compare and print: long or binary output as its digest. */
export function brief(outcome: Outcome) {
  return {
    code: outcome.code,
    signal: outcome.signal,
    stdout: briefly(outcome.stdout),
    stderr: briefly(outcome.stderr),
  };
}

const PRINTABLE_BYTES = 4096;

export function briefly(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  if (bytes.length <= PRINTABLE_BYTES && Buffer.from(text).equals(bytes)) return text;
  return `${bytes.length} bytes of SHA-256 ${createHash('sha256').update(bytes).digest('hex')}`;
}
