import { EVENT_NAMES } from '../../domain/events.ts';
import { nearest } from '../../domain/text/nearest.ts';
import { listHookNames } from '../../store/breakers.ts';
import type { Database } from '../../store/database.ts';
import { findSessions } from '../../store/queries/costs.ts';
import { lastLogId } from '../../store/queries/last-log-id.ts';
import { projectsOnRecord, recentEvents, recentTools } from '../../store/queries/recent.ts';
import type { Filter } from './filters.ts';
import { didYouMean, guessed } from './nearest.ts';
import { quote } from './values.ts';

/** The answer of a list while the database is empty. */
export const NOTHING_RECORDED =
  'No execution is recorded yet. `hookbus status` shows whether recording is on.';

/** Says of each name in a filter that is not on record that it is not, with the nearest one that is. */
export function unmatchedNames(db: Database, filter: Partial<Filter>): string[] {
  if (lastLogId(db) === 0) return [NOTHING_RECORDED];
  return [
    ...unmatched('hook', filter.hookNames, () => listHookNames(db), isSame),
    ...unmatched('event', filter.eventTypes, () => [...recentEvents(db), ...EVENT_NAMES], isAlike),
    ...unmatched('tool', filter.tools, () => recentTools(db), isAlike),
    ...unmatchedSessions(db, filter.sessions ?? []),
    ...unmatchedProject(db, filter.projects ?? []),
  ];
}

const isSame = (typed: string, known: string): boolean => typed === known;
const isAlike = (typed: string, known: string): boolean =>
  typed.toLowerCase() === known.toLowerCase();

function unmatched(
  what: string,
  typed: readonly string[] = [],
  onRecord: () => readonly string[],
  isMatch: (typed: string, known: string) => boolean,
): string[] {
  if (typed.length === 0) return [];
  const known = onRecord();
  return typed
    .filter((name) => !known.some((other) => isMatch(name, other)))
    .map((name) => `No ${what} ${quote(name)} is recorded${didYouMean(name, known) || '.'}`);
}

function unmatchedSessions(db: Database, typed: readonly string[]): string[] {
  return typed
    .filter((beginning) => findSessions(db, beginning, 1).length === 0)
    .map(
      (beginning) => `No session starts with ${quote(beginning)}; \`hookbus sessions\` lists them.`,
    );
}

/** @param typed every form in which the projects that the user named may be recorded */
function unmatchedProject(db: Database, typed: readonly string[]): string[] {
  const known = projectsOnRecord(db);
  const [first] = typed;
  if (first === undefined || typed.some((project) => known.includes(project))) return [];
  const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
  const guess =
    known.find((project) => baseName(project) === baseName(first)) ?? nearest(first, known);
  const end = guess === undefined ? '.' : guessed(guess);
  return [`No execution in ${quote(first)} is recorded${end}`];
}
