import { HookbusError } from '../../domain/errors.ts';
import type { LogRow } from '../../store/columns.ts';
import type { Database } from '../../store/database.ts';
import { findByExecutionId, findById } from '../../store/queries/queries.ts';
import { findTraceIds, listTrace, type TraceColumn } from '../../store/queries/trace.ts';
import { findExecution, parseReference } from './find-execution.ts';

/** Executions that share a correlation id or a session. */
export interface Trace {
  readonly by: TraceColumn;
  readonly id: string;
  /** In the order in which they started; the latest, if there are too many. */
  readonly rows: readonly LogRow[];
  /** How many there are, including those not in `rows`. */
  readonly count: number;
}

/** A shorter prefix of an id is too ambiguous. */
const MIN_CHARACTERS = 6;

/** The beginning of a session's id that `hookbus sessions` shows, and so long that no execution has such a number. */
const LIKE_SESSION = 8;

/**
 * Finds executions by an id or its prefix: the number or id of an execution, then a correlation id, then a session id.
 * Returns all executions with the same correlation id or session.
 * @param wholeSession if the id is an execution's, return its whole session
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
      'no execution, correlation or session has this id',
      '`hookbus logs` lists executions, `hookbus sessions` sessions',
    );
  }
  return { ...found, ...listTrace(db, found.by, found.id, options.limit) };
}

function findGroup(
  db: Database,
  id: string,
  wholeSession: boolean,
): Pick<Trace, 'by' | 'id'> | undefined {
  if (wholeSession && id.length >= LIKE_SESSION) {
    const sessionId = onlyOne(findTraceIds(db, 'session_id', id), id);
    if (sessionId !== undefined) return { by: 'session_id', id: sessionId };
  }
  const execution = executionOf(db, id);
  if (execution !== undefined) {
    if (!wholeSession) return { by: 'correlation_id', id: execution.correlation_id };
    if (execution.session_id !== null) return { by: 'session_id', id: execution.session_id };
    throw new HookbusError('E_NOT_FOUND', `execution ${execution.id} belongs to no session`);
  }
  if (id.length < MIN_CHARACTERS) return undefined;
  const correlationId = onlyOne(findTraceIds(db, 'correlation_id', id.toLowerCase()), id);
  if (correlationId !== undefined) return { by: 'correlation_id', id: correlationId };
  const sessionId = onlyOne(findTraceIds(db, 'session_id', id), id);
  return sessionId === undefined ? undefined : { by: 'session_id', id: sessionId };
}

/** Undefined if no execution has this id: it may be a correlation or session id. */
function executionOf(db: Database, id: string): LogRow | undefined {
  const reference = parseReference(id);
  if (reference === undefined) return undefined;
  if (reference.by === 'number') return findById(db, reference.number);
  const isThere = findByExecutionId(db, reference.beginning, 1).length > 0;
  return isThere ? findExecution(db, reference) : undefined;
}

/** A complete id matches itself, even if others start with it. */
function onlyOne(found: readonly string[], given: string): string | undefined {
  const [first, other] = found;
  if (other === undefined || first?.toLowerCase() === given.toLowerCase()) return first;
  throw new HookbusError(
    'E_AMBIGUOUS',
    `several ids start with this, such as ${first} and ${other}`,
    'Type more of the id',
  );
}
