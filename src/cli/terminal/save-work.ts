import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { saveCase } from '../../app/cases/save-case.ts';
import { findPayloads } from '../../app/reading/find-execution.ts';
import { HookbusError, reasonOf } from '../../domain/errors.ts';
import { formatThings } from '../../format.ts';
import type { LogRow } from '../../store/columns.ts';
import { shownPath } from '../output/cases/shown-path.ts';
import type { Page } from '../output/page.ts';
import { hanging, visible } from '../output/text.ts';
import type { Answer, Context } from '../words/command.ts';
import { chosenRows, type ReplayChoice } from './replay-work.ts';
import { withStore } from './with-store.ts';
import { writeNewFile } from './write-file.ts';

interface Saved {
  readonly row: LogRow;
  readonly path: string;
  readonly decision: string;
}

/** The same call, saved before. */
interface SameCase {
  readonly row: LogRow;
  readonly sameAs: string;
}

interface NotSaved {
  readonly row: LogRow;
  readonly reason: string;
}

/** Writes a case for each chosen execution; runs nothing, and replaces no file. */
export async function saveCases(
  choice: ReplayChoice,
  directory: string,
  context: Context,
): Promise<Answer> {
  const base = context.cwd();
  const target = resolve(base, directory);
  const { saved, same, refused } = await withStore(context, (store) => {
    if (store === undefined) throw new HookbusError('E_NOT_FOUND', 'no execution is recorded yet');
    const rows = chosenRows(store, choice, context.cwd);
    const taken = namesIn(target);
    const done = rows.map((row): Saved | SameCase | NotSaved => {
      const made = saveCase(
        row,
        store.use((db) => findPayloads(db, row.id)),
      );
      if ('refused' in made) return { row, reason: made.refused };
      const sameAs = fileWith(made.text, target, made.fileName, taken);
      if (sameAs !== undefined) return { row, sameAs };
      const path = writeNewFile(join(target, freeName(made.fileName, taken)), made.text, false);
      return { row, path, decision: made.decision };
    });
    return {
      saved: done.filter((one): one is Saved => 'path' in one),
      same: done.filter((one): one is SameCase => 'sameAs' in one),
      refused: done.filter((one): one is NotSaved => 'reason' in one),
    };
  });
  return {
    json: {
      saved: saved.map(({ row, path, decision }) => ({ ...idsOf(row), path, decision })),
      same: same.map(({ row, sameAs }) => ({ ...idsOf(row), path: sameAs })),
      refused: refused.map(({ row, reason }) => ({ ...idsOf(row), reason })),
    },
    lines: (page) => savedLines({ saved, same, refused }, base, page),
    exitCode:
      saved.length + same.length === 0 || (choice.by === 'id' && refused.length > 0) ? 1 : 0,
  };
}

const idsOf = ({ id, execution_id, hook_name, event_type }: LogRow) => ({
  ...{ id, execution_id, hook_name, event_type },
});

function namesIn(directory: string): Set<string> {
  try {
    mkdirSync(directory, { recursive: true });
    return new Set(readdirSync(directory));
  } catch (error) {
    const reason = visible(reasonOf(error));
    throw new HookbusError('E_FILE', `${visible(directory)} cannot be made or read: ${reason}`);
  }
}

/** The file that has this case already, if one of its names is taken. */
function fileWith(
  text: string,
  directory: string,
  name: string,
  taken: ReadonlySet<string>,
): string | undefined {
  for (let number = 1; ; number += 1) {
    const file = number === 1 ? `${name}.json` : `${name}-${number}.json`;
    if (!taken.has(file)) return undefined;
    const path = join(directory, file);
    try {
      if (readFileSync(path, 'utf8') === text) return path;
    } catch {
      // What cannot be read is another case.
    }
  }
}

const ids = (all: readonly { readonly row: LogRow }[]): string =>
  all.map(({ row }) => row.id).join(', ');

/** A name that no file has yet. */
function freeName(name: string, taken: Set<string>): string {
  let free = `${name}.json`;
  for (let number = 2; taken.has(free); number += 1) free = `${name}-${number}.json`;
  taken.add(free);
  return free;
}

function savedLines(
  {
    saved,
    same,
    refused,
  }: {
    readonly saved: readonly Saved[];
    readonly same: readonly SameCase[];
    readonly refused: readonly NotSaved[];
  },
  base: string,
  page: Page,
): string[] {
  return [
    ...saved.map(({ row, path, decision }) =>
      visible(`${shownPath(base, path)}  (execution ${row.id}, expects ${decision})`),
    ),
    ...refused.flatMap(({ row, reason }) =>
      hanging(`Not saved: execution ${row.id}: `, visible(reason), page, 'warn'),
    ),
    ...(same.length === 0
      ? []
      : hanging(
          '',
          `${formatThings(same.length, 'execution')} of calls that have a case already: ${ids(same)}`,
          page,
        )),
    `${formatThings(saved.length, 'case')} saved. Read before you commit: redaction knows many secrets, but not all.`,
  ];
}
