import { findExecution, parseReference } from '../../app/reading/find-execution.ts';
import { isHere } from '../../app/replay/replay-places.ts';
import {
  prepareReplay,
  type RefusedReplay,
  type Replayed,
  type ReplayReport,
  withoutOutputs,
} from '../../app/replay/replayable.ts';
import type { CommandStore } from '../../app/store/up-to-date.ts';
import { HookbusError } from '../../domain/errors.ts';
import { replayExecution } from '../../engine/replay-execution.ts';
import { formatCount } from '../../format.ts';
import { listHookNames } from '../../store/breakers.ts';
import type { LogRow } from '../../store/columns.ts';
import { listDirectories, listRan, writeReplay } from '../../store/replays.ts';
import { replayJson, replayLines } from '../output/executions/replay.ts';
import { clip, visible } from '../output/text.ts';
import type { Answer, Context } from '../words/command.ts';
import type { Filter } from '../words/filters.ts';
import { didYouMean } from '../words/nearest.ts';
import { ID_FORMAT, invalidValue } from '../words/values.ts';
import { isReplayConfirmed } from './confirm.ts';
import { createProgress } from './progress.ts';
import { withStore } from './with-store.ts';

/** What to replay: executions by id, or the latest of a hook. */
export type ReplayChoice =
  | { readonly by: 'id'; readonly ids: readonly string[] }
  | {
      readonly by: 'hook';
      readonly hookName: string;
      /** Its executions, of this hook only. */
      readonly filter: Filter;
      readonly last: number;
      /** Also executions of other work trees. */
      readonly isEverywhere: boolean;
      /** The user sees what will run, and may say no. */
      readonly asks: boolean;
    };

export interface ReplayRequest {
  readonly choice: ReplayChoice;
  /** The command to run instead of the recorded one. */
  readonly argv: readonly string[] | undefined;
  readonly timeoutSeconds: number;
}

/** Replays executions one after the other, since hooks may disturb each other, and records each replay. */
export async function replay(request: ReplayRequest, context: Context): Promise<Answer> {
  const report = await withStore(context, (store) => {
    if (store === undefined) throw new HookbusError('E_NOT_FOUND', 'no execution is recorded yet');
    return replayAll(store, request, context);
  });
  const [first] = report.refused;
  if (report.replays.length === 0 && first !== undefined) throw nothingReplayed(report, first);
  const isIncomplete = report.isById && report.refused.length > 0;
  const hasChanged = report.replays.some(({ changed }) => changed);
  return {
    json: replayJson(report),
    lines: (page) => replayLines(report, page),
    exitCode: hasChanged || isIncomplete ? 1 : 0,
  };
}

async function replayAll(
  store: CommandStore,
  request: ReplayRequest,
  context: Context,
): Promise<ReplayReport> {
  const { choice, argv } = request;
  const rows = chosenRows(store, choice, context.cwd);
  if (choice.by === 'hook' && choice.asks && !(await isReplayConfirmed(context, rows, argv))) {
    throw new HookbusError('E_REPLAY', 'not confirmed: nothing was replayed');
  }
  const progress = createProgress(context);
  const replays: Replayed[] = [];
  const refused: RefusedReplay[] = [];
  for (const [index, row] of rows.entries()) {
    const name = clip(visible(row.hook_name), 40, 'middle');
    progress.say(`Replaying ${formatCount(index + 1)} of ${formatCount(rows.length)}: ${name}`);
    const done = await replayOne(store, row, request, context);
    if ('reason' in done) refused.push(done);
    else replays.push(rows.length === 1 ? done : withoutOutputs(done));
  }
  progress.clear();
  return { isById: choice.by === 'id', replays, refused };
}

async function replayOne(
  store: CommandStore,
  row: LogRow,
  { argv, timeoutSeconds }: ReplayRequest,
  { now, env }: Context,
): Promise<Replayed | RefusedReplay> {
  const prepared = store.use((db) => prepareReplay(db, row, argv, env));
  if ('refused' in prepared) return { row, reason: prepared.refused };
  const replayed = await replayExecution(prepared, { env, now, timeoutSeconds });
  store.use((db) => writeReplay(db, replayed.record));
  return replayed;
}

/** Finds every execution before anything runs. */
export function chosenRows(store: CommandStore, choice: ReplayChoice, cwd: () => string): LogRow[] {
  if (choice.by === 'hook') {
    const { hookName, filter, last, isEverywhere } = choice;
    const ran = store.use((db) => listDirectories(db, hookName));
    const here = ran.filter((directory) => isEverywhere || isHere(directory, cwd()));
    const rowsOf = (directories: readonly string[], limit: number): LogRow[] =>
      store.use((db) => listRan(db, filter, directories, limit));
    const rows = rowsOf(here, last);
    if (rows.length > 0) return rows.reverse();
    const { hookNames: _, ...others } = filter;
    const isChosen = Object.values(others).some((values) => (values?.length ?? 0) > 0);
    const what = `${isChosen ? 'matching ' : ''}execution of ${hookName}`;
    if (rowsOf(ran, 1).length > 0) {
      throw new HookbusError(
        'E_NOT_FOUND',
        `no ${what} in this work tree was recorded with its payload`,
        'Use --everywhere to replay executions of other work trees',
      );
    }
    const names = store.use(listHookNames);
    if (!names.includes(hookName)) {
      throw new HookbusError(
        'E_NOT_FOUND',
        `no execution of ${hookName} is recorded${didYouMean(hookName, names)}`,
        '`hookbus metrics` lists the hooks',
      );
    }
    throw new HookbusError(
      'E_NOT_FOUND',
      `no ${what} was recorded with its payload`,
      'Type hookbus enable --store-raw to store payloads from now on',
    );
  }
  const rows = choice.ids.map((id) => {
    const reference = parseReference(id);
    if (reference !== undefined) return store.use((db) => findExecution(db, reference));
    throw invalidValue('ID', ID_FORMAT, id);
  });
  return [...new Map(rows.map((row) => [row.id, row])).values()];
}

function nothingReplayed({ isById, refused }: ReplayReport, first: RefusedReplay): HookbusError {
  if (isById && refused.length === 1) {
    return new HookbusError(
      'E_REPLAY',
      `execution ${first.row.id} cannot be replayed: ${first.reason}`,
    );
  }
  return new HookbusError(
    'E_REPLAY',
    `none of the ${formatCount(refused.length)} executions can be replayed; execution ${first.row.id}: ${first.reason}`,
  );
}
