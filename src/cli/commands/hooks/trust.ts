import { resolve } from 'node:path';
import { statePaths } from '../../../config/home/paths.ts';
import { visible } from '../../output/text.ts';
import { askAtTerminal } from '../../terminal/confirm.ts';
import type { Answer, Command, Context, Given } from '../../words/command.ts';
import { usageError } from '../../words/values.ts';

export const trustCommand: Command = {
  name: 'trust',
  summary: 'Let a state directory count that hookbus did not make',
  isAside: true,
  usage: 'DIR [options]',
  about: [
    'What is in a state directory can keep hooks from running, and says what the daemon runs. So one that is not the default counts only where hookbus made it, or found it empty, outside of git work trees. This lets one count that was moved, restored from a backup, or made by version 0.1.0; and one that is in a work tree.',
    'What is in it that acts is shown first: closed gates, and commands, webhooks and exporters of config.json. A directory of another user, one that others can write, and a link are refused.',
  ],
  argument: { name: 'DIR', describe: 'the directory, as HOOKBUS_HOME names it' },
  options: { yes: { describe: 'do not ask' } },
  exitCodes: [
    ['0', 'it counts from now on, or did before'],
    ['1', 'it cannot be trusted, or nobody said yes'],
  ],
  examples: [['hookbus trust ~/hookbus', 'one that was restored from a backup']],
  perform,
};

async function perform(given: Given, { now }: Context): Promise<Answer> {
  if (given.argument === undefined) throw usageError('expected a directory, got none');
  const home = resolve(given.argument);
  const { findUnfitness, homeError, isTrusted, trustHome } = await import(
    '../../../config/home/state-home.ts'
  );
  const unfit = findUnfitness(home);
  if (unfit !== undefined) throw homeError(unfit);
  const { actingContent } = await import('../../../app/install/acting-content.ts');
  const acts = actingContent(statePaths(home), now());
  const was = isTrusted(home);
  const isAgreed = was || given.isOn('yes') || (await isConfirmed(home, acts));
  if (isAgreed && !was) trustHome(home);
  const lines = [
    ...(acts.length === 0 ? ['Nothing in it acts by itself.'] : ['What acts in it:']),
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
  if (was) return `${home} counts already.`;
  if (isAgreed) return `${home} counts from now on.`;
  return `Nothing was changed. To trust it: hookbus trust --yes ${home}`;
}

/** Nobody at a terminal is no yes. */
function isConfirmed(home: string, acts: readonly string[]): Promise<boolean> {
  const listed = acts.map((line) => `  ${visible(line)}\n`).join('');
  const what =
    acts.length === 0 ? 'Nothing in it acts by itself.\n' : `What acts in it:\n${listed}`;
  return askAtTerminal(`${what}Let ${visible(home)} count? [y/N] `, false);
}
