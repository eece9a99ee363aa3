import type { Node } from 'jsonc-parser';
import { defaultHookName } from '../../domain/hook/hook-name.ts';
import {
  findProgramScript,
  isAbsoluteProgram,
  programScript,
  SHARED,
} from '../../domain/hook/wrapping.ts';
import type { HookSite } from './find-hooks.ts';
import {
  change,
  cut,
  endOf,
  eventOption,
  type HookPlan,
  type KnownHook,
  keep,
  keepUnchosen,
  leave,
  programFor,
  reasonToLeave,
  replace,
  siteFacts,
  type WrapRules,
} from './hook-plan.ts';
import { sourceOf } from './read-settings-text.ts';

/** Where a person's command begins in a program's words; what starts HookBus before it, and the name it gives. */
function findProgram(
  words: readonly string[],
): { at: number; program: readonly string[]; name?: string | undefined } | undefined {
  const [first, option, script = '', name] = words;
  if (first === '/bin/sh' && option === '-c' && name === SHARED && words.length > 4) {
    const found = findProgramScript(script);
    if (found !== undefined) return { at: 4, ...found };
  }
  // The form of version 0.1.0.
  const length = [1, 2].find(
    (count) =>
      isAbsoluteProgram(words.slice(0, count)) &&
      words[count] === 'run' &&
      words[count + 1] === '--' &&
      words.length > count + 2,
  );
  return length === undefined ? undefined : { at: length + 2, program: words.slice(0, length) };
}

export function knownProgram(text: string, site: HookSite, command: Node): KnownHook {
  const args = site.args?.children ?? [];
  const words = [command, ...args].map(({ value }) => String(value));
  const found = findProgram(words);
  const own = words.slice(found?.at ?? 0);
  const ownNode = found === undefined ? undefined : args[found.at - 1];
  const removal =
    ownNode === undefined || args[0] === undefined || found === undefined
      ? []
      : [
          replace(command, sourceOf(text, ownNode)),
          cut(args[0].offset, args[found.at]?.offset ?? endOf(ownNode)),
        ];
  const isByHand =
    found === undefined &&
    /(?:^|\/)hookbus(?:\.js)?$/.test(words[0] ?? '') &&
    words.includes('run');
  const usualName = defaultHookName(own);
  return {
    site,
    text,
    command,
    base: {
      ...siteFacts(site),
      written: words.join(' '),
      program: found?.program,
      isGuarded: found === undefined ? !isByHand : words[0] === '/bin/sh',
      name: found?.name ?? usualName,
      command: own.join(' '),
    },
    usualName,
    isOurs: found !== undefined,
    isByHand,
    removal,
  };
}

/** A shell looks for HookBus and then becomes it, or the program itself. */
export function wrapProgram(known: KnownHook, rules: WrapRules): HookPlan {
  const { base, site, command, text } = known;
  if (known.isByHand) return keep(known, 'by_hand');
  if (!rules.isChosen(base.name ?? '')) return keepUnchosen(known);
  if (site.args === undefined) return keep(known, 'left', 'it has no args; give it "args": []');
  const reason = reasonToLeave(known, rules);
  if (reason !== undefined) return leave(known, reason);
  const name = base.name === known.usualName ? undefined : base.name;
  const event = eventOption(site, rules.agent);
  const prefix = ['-c', programScript(programFor(known, rules), name, event), SHARED];
  const becomes = ['/bin/sh', ...prefix, base.command].join(' ');
  if (becomes === base.written) return keep(known, 'unchanged');
  const [first] = site.args.children ?? [];
  const words = prefix.map((word) => JSON.stringify(word)).join(', ');
  const [ownCommand, removed] = known.removal;
  const own = ownCommand?.content ?? sourceOf(text, command);
  const next =
    removed === undefined
      ? first
      : site.args.children?.find(({ offset }) => offset === removed.offset + removed.length);
  const edit = {
    offset: removed?.offset ?? first?.offset ?? site.args.offset + 1,
    length: removed?.length ?? 0,
    content: `${words}, ${own}${next === undefined ? '' : ', '}`,
  };
  return change(known, 'wrapped', becomes, [replace(command, '"/bin/sh"'), edit]);
}
