import type { Covered } from './report/covered-span.ts';

/** One hook on one event; docs/json.md describes each field. */
export interface HookCost {
  readonly hook_name: string;
  readonly event_type: string;
  readonly runs: number;
  readonly denied: number;
  readonly deduped: number;
  readonly timeouts: number;
  readonly waited_ms: number;
  readonly p50_ms: number | null;
  readonly p95_ms: number | null;
  readonly p99_ms: number | null;
  readonly max_ms: number | null;
  readonly critical_calls: number;
  readonly critical_ms: number;
  readonly suggested_timeout_seconds: number | null;
}

/** What one hook put into the context on one event. */
export interface ContextCost {
  readonly hook_name: string;
  readonly event_type: string;
  readonly executions: number;
  readonly characters: number;
  readonly characters_at_most: number;
  readonly most_characters: number;
  readonly cut: number;
  readonly repeated: number;
  readonly repeated_characters: number;
}

/** The hooks of one event of one tool call. */
interface CallReport {
  readonly session_id: string | null;
  readonly tool_use_id: string;
  readonly event_type: string;
  readonly tool_name: string | null;
  readonly began_at: string;
  readonly executions: number;
  readonly blocked_ms: number;
  readonly critical_hook: string;
  readonly critical_ms: number;
  readonly gain_ms: number;
}

interface SessionReport {
  readonly session_id: string | null;
  readonly executions: number;
  readonly began_at: string;
  readonly ended_at: string;
  readonly blocked_ms: number;
  readonly hook_ms: number;
  /** Where it started; null if that is not recorded. */
  readonly project?: string | null;
}

/** The whole of `report --json`; docs/json.md describes each field. */
export interface CostReport {
  readonly window_hours: number | null;
  readonly session_id: string | null;
  /** Null for a session. */
  readonly covered?: Covered | null;
  readonly executions: number;
  readonly denied: number;
  readonly relative_error: number | null;
  readonly blocked_ms: number;
  readonly hook_ms: number;
  readonly not_waited_for: { readonly executions: number; readonly total_ms: number };
  readonly session_count: number;
  readonly sessions: readonly SessionReport[];
  readonly hooks: readonly HookCost[];
  readonly call_count: number;
  readonly calls: readonly CallReport[];
  readonly context: readonly ContextCost[];
  readonly assumptions: readonly string[];
}
