import { editToml, type TomlEdit } from '../../../agents/formats/toml-edit.ts';
import type { HookSite } from '../../../agents/settings/find-hooks.ts';
import { type HookPlan, hookKey } from '../../../agents/settings/hook-plan.ts';
import { digestOf, settingsError } from '../settings-file.ts';
import type { Spellings } from './toml-settings.ts';

/** The TOML text with the planned commands, and the spellings to remember. @throws HookbusError `E_SETTINGS_FILE` */
export function editTomlFile(
  path: string,
  text: string,
  hooks: readonly { readonly site: HookSite; readonly plan: HookPlan }[],
  known: Spellings,
): { readonly text: string; readonly spellings: Spellings } {
  const seen = new Map<string, number>();
  const changes = hooks.flatMap(({ site, plan }) => {
    const name = `${site.event} ${hookKey(site, plan.command)}`;
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    if (plan.edits.length === 0 || plan.becomes === undefined) return [];
    const key = digestOf(`${name} ${count}`);
    const spelling = plan.action === 'unwrapped' ? known[key] : undefined;
    const edit: TomlEdit = { path: pathOf(site), value: plan.becomes, spelling };
    return [{ edit, key, isWrapped: plan.program !== undefined }];
  });
  if (changes.length === 0) return { text, spellings: known };
  const edited = editToml(
    text,
    changes.map(({ edit }) => edit),
  );
  if (edited === undefined) {
    throw settingsError(
      `${path} is written in a way in which HookBus cannot change commands alone`,
      'Move its hooks to hooks.json in the same directory; nothing was changed.',
    );
  }
  const bare = changes.filter(({ isWrapped }) => !isWrapped);
  const spelled = bare.map(({ edit, key }) => [key, edited.spellings.get(edit) ?? ''] as const);
  return { text: edited.text, spellings: { ...known, ...Object.fromEntries(spelled) } };
}

/** Event, entry, `hooks`, place and field of a hook. */
function pathOf({ event, handler, field }: HookSite): (string | number)[] {
  const list = handler.parent;
  const place = list?.children?.indexOf(handler) ?? 0;
  const entry = list?.parent?.parent;
  const isNested = entry?.parent?.type === 'array';
  const at = isNested ? [entry.parent?.children?.indexOf(entry) ?? 0, 'hooks', place] : [place];
  return [event, ...at, field];
}
