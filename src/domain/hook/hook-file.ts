import { shellWord } from './shell-word.ts';
import { guard, NAME, PROGRAM, SHARED, unquoted, wordsOf } from './wrapping.ts';

/** A program that stands where a hook file was: it starts the hook beside it, under HookBus if that can run. */
export interface HookFileForm {
  readonly program: readonly string[];
  /** The hook's name in records. */
  readonly name: string;
  /** The file of the hook itself, in the same directory. */
  readonly moved: string;
}

/**
 * `$0` has no directory where a person types `sh FILE`. A hook that is gone, as where only one of two files was committed,
 * would refuse nothing, and Cline would not say so: this program then refuses, and says why.
 */
export const hookFileText = ({ program, name, moved }: HookFileForm): string => `#!/bin/sh
# Written by hookbus install: the hook is ${moved}, beside this file; edit that, and keep both. hookbus uninstall --agent cline puts it back.
case $0 in */*) ;; *) exec /bin/sh "./$0" ;; esac
[ -f "\${0%/*}/${moved}" ] && [ -x "\${0%/*}/${moved}" ] || { echo '{"cancel": true, "errorMessage": "HookBus: the hook ${moved} is missing or not executable. Put it back, or remove the program that stands for it."}'; exit; }
${guard(program, ` --name ${shellWord(name)}`)}exec "$@" "\${0%/*}/${moved}"
`;

const FORM = RegExp(`^set -- ${PROGRAM} run ${NAME} --;`, 'm');
const SEARCHED = RegExp(` && set -- "" "\\$2" run ${NAME} -- `);
const MOVED = /^# Written by hookbus install: the hook is (hookbus-[A-Za-z.1]+), /m;

/** What the result of `hookFileText` was made of; undefined for any other text. */
export function findHookFile(text: string): HookFileForm | undefined {
  const { program = SHARED, name } = (SEARCHED.exec(text) ?? FORM.exec(text))?.groups ?? {};
  const moved = MOVED.exec(text)?.[1];
  if (name === undefined || moved === undefined) return undefined;
  const form = { program: wordsOf(program), name: unquoted(name), moved };
  return hookFileText(form) === text ? form : undefined;
}
