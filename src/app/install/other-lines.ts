import { hookKey, isForSh, type WrapRules } from '../../agents/settings/hook-plan.ts';
import type { FoundFile } from './find-settings.ts';
import { namesOf } from './hook-names.ts';
import { type InspectedFile, type InspectedHook, tryInspect } from './inspect-settings.ts';
import type { InstallRequest } from './install.ts';

/** What other files of the agent contain that matters for the lines of a wrapped file. */
export type OtherLines = Pick<WrapRules, 'ownLines' | 'bareElsewhere' | 'disabledLines' | 'names'>;

/** Agents run identical text in several files once, so a line must have the same text everywhere. */
export function otherLinesOf(request: InstallRequest): OtherLines {
  const { work, agent, files, otherFiles } = request;
  const disabledLines = disabledLinesOf(request);
  // One that cannot be used is refused when it is planned; one that HookBus made may be gone by now.
  const inspect = (file: FoundFile) => {
    const inspected = tryInspect(file.path, agent);
    return inspected === undefined ? [] : { file, inspected };
  };
  const named = files.flatMap(inspect);
  const other = otherFiles.flatMap(inspect);
  const names = namesOf(
    [...named, ...other].flatMap(({ inspected }) => inspected.hooks),
    { ...request, agent: agent.agent },
  );
  if (work === 'uninstall') {
    return { ownLines: new Set(), bareElsewhere: new Map(), disabledLines, names };
  }
  const isOwn = ({ scope }: FoundFile): boolean => scope !== 'project';
  const linesOf = ({ hooks }: InspectedFile): readonly InspectedHook[] =>
    hooks.filter(
      ({ site }) => site.kind !== 'other' && !agent.unguardedFields.includes(site.field),
    );
  const wanted = named.flatMap(({ file, inspected }) => (isOwn(file) ? linesOf(inspected) : []));
  const others = other.flatMap(({ file, inspected }) =>
    linesOf(inspected).map((hook) => ({ file, hook })),
  );
  const wrapped = others.filter(({ file, hook }) => isOwn(file) && hook.prefix === 'install');
  // PowerShell may run lines of a shared file, which therefore stay as they are; on Windows all of them do.
  const isOnWindows = request.windows !== undefined;
  const leftForWindows = named.flatMap(({ file, inspected }) =>
    isOwn(file) || !(isOnWindows || isForWindows(inspected))
      ? []
      : linesOf(inspected).flatMap((hook) =>
          isForSh(hook.site) && !isOnWindows ? [] : { file, hook },
        ),
  );
  const bare = [...others.filter(({ hook }) => hook.prefix === 'none'), ...leftForWindows];
  const own = [...wanted, ...wrapped.map(({ hook }) => hook)];
  return {
    ownLines: new Set(own.map(keyOf)),
    bareElsewhere: new Map(bare.map(({ file, hook }) => [keyOf(hook), file.path])),
    disabledLines,
    names,
  };
}

const keyOf = ({ site, command }: InspectedHook): string => hookKey(site, command);

/** A list in one file can disable hooks of every file. */
function disabledLinesOf({ agent, files, otherFiles }: InstallRequest): ReadonlySet<string> {
  if (agent.disabledIn === undefined) return new Set();
  const all = [...files, ...otherFiles];
  return new Set(all.flatMap(({ path }) => [...(tryInspect(path, agent)?.disabledLines ?? [])]));
}

/** Signs that a settings file is also used on Windows. */
const POWERSHELL = /"(?:powershell|commandWindows)"\s*:|"shell"\s*:\s*"powershell"/;
const POWERSHELL_LINE = /\b(?:powershell|pwsh)\b|\.ps1\b|\$env:/i;

export const isForWindows = ({
  text,
  hooks,
}: {
  readonly text: string;
  readonly hooks: readonly Pick<InspectedHook, 'site'>[];
}): boolean =>
  POWERSHELL.test(text) ||
  hooks.some(({ site }) => POWERSHELL_LINE.test(String(site.command?.value ?? '')));
