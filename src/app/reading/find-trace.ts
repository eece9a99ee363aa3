import { HookbusError } from '../../domain/errors.ts';
import type { LogRow } from '../../store/columns.ts';
import type { Database } from '../../store/database.ts';
import { findByExecutionId, findById } from '../../store/queries/queries.ts';
import { findTraceIds, listTrace, type TraceColumn } from '../../store/queries/trace.ts';
import { findExecution, parseReference } from './find-execution.ts';

/** Executions that belong together. */
export interface Trace {
  readonly by: TraceColumn;
  readonly id: string;
  /** In the order in which they began; of too many the latest. */
  readonly rows: readonly LogRow[];
  /** How many there are in all. */
  readonly count: number;
}

/** Fewer characters of the beginning of an id say too little. */
const MIN_CHARACTERS = 6;

/**
 * Finds what an id means: an execution, by its number or its id, then a correlation id, then a session id, each by its
 * beginning; and all executions that share the correlation id of it, or the session.
 * @param wholeSession of an execution, all of its session
 * @throws HookbusError `E_NOT_FOUND`, `E_AMBIGUOUS`
 */
export function findTrace(
  db: Database,
  id: string,
  options: { readonly wholeSession: boolean; readonly limit: number },
): Trace {
  const found = findGroup(db, id, options.wholeSession);
  if (found === undefined) {
    throw new HookbusError(
      'E_NOT_FOUND',
      'there is no execution, correlation or session of that id',
      '`hookbus logs --json` has the ids of recent executions',
    );
  }
  return { ...found, ...listTrace(db, found.by, found.id, options.limit) };
}

function findGroup(
  db: Database,
  id: string,
  wholeSession: boolean,
): Pick<Trace, 'by' | 'id'> | undefined {
  const execution = executionOf(db, id);
  if (execution !== undefined) {
    if (!wholeSession) return { by: 'correlation_id', id: execution.correlation_id };
    if (execution.session_id !== null) return { by: 'session_id', id: execution.session_id };
    throw new HookbusError('E_NOT_FOUND', `execution ${execution.id} is of no session`);
  }
  if (id.length < MIN_CHARACTERS) return undefined;
  const correlationId = onlyOne(findTraceIds(db, 'correlation_id', id.toLowerCase()), id);
  if (correlationId !== undefined) return { by: 'correlation_id', id: correlationId };
  const sessionId = onlyOne(findTraceIds(db, 'session_id', id), id);
  return sessionId === undefined ? undefined : { by: 'session_id', id: sessionId };
}

/** Undefined where none is meant: it may be the id of something else. */
function executionOf(db: Database, id: string): LogRow | undefined {
  const reference = parseReference(id);
  if (reference === undefined) return undefined;
  if (reference.by === 'number') return findById(db, reference.number);
  const isThere = findByExecutionId(db, reference.beginning, 1).length > 0;
  return isThere ? findExecution(db, reference) : undefined;
}

/** One that is given in full is meant, whatever else begins so. */
function onlyOne(found: readonly string[], given: string): string | undefined {
  const [first, other] = found;
  if (other === undefined || first?.toLowerCase() === given.toLowerCase()) return first;
  throw new HookbusError(
    'E_AMBIGUOUS',
    `several ids begin like this, such as ${first} and ${other}`,
    'Give more of it',
  );
}
