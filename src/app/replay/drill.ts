import type { Environment } from '../../config/settings.ts';
import { canonicalJson } from '../../domain/key/canonical-json.ts';
import { sha256Hex } from '../../domain/key/sha256.ts';
import type { LogRow } from '../../store/columns.ts';
import type { Database } from '../../store/database.ts';
import { listRefusals, type RefusingGuard } from '../../store/queries/guards/refusals.ts';
import { prepareReplay, type Replayable, type Replayed } from './replayable.ts';

/**
 * `passes`: it let through what it refused. `unsure`: it did, but got another payload than then, because secrets were
 * redacted from the stored one.
 */
type Verdict = 'refuses' | 'passes' | 'unsure';

/** One refusal, tried again. */
export interface Drilled extends Replayed {
  readonly verdict: Verdict;
  /** Why, unless it refuses. */
  readonly why: string | undefined;
}

/** What came of all drills of one guard. */
export interface DrilledGuard extends RefusingGuard {
  readonly verdict: Verdict | 'not_drilled';
  /** Why none, or not all, of its refusals could be drilled. */
  readonly reason: string | undefined;
  readonly drills: readonly Drilled[];
}

/** What to drill of a guard. */
export interface DrillPlan extends RefusingGuard {
  /** Latest first. */
  readonly rows: readonly LogRow[];
  readonly reason: string | undefined;
}

export interface DrillChoice {
  /** Only this command line. */
  readonly command?: string;
  /** How many refusals, at most. */
  readonly last: number;
}

/** How many of a guard's latest refusals to look through for different ones. */
const LOOKED_AT = 50;

export const STORE_REFUSALS = 'HOOKBUS_STORE_RAW=deny';

/** Chooses the latest different refusals of a guard; those without redacted secrets first, since only they prove. */
export function planDrill(
  db: Database,
  guard: RefusingGuard,
  { command, last }: DrillChoice,
  env: Environment,
): DrillPlan {
  const found = { whole: new Map<string, LogRow>(), redacted: new Map<string, LogRow>() };
  const reasons = new Set<string>();
  for (const row of listRefusals(db, guard.hookName, command, LOOKED_AT)) {
    const prepared = prepareReplay(db, row, undefined, env);
    if ('refused' in prepared) {
      reasons.add(prepared.refused);
      continue;
    }
    const kind = prepared.isRedacted ? found.redacted : found.whole;
    const key = callOf(prepared);
    if (!kind.has(key)) kind.set(key, row);
    if (found.whole.size >= last) break;
  }
  const rows = [...found.whole.values(), ...found.redacted.values()].slice(0, last);
  const [first] = reasons;
  const reason = guard.stored === 0 ? `no payload of its refusals is stored completely` : first;
  return {
    ...guard,
    rows,
    reason: rows.length === 0 ? (reason ?? 'none of its refusals is of that command') : undefined,
  };
}

/** Members of a payload that differ each time, whatever is asked. */
const IDS: ReadonlySet<string> = new Set([
  ...['session_id', 'sessionId', 'conversation_id', 'transcript_path', 'timestamp', 'prompt_id'],
  ...['tool_use_id', 'toolUseId', 'tool_call_id', 'turn_id', 'generation_id', 'hook_execution_id'],
]);

/** The same for refusals of the same call: command, directory, and what the payload asks for. */
function callOf({ row, stdin, cwd }: Replayable): string {
  return sha256Hex(Buffer.from(JSON.stringify([row.command, cwd, askedOf(stdin)])));
}

function askedOf(stdin: Uint8Array): string {
  const text = Buffer.from(stdin).toString('latin1');
  try {
    const payload = JSON.parse(text) as Readonly<Record<string, unknown>>;
    const entries = Object.entries(payload).filter(([name]) => !IDS.has(name));
    return canonicalJson(Object.fromEntries(entries));
  } catch {
    return text;
  }
}

const NOT_STARTED: readonly (number | undefined)[] = [126, 127];

/** Says whether the guard refused again. */
export function toDrilled(replayed: Replayed, timeoutSeconds: number): Drilled {
  const { came, isRedacted } = replayed;
  if (came.decision === 'deny') return { ...replayed, verdict: 'refuses', why: undefined };
  if (NOT_STARTED.includes(came.exitCode)) {
    return { ...replayed, verdict: 'passes', why: `it cannot start (exit code ${came.exitCode})` };
  }
  if (isRedacted) {
    const why = 'it may have refused because of the secrets, which are redacted from its payload';
    return { ...replayed, verdict: 'unsure', why };
  }
  return { ...replayed, verdict: 'passes', why: whyOf(replayed, timeoutSeconds) };
}

function whyOf({ came }: Replayed, timeoutSeconds: number): string {
  if (came.status === 'timeout') return `it did not answer within ${timeoutSeconds} s`;
  if (came.signal !== undefined) return `it died of ${came.signal}`;
  const decided = came.decision === 'none' ? 'decided nothing' : `decided ${came.decision}`;
  return `it ${decided} (exit code ${came.exitCode})`;
}

/** Sums up the drills of a guard. */
export function toDrilledGuard(plan: DrillPlan, drills: readonly Drilled[]): DrilledGuard {
  const { hookName, refusals, stored, reason } = plan;
  const verdicts = new Set(drills.map(({ verdict }) => verdict));
  const worst = (['passes', 'refuses', 'unsure'] as const).find((verdict) => verdicts.has(verdict));
  return { hookName, refusals, stored, reason, drills, verdict: worst ?? 'not_drilled' };
}
