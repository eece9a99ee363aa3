import { readSettings, wantsColour } from '../config/settings.ts';
import type { Answer, Command } from './command.ts';
import { COMMANDS } from './commands/index.ts';
import { describeFailure } from './failure.ts';
import { commandHelp, overview } from './help.ts';
import { didYouMean } from './nearest.ts';
import { createPage } from './output/page.ts';
import { visible } from './output/text.ts';
import { parseWords, readGiven } from './parse.ts';
import { quote, usageError } from './values.ts';

/** What is to be printed, and how the process is to end. */
export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: 0 | 1;
}

/** Performs one command line. */
export async function perform(words: readonly string[]): Promise<Outcome> {
  const settings = readSettings();
  let command: Command | undefined;
  try {
    // `hookbus help logs` is what people try first.
    const asked = words[0] === 'help' ? [...words.slice(1), '--help'] : words;
    const parsed = await parseWords(asked, COMMANDS);
    command = parsed.command;
    if (command === undefined && parsed.rest.length > 0) throw unknownCommand(parsed.rest[0] ?? '');
    if (parsed.asksForHelp || words.length === 0) {
      return succeeded(command === undefined ? overview(COMMANDS) : commandHelp(command));
    }
    if (command === undefined) throw usageError('expected a command, got only options');
    const given = readGiven(command, parsed);
    const answer = await command.perform(given, { settings, now: Date.now });
    const lines = given.isOn('json') ? jsonLines(answer) : textLines(answer);
    return { ...succeeded(lines), exitCode: answer.exitCode ?? 0 };
  } catch (error) {
    const isJson = words.includes('--json');
    const stderr = describeFailure(error, {
      command: command?.name,
      isJson,
      showsStack: settings.debug,
    });
    return { stdout: '', stderr, exitCode: 1 };
  }
}

function succeeded(lines: readonly string[]): Outcome {
  return { stdout: `${lines.join('\n')}\n`, stderr: '', exitCode: 0 };
}

function textLines(answer: Answer): readonly string[] {
  const { columns } = process.stdout;
  const isTerminal = process.stdout.isTTY === true;
  return answer.lines(
    createPage(isTerminal ? columns : undefined, wantsColour(isTerminal), Date.now()),
  );
}

/** JSON spells out the control characters of old; others could steer a terminal just as well. */
function jsonLines({ json }: Answer): readonly string[] {
  const text = JSON.stringify(json, null, 2);
  return [
    text.replace(/[^\n\x20-\x7e]/gu, (character) =>
      visible(character) === character ? character : escaped(character),
    ),
  ];
}

function escaped(character: string): string {
  const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}

function unknownCommand(word: string): Error {
  const names = COMMANDS.map(({ name }) => name);
  return usageError(`unknown command ${quote(word)}${didYouMean(word, names)}`);
}
