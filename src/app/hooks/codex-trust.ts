import { existsSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'smol-toml';
import type { Places } from '../../agents/settings/agent-settings.ts';
import type { Environment } from '../../config/settings.ts';
import { type Fields, fieldsOf } from '../../domain/answer/fields.ts';
import { reasonOf } from '../../domain/errors.ts';
import { askProgram } from '../../os/ask-program.ts';
import { readBounded } from '../../os/read-bounded.ts';
import { clientEnvironment, inScratch, NOBODY } from './client-surroundings.ts';
import type { FoundHook } from './configured-hooks.ts';
import type { Off } from './switches.ts';

/** What Codex says about each hook, by file and place: `trusted`, `untrusted`, `modified`, … */
type States = ReadonlyMap<string, string>;

const LIMIT_MS = 5000;
const MAX_BYTES = 4_000_000;

const NOT_TRUSTED = 'Codex does not trust this project: start codex here, then type /hooks';

const HOW = 'type /hooks in Codex to trust it';

/** A hook that Codex does not list is in a project that it does not trust, or of a kind that it does not have. */
export function trustedByCodex(hooks: readonly FoundHook[], states: States): FoundHook[] {
  return hooks.map((hook): FoundHook => {
    const state = states.get(keyOf(hook));
    if (hook.off !== undefined || state === 'trusted' || state === 'managed') return hook;
    if (hook.source === 'managed') return hook;
    const off: Off = {
      why: state === undefined ? 'voided' : state === 'disabled' ? 'disabled' : 'untrusted',
      reason: reasonFor(state),
      path: undefined,
      line: undefined,
    };
    return { ...hook, off };
  });
}

function reasonFor(state: string | undefined): string {
  if (state === undefined) return 'Codex does not list it: it may not trust this project';
  if (state === 'disabled') return 'disabled in Codex: type /hooks to enable it';
  return state === 'modified'
    ? `it has changed since you trusted it: ${HOW}`
    : `it waits for your trust: ${HOW}`;
}

const keyOf = ({ path, place }: FoundHook): string => `${path}:${place}`;

/** The same by what Codex keeps in its own settings. A hook that changed since looks like one that did not. */
export function trustedByFiles(hooks: readonly FoundHook[], places: Places): FoundHook[] {
  if (hooks.length === 0) return [];
  const config = readConfig(ownDirectory(places));
  const kept = fieldsOf(fieldsOf(config['hooks'])['state']);
  const project = fieldsOf(fieldsOf(config['projects'])[places.projectRoot]);
  const states = new Map(
    hooks.map((hook) => {
      const state = fieldsOf(kept[keyOf(hook)]);
      const isKnown = typeof state['trusted_hash'] === 'string';
      const word = state['enabled'] === false ? 'disabled' : isKnown ? 'trusted' : 'untrusted';
      return [keyOf(hook), word] as const;
    }),
  );
  const isTrusted = project['trust_level'] === 'trusted';
  return trustedByCodex(hooks, states).map((hook): FoundHook => {
    const { off, source } = hook;
    const isProjects = source === 'project' && !isTrusted;
    return isProjects && off?.why === 'untrusted'
      ? { ...hook, off: { ...off, reason: NOT_TRUSTED } }
      : hook;
  });
}

/** Asks Codex, in a directory with a copy of what it needs: it opens a dozen files there when it starts. */
export async function askCodex(
  client: string,
  places: Places,
  env: Environment,
): Promise<{ readonly states: States } | { readonly reason: string }> {
  const own = ownDirectory(places);
  return await inScratch(async (scratch) => {
    const hooks = join(own, 'hooks.json');
    if (existsSync(hooks)) symlinkSync(hooks, join(scratch, 'hooks.json'));
    // The rest may have keys in it. Each trusted hook is named by the path of its file.
    const { hooks: kept = {}, projects = {}, features = {} } = readConfig(own);
    const text = stringify({ hooks: kept, projects, features }).replaceAll(
      `${own}/`,
      `${scratch}/`,
    );
    writeFileSync(join(scratch, 'config.toml'), text, { mode: 0o600 });
    const asked = await askProgram({
      program: client,
      args: ['app-server'],
      input: requests(places.projectRoot),
      env: {
        ...clientEnvironment(env),
        CODEX_HOME: scratch,
        HTTP_PROXY: NOBODY,
        HTTPS_PROXY: NOBODY,
        ALL_PROXY: NOBODY,
      },
      cwd: '/',
      limitMs: LIMIT_MS,
      maxBytes: MAX_BYTES,
      read: answerIn,
    });
    if ('reason' in asked) return asked;
    return (
      statesOf(asked.answer, (path) => path.replace(`${scratch}/`, `${own}/`)) ?? NOT_UNDERSTOOD
    );
  });
}

const NOT_UNDERSTOOD = { reason: 'gave an answer that HookBus does not understand' };
const LIST_ID = 2;

function requests(directory: string): string {
  const clientInfo = { name: 'hookbus', title: 'HookBus', version: '1' };
  return [
    { id: 1, method: 'initialize', params: { clientInfo } },
    { method: 'initialized' },
    { id: LIST_ID, method: 'hooks/list', params: { cwds: [directory] } },
  ]
    .map((request) => `${JSON.stringify(request)}\n`)
    .join('');
}

function answerIn(line: string): unknown {
  try {
    const message = fieldsOf(JSON.parse(line));
    return message['id'] === LIST_ID ? message : undefined;
  } catch {
    // A line for people.
    return undefined;
  }
}

function statesOf(
  answer: unknown,
  toOwn: (path: string) => string,
): { readonly states: States } | undefined {
  const data = fieldsOf(fieldsOf(answer)['result'])['data'];
  if (!Array.isArray(data)) return undefined;
  const hooks = data.flatMap((one) => fieldsOf(one)['hooks']).map(fieldsOf);
  const states = hooks.map(({ key, enabled, trustStatus }) => {
    const state = enabled === false ? 'disabled' : String(trustStatus ?? '');
    return [toOwn(String(key ?? '')), state] as const;
  });
  return { states: new Map(states) };
}

/** Why the list of trusted hooks cannot be read, and what to do; undefined: it can, or there is none. */
export function trustProblem(places: Places): string | undefined {
  const path = join(ownDirectory(places), 'config.toml');
  try {
    if (existsSync(path)) parse(readBounded(path, MAX_BYTES));
    return undefined;
  } catch (error) {
    const reason = reasonOf(error).split('\n')[0] ?? '';
    return `${path} cannot be read: ${reason}, so HookBus cannot tell which hooks Codex trusts. Correct that file.`;
  }
}

const ownDirectory = ({ home, agentHome }: Places): string =>
  agentHome.codex ?? join(home ?? '/', '.codex');

function readConfig(directory: string): Fields {
  try {
    return parse(readText(join(directory, 'config.toml')));
  } catch {
    // Codex cannot read it either, and says so.
    return {};
  }
}

function readText(path: string): string {
  try {
    return readBounded(path, MAX_BYTES);
  } catch {
    return '';
  }
}
