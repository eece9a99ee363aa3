import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { withOwnHome } from '../config/home/state-home.ts';
import { readSettings, wantsColour } from '../config/settings.ts';
import { COMMANDS } from './commands/index.ts';
import { jsonText } from './output/json.ts';
import { createPage, type Page } from './output/page.ts';
import type { Command, Context, Given, Surroundings } from './words/command.ts';
import { describeFailure } from './words/failure.ts';
import { commandHelp, overview } from './words/help.ts';
import { meantCommand } from './words/meanings.ts';
import { guessed } from './words/nearest.ts';
import { parseWords, readGiven } from './words/parse.ts';
import { quote, usageError } from './words/values.ts';

/** What to print, and the exit code. */
export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: 0 | 1;
  /** On a terminal, a pager shows it if it is longer than the screen. */
  readonly isPaged?: boolean;
}

/** Performs one command line. */
export async function perform(
  words: readonly string[],
  surroundings: Surroundings,
): Promise<Outcome> {
  const { env } = surroundings;
  const settings = withOwnHome(readSettings(env), env);
  let command: Command | undefined;
  try {
    // People also type `hookbus help logs`.
    const line = words[0] === 'help' ? [...words.slice(1), '--help'] : words;
    const parsed = parseWords(line, COMMANDS);
    command = parsed.command;
    if (command === undefined && parsed.rest.length > 0) {
      const meant = meantCommand(parsed.rest[0] ?? '', parsed.rest.length > 1, COMMANDS);
      command = meant?.command;
      throw unknownCommand(parsed.rest[0] ?? '', meant?.line);
    }
    if (parsed.asksForHelp || words.length === 0) {
      return succeeded(
        command === undefined
          ? overview(COMMANDS, docsBeside(surroundings.script))
          : commandHelp(command),
      );
    }
    if (command === undefined) throw usageError('no command given');
    return await performCommand(command, readGiven(command, parsed), { ...surroundings, settings });
  } catch (error) {
    // The words after -- belong to another command.
    const dashes = words.indexOf('--');
    const isJson = (dashes < 0 ? words : words.slice(0, dashes)).includes('--json');
    const stderr = describeFailure(error, {
      command: command?.name,
      isJson,
      showsStack: settings.debug,
    });
    return { stdout: '', stderr, exitCode: 1 };
  }
}

async function performCommand(command: Command, given: Given, context: Context): Promise<Outcome> {
  const page = (): Page => currentPage(context);
  const answer = await command.perform(given, context);
  if ('live' in answer) {
    const { liveOutput } = await import('./terminal/live-output.ts');
    const { output, close } = liveOutput(page, context);
    try {
      await answer.live(output);
    } finally {
      close();
    }
    return { stdout: '', stderr: '', exitCode: 0 };
  }
  const isJson = given.isOn('json');
  const lines = isJson ? [jsonText(answer.json, 2)] : answer.lines(page());
  const isPaged = command.isPaged === true && !isJson && !given.isOn('no-pager');
  return { ...succeeded(lines), exitCode: answer.exitCode ?? 0, isPaged };
}

/** The documentation of this installation, if it is there. */
function docsBeside(script: string): string | undefined {
  const docs = join(dirname(dirname(script)), 'docs');
  return existsSync(docs) ? docs : undefined;
}

function succeeded(lines: readonly string[]): Outcome {
  return { stdout: lines.map((line) => `${line}\n`).join(''), stderr: '', exitCode: 0 };
}

function currentPage({ env, now, screen }: Surroundings): Page {
  const size = screen();
  return createPage(size?.columns, wantsColour(size !== undefined, env), now(), size?.rows);
}

function unknownCommand(word: string, meant: string | undefined): Error {
  const guess = meant === undefined ? '' : guessed(meant);
  return usageError(`unknown command ${quote(word)}${guess}`);
}
