import { hookKey } from '../../agents/settings/hook-plan.ts';
import type { InspectedHook } from '../../app/install/inspect-settings.ts';
import { tryInspect } from '../../app/install/inspect-settings.ts';
import type { FileReport, InstallRequest } from '../../app/install/install.ts';
import { isInForce } from '../../gates/gate-file.ts';
import { listGateFiles } from '../../gates/gate-writer.ts';
import { isProtected } from '../../gates/policy.ts';
import { visible } from '../output/text.ts';
import { didYouMean } from '../words/nearest.ts';
import { quote, usageError } from '../words/values.ts';

/** A name that needs no quotes anywhere, and that looks like no option. */
const NAME = /^[\p{L}\p{N}_][\p{L}\p{N}._+@-]{0,79}$/u;

type Renaming = Pick<InstallRequest, 'agent' | 'files' | 'otherFiles' | 'paths' | 'now'>;

/**
 * Reads `--name OLD=NEW`.
 * @param planned the hooks of all files, with the names that they have or would get
 * @throws HookbusError `E_USAGE`
 */
export function readRenames(
  texts: readonly string[],
  request: Renaming,
  planned: readonly FileReport[],
): ReadonlyMap<string, string> {
  const hooks = planned.flatMap((file) => file.hooks);
  const known = [...new Set(hooks.flatMap(({ name }) => name ?? []))];
  const renames = new Map<string, string>();
  for (const text of texts) {
    const [old, name] = split(text, known);
    const commands = new Set(hooks.filter((hook) => hook.name === old).map((hook) => hook.command));
    if (commands.size > 1) {
      throw usageError(
        `--name: ${commands.size} hooks are named ${quote(old)}. To give each a name of its own: hookbus uninstall --only ${old}, then hookbus install`,
      );
    }
    const isByHand = hooks.some((hook) => hook.name === old && hook.action === 'by_hand');
    if (isByHand) {
      throw usageError(`--name: you put hookbus before ${quote(old)} by hand; change --name there`);
    }
    requireFree(name, old, [...known, ...renames.values()]);
    if (isProtected(old) && !isProtected(name)) {
      throw usageError(
        `--name: root protects ${quote(old)} by its name, and would not protect ${quote(name)}`,
      );
    }
    requireOn(name, request);
    renames.set(old, name);
  }
  requireSameElsewhere(request, renames);
  return renames;
}

/** A gate of the new name would keep the hook from running, and nobody switched this hook off. */
function requireOn(name: string, { paths, now }: Renaming): void {
  const gates = listGateFiles(paths.gates).filter(({ hookName }) => hookName === name);
  if (!gates.some((gate) => isInForce(gate, now()))) return;
  throw usageError(
    `--name: ${quote(name)} is switched off; to switch it on first: hookbus on ${name}`,
  );
}

/** Either name may have an equals sign, so the old one decides. */
function split(text: string, known: readonly string[]): readonly [string, string] {
  const places = [...text.matchAll(/=/g)].map(({ index }) => index);
  const [first] = places;
  if (first === undefined) throw usageError(`--name must be OLD=NEW, got ${quote(text)}`);
  const at = places.find((place) => known.includes(text.slice(0, place)));
  if (at !== undefined) return [text.slice(0, at), text.slice(at + 1)];
  const old = text.slice(0, first);
  const guess = didYouMean(old, known);
  const all = known.length === 0 ? 'no hook has a name' : `the names are ${shown(known)}`;
  throw usageError(
    `--name: there is no hook named ${quote(old)}${guess === '' ? `; ${all}` : guess}`,
  );
}

const MAX_SHOWN = 8;

const shown = (names: readonly string[]): string =>
  visible(names.slice(0, MAX_SHOWN).join(', ')) +
  (names.length > MAX_SHOWN ? ` and ${names.length - MAX_SHOWN} more` : '');

function requireFree(name: string, old: string, names: readonly string[]): void {
  if (!NAME.test(name)) {
    throw usageError(
      `--name: a name has 1 to 80 letters, digits, or characters of . _ - + @, and begins with a letter or a digit; got ${quote(name)}`,
    );
  }
  const same = names.find((other) => other !== old && other.toLowerCase() === name.toLowerCase());
  if (same !== undefined) throw usageError(`--name: another hook is named ${quote(same)}`);
}

/** A hook of two files must have one name in both, or the agent runs it twice. */
function requireSameElsewhere(
  { agent, files, otherFiles }: Renaming,
  renames: ReadonlyMap<string, string>,
): void {
  const renamed = new Set(files.flatMap(({ path }) => hooksOf(path).filter(isRenamed).map(keyOf)));
  for (const { path, scope } of otherFiles) {
    const same = hooksOf(path).find((hook) => hook.prefix !== 'none' && renamed.has(keyOf(hook)));
    if (same === undefined) continue;
    throw usageError(
      `--name: ${quote(same.name ?? '')} stands in ${path} too, and with two names it would run twice; add --scope ${scope}`,
    );
  }

  function hooksOf(path: string): readonly InspectedHook[] {
    return tryInspect(path, agent)?.hooks ?? [];
  }
  function isRenamed({ name }: InspectedHook): boolean {
    return renames.has(name ?? '');
  }
}

const keyOf = ({ site, command }: InspectedHook): string => hookKey(site, command);
