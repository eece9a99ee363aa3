import { existsSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Places } from '../../agents/settings/agent-settings.ts';
import type { Environment } from '../../config/settings.ts';
import { type Fields, fieldsOf, isFields } from '../../domain/answer/fields.ts';
import { askProgram } from '../../os/ask-program.ts';
import { clientEnvironment, inScratch, NOBODY } from './client-surroundings.ts';
import type { Source } from './configured-hook.ts';

/** A hook as Claude Code lists it. */
export interface ListedHook {
  readonly event: string;
  readonly matcher: string | undefined;
  readonly source: Source;
  /** The plugin, without its marketplace. */
  readonly owner: string | undefined;
  readonly type: string;
  /** The line, the program with its arguments, or what another type of hook has in their place. */
  readonly text: string;
  readonly condition: string | undefined;
  readonly limitMs: number | undefined;
  readonly isAsync: boolean;
}

/** What Claude Code says about the hooks that it would run. */
export interface Listing {
  readonly hooks: readonly ListedHook[];
  /** The events that this version has. */
  readonly events: ReadonlySet<string>;
  readonly policy: Readonly<Record<'disabledByPolicy' | 'managedOnly' | 'pluginOnly', boolean>>;
  /** How many hooks an administrator has, also those that are not listed. */
  readonly managedHooks: number;
  /** Files that it ignores, and why. */
  readonly errors: readonly { readonly path: string; readonly reason: string }[];
}

const REQUEST = {
  type: 'control_request',
  request_id: 'hookbus',
  request: { subtype: 'get_hooks_listing' },
};

/** Settings of a project may set variables too; these come after them. */
const VARIABLES = {
  ANTHROPIC_API_KEY: 'none',
  ANTHROPIC_BASE_URL: NOBODY,
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
  CLAUDE_CODE_ENABLE_TELEMETRY: '0',
  CLAUDE_CODE_SHELL_PREFIX: '',
  CLAUDE_CODE_SIMPLE: '1',
  HTTP_PROXY: NOBODY,
  HTTPS_PROXY: NOBODY,
};

/**
 * Each of these keeps something from running that settings of a project name: `--bare` hooks, key helpers and language
 * servers, the switch hooks once more, `--strict-mcp-config` servers of MCP.
 */
const WORDS = [
  ...['-p', '--bare', '--strict-mcp-config', '--no-session-persistence', '--verbose'],
  ...['--input-format', 'stream-json', '--output-format', 'stream-json'],
  ...['--settings', JSON.stringify({ disableAllHooks: true, env: VARIABLES })],
];

const LIMIT_MS = 5000;
const MAX_BYTES = 16_000_000;

/** Asks the client. It gets a configuration directory of its own, so that it writes nothing into the user's. */
export async function askClaude(
  client: string,
  directory: string,
  { home, agentHome }: Places,
  env: Environment,
): Promise<Listing | { readonly reason: string }> {
  const own = agentHome.claude ?? join(home ?? '/', '.claude');
  return await inScratch(async (scratch) => {
    for (const name of existsSync(own) ? readdirSync(own) : []) {
      if (READ.has(name)) symlinkSync(join(own, name), join(scratch, name));
    }
    const asked = await askProgram({
      program: client,
      args: WORDS,
      input: `${JSON.stringify(REQUEST)}\n`,
      env: {
        ...clientEnvironment(env),
        ...VARIABLES,
        CLAUDE_CONFIG_DIR: scratch,
        CLAUDE_CODE_TMPDIR: scratch,
      },
      cwd: directory,
      limitMs: LIMIT_MS,
      maxBytes: MAX_BYTES,
      read: responseIn,
    });
    if ('reason' in asked) return asked;
    return toListing(asked.answer, (path) => path.replace(scratch, own)) ?? NOT_UNDERSTOOD;
  });
}

/** What of the user's directory the client reads to list hooks. */
const READ = new Set(['settings.json', 'plugins', 'skills', 'agents', 'commands']);

const NOT_UNDERSTOOD = { reason: 'gave an answer that HookBus does not understand' };

const listOf = (value: unknown): Fields[] => (Array.isArray(value) ? value.filter(isFields) : []);
const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

function responseIn(line: string): unknown {
  try {
    const message = fieldsOf(JSON.parse(line));
    return message['type'] === 'control_response' ? fieldsOf(message['response']) : undefined;
  } catch {
    // A line for people.
    return undefined;
  }
}

function toListing(answer: unknown, toOwn: (path: string) => string): Listing | undefined {
  const response = fieldsOf(fieldsOf(answer)['response']);
  if (!Array.isArray(response['hooks'])) return undefined;
  const policy = fieldsOf(response['policy']);
  return {
    hooks: listOf(response['hooks']).map(toHook),
    events: new Set(listOf(response['eventCatalog']).flatMap(({ name }) => textOf(name) ?? [])),
    policy: {
      disabledByPolicy: policy['disabledByPolicy'] === true,
      managedOnly: policy['managedOnly'] === true,
      pluginOnly: policy['pluginOnly'] === true,
    },
    managedHooks: Number(policy['policyHookCount'] ?? 0) || 0,
    errors: listOf(response['errors']).flatMap(({ file, path, message }) => {
      if (textOf(file) === undefined) return [];
      // The rest of the sentence is the same for all.
      const [what = ''] = String(message ?? '').split(' — ');
      const where = textOf(path);
      const reason = where === undefined ? what : `${where}: ${what}`;
      return [{ path: toOwn(String(file)), reason }];
    }),
  };
}

const SOURCES: Readonly<Record<string, Source>> = {
  userSettings: 'user',
  projectSettings: 'project',
  localSettings: 'local',
  pluginHook: 'plugin',
};

function toHook(hook: Fields): ListedHook {
  const { event, matcher, source, pluginName, type, commandText, condition, timeout } = hook;
  return {
    event: String(event ?? ''),
    matcher: textOf(matcher),
    source: SOURCES[String(source)] ?? 'managed',
    owner: textOf(pluginName)?.replace(/@[^@]*$/, ''),
    type: textOf(type) ?? 'command',
    text: String(commandText ?? ''),
    condition: textOf(condition),
    limitMs: typeof timeout === 'number' ? timeout * 1000 : undefined,
    isAsync: hook['runsInBackground'] === true,
  };
}
