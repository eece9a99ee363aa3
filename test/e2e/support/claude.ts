import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { withCertificates } from '../../support/plain-node.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');

/** Brings up the loopback device, the only device in a new network namespace, and continues as `"$@"`. */
const WITH_LOOPBACK = `python3 -c '
import fcntl, socket, struct
UP_AND_RUNNING, SIOCSIFFLAGS = 0x49, 0x8914
fcntl.ioctl(socket.socket(), SIOCSIFFLAGS, struct.pack("16sh", b"lo", UP_AND_RUNNING))
' && exec "$@"`;

/** The words before a command that limit it to loopback; or why this machine does not support that. */
export function findIsolation(): { words: readonly string[] } | { problem: string } {
  let problem = '';
  // An unprivileged user may be root in a user namespace.
  for (const flags of ['-n', '-rn']) {
    const words = ['unshare', flags, 'sh', '-c', WITH_LOOPBACK, 'sh'];
    const { status, stderr, error } = spawnSync('unshare', [...words.slice(1), 'true'], {
      encoding: 'utf8',
    });
    if (status === 0) return { words };
    problem ||= error?.message ?? stderr.trim();
  }
  return { problem: `no network namespace here: ${problem}` };
}

export function findClient(
  name: 'claude' | 'cline' | 'codex' | 'copilot' | 'gemini' | 'node22' | 'qwen' | 'valkey',
): { client: string } | { problem: string } {
  const { status, stdout, stderr } = spawnSync(join(ROOT, 'scripts/fetch-client.sh'), [name], {
    encoding: 'utf8',
    env: { ...process.env, ...withCertificates() },
  });
  return status === 0 ? { client: stdout.trim() } : { problem: stderr.trim() };
}

/** A tool that the model calls. */
export interface ToolCall {
  readonly name: string;
  readonly input: Readonly<Record<string, unknown>>;
}

interface Block {
  readonly type: string;
  readonly text?: string;
  readonly tool_use_id?: string;
  readonly content?: unknown;
  readonly is_error?: boolean;
}

/** One request of the main conversation. */
interface Request {
  /** How many answers came before it. */
  readonly turn: number;
  readonly atMs: number;
  readonly messages: readonly {
    readonly role: string;
    readonly content: string | readonly Block[];
  }[];
}

export interface Session {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly requests: readonly Request[];
}

/** What a session needs of this machine, or why it is missing: the real client, and a network that ends at loopback. */
export function findClaude(): { client: string; isolation: readonly string[] } | string {
  if (process.platform !== 'linux') return 'network namespaces are Linux';
  const isolation = findIsolation();
  if ('problem' in isolation) return isolation.problem;
  const found = findClient('claude');
  return 'problem' in found ? found.problem : { client: found.client, isolation: isolation.words };
}

/** A home in which the client asks the user nothing before it starts in that project. */
export function makeClientHome(home: string, project: string): void {
  mkdirSync(join(home, '.claude'), { recursive: true });
  const trusted = { hasTrustDialogAccepted: true, hasCompletedProjectOnboarding: true };
  const settings = { hasCompletedOnboarding: true, projects: { [project]: trusted } };
  writeFileSync(join(home, '.claude.json'), JSON.stringify(settings));
}

/** Has the client answer one prompt, where the model takes these turns. It reaches loopback and nothing else, and ends with `signal`. */
export async function converse(
  { client, isolation }: Exclude<ReturnType<typeof findClaude>, string>,
  place: {
    home: string;
    project: string;
    env: Readonly<Record<string, string>>;
    /** More arguments of the client. */
    args?: readonly string[];
  },
  prompt: string,
  turns: readonly (string | readonly ToolCall[])[],
  signal: AbortSignal,
): Promise<Session> {
  const script = join(place.home, 'script.json');
  const args = ['-p', prompt, '--output-format', 'json', '--allowedTools', 'Bash,Write,Agent'];
  writeFileSync(
    script,
    JSON.stringify({
      client,
      args: [...args, '--debug-file', join(place.home, 'debug.log'), ...(place.args ?? [])],
      cwd: place.project,
      env: {
        TMPDIR: place.home,
        CLAUDE_CODE_TMPDIR: place.home,
        ...place.env,
        HOME: place.home,
        ANTHROPIC_API_KEY: 'none',
        ANTHROPIC_BASE_URL: 'http://127.0.0.1:PORT',
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      },
      turns,
    }),
  );
  const [command = '', ...words] = isolation;
  const stub = join(import.meta.dirname, 'messages-api.js');
  const child = spawn(command, [...words, execPath, stub, script], {
    stdio: ['ignore', 'pipe', 'inherit'],
    signal,
  });
  const chunks: Buffer[] = [];
  for await (const chunk of child.stdout) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString('utf8')) as Session;
}
