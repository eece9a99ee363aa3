import { resolve } from 'node:path';
import { statePaths } from '../../../config/home/paths.ts';
import { visible } from '../../output/text.ts';
import { askYesOrNo } from '../../terminal/confirm.ts';
import type { Answer, Command, Context, Given } from '../../words/command.ts';
import { usageError } from '../../words/values.ts';

export const trustCommand: Command = {
  name: 'trust',
  summary: 'Trust a state directory that hookbus did not create',
  isHidden: true,
  usage: 'DIR [options]',
  about: [
    'The files in a state directory can keep hooks from running, and tell the daemon what to run. So hookbus uses a directory other than the default only if it created it, or found it empty, outside of git work trees. This command trusts a directory that was moved, restored from a backup, created by version 0.1.0, or lies in a work tree.',
    'It first lists what is active in the directory: hooks that are off, and the commands, webhooks and exporters of config.json. It refuses a link, a directory of another user, and a directory that others can write.',
  ],
  argument: { name: 'DIR', describe: 'the directory, as in HOOKBUS_HOME' },
  options: { yes: { describe: 'do not ask' } },
  exitCodes: [
    ['0', 'the directory is trusted'],
    ['1', 'the directory cannot be trusted, or you did not confirm'],
  ],
  examples: [['hookbus trust ~/hookbus', 'trust a directory that you restored from a backup']],
  perform,
};

async function perform(given: Given, context: Context): Promise<Answer> {
  const { env, now } = context;
  if (given.argument === undefined) throw usageError('missing argument DIR');
  const home = resolve(context.cwd(), given.argument);
  const { findUnfitness, homeError, isTrusted, trustHome } = await import(
    '../../../config/home/state-home.ts'
  );
  const unfit = findUnfitness(home);
  if (unfit !== undefined) throw homeError(unfit);
  const { actingContent } = await import('../../../app/install/acting-content.ts');
  const acts = actingContent(statePaths(home), now());
  const was = isTrusted(home, env);
  const isAgreed = was || given.isOn('yes') || (await isConfirmed(home, acts, context));
  if (isAgreed && !was) trustHome(home, env);
  const lines = [
    ...(acts.length === 0 ? ['Nothing in it is active.'] : ['Active in it:']),
    ...acts.map((line) => `  ${visible(line)}`),
    outcome(visible(home), was, isAgreed),
  ];
  return {
    json: { directory: home, trusted: isAgreed, was_trusted: was, acts },
    lines: () => lines,
    exitCode: isAgreed ? 0 : 1,
  };
}

function outcome(home: string, was: boolean, isAgreed: boolean): string {
  if (was) return `${home} is already trusted.`;
  if (isAgreed) return `${home} is now trusted.`;
  return `Nothing was changed. To trust it: hookbus trust --yes ${home}`;
}

/** Without a terminal the answer is no. */
function isConfirmed(home: string, acts: readonly string[], context: Context): Promise<boolean> {
  const listed = acts.map((line) => `  ${visible(line)}\n`).join('');
  const what = acts.length === 0 ? 'Nothing in it is active.\n' : `Active in it:\n${listed}`;
  return askYesOrNo(context, `${what}Trust ${visible(home)}? [y/N] `, false);
}
