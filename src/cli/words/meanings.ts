import { nearest } from '../../domain/text/nearest.ts';
import type { Command } from './command.ts';
import { parseLength, parseMoment } from './time.ts';

/** What people type who know other tools, and the line that does it here; the first whose command exists counts. */
const LINES: readonly (readonly [words: string, line: string])[] = [
  ['watch tail follow live stream', 'logs --follow'],
  ['ls list history log recent last executions runs', 'logs'],
  ['errors failures failed', 'logs --failed'],
  ['denied refused refusals blocked', 'logs --decision deny'],
  ['ui web gui open browse browser page serve', 'dashboard'],
  ['stats stat perf performance top slow latency timing', 'metrics'],
  ['projects', 'metrics --by project'],
  ['tools', 'metrics --by tool'],
  ['cost costs summary', 'report'],
  ['fix check health healthcheck diagnose verify debug', 'doctor'],
  ['info state ping ps', 'status'],
  ['remove rm delete unwrap', 'uninstall'],
  ['init setup add', 'install'],
  ['start activate', 'enable'],
  ['start activate enable', 'install --enable'],
  ['stop deactivate', 'disable'],
  ['pause mute skip', 'off'],
  ['resume unmute unpause', 'on'],
  ['inspect view cat get details', 'show'],
  ['timeline tree spans', 'trace'],
  ['rerun retry again', 'replay'],
  ['why', 'explain'],
  ['settings set', 'config'],
  ['prune purge gc clear clean', 'cleanup'],
  ['prometheus', 'export prometheus'],
  ['version', '--version'],
];

const OPTIONS: readonly (readonly [words: string, option: string])[] = [
  ['tail watch live', 'follow'],
  ['count max lines last number head', 'limit'],
  ['from after', 'since'],
  ['to before', 'until'],
  ['errors error failures', 'failed'],
  ['dir directory cwd', 'project'],
  ['name', 'hook'],
  ['type', 'event'],
  ['group', 'by'],
  ['force y', 'yes'],
];

function meant(table: typeof LINES, word: string, has: (line: string) => boolean) {
  const typed = word.toLowerCase();
  return table.find(([words, line]) => words.split(' ').includes(typed) && has(line))?.[1];
}

/** The command line that somebody who typed an unknown command probably wants, by meaning or else by spelling. */
export function meantCommand(
  word: string,
  hasMore: boolean,
  commands: readonly Command[],
): { readonly line: string; readonly command: Command | undefined } | undefined {
  const named = (line: string) => commands.find(({ name }) => name === line.split(' ')[0]);
  const names = commands.map(({ name }) => name);
  const isKnown = (line: string): boolean => line.startsWith('--') || named(line) !== undefined;
  const line = meant(LINES, word, isKnown) ?? nearest(word, names);
  if (line === undefined) return undefined;
  const command = named(line);
  const needed =
    line === command?.name && !hasMore ? /^[A-Z]+/.exec(command.usage)?.[0] : undefined;
  return { line: [line, needed ?? []].flat().join(' '), command };
}

/** The same for an unknown option. */
export function meantOption(name: string, known: readonly string[]): string | undefined {
  return meant(OPTIONS, name, (option) => known.includes(option)) ?? nearest(name, known);
}

/** The option that an argument too many was probably meant for, with it. */
export function meantForOption(word: string, { options }: Command): string | undefined {
  const isTime = parseLength(word) !== undefined || parseMoment(word, 0) !== undefined;
  if ('limit' in options && /^-?[1-9]\d*$/.test(word)) return `--limit ${word.replace('-', '')}`;
  if ('since' in options && isTime) return `--since ${word}`;
  return 'hook' in options && /^[a-z_][\w./:@]*$/i.test(word) ? `--hook ${word}` : undefined;
}
