import type { AgentName } from '../../agents/settings/agent-settings.ts';
import type { Decision } from '../../domain/answer/decision.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** Where something stands in a file; lines and columns count from 1. */
export interface Place {
  readonly path: string;
  readonly line: number;
  readonly column: number;
}

/** What a case expects; what it does not mention may be anything. */
export interface Expected {
  readonly decision: Decision | undefined;
  readonly exitCode: number | undefined;
  /** Texts that the reason contains. */
  readonly reason: readonly string[];
  /** Texts that the agent's context gets. */
  readonly context: readonly string[];
  /** Fields of the changed input; null: it stays as it was. */
  readonly input: Fields | null | undefined;
  /** Fields of the changed output of the tool, or the output; null: it stays as it was. */
  readonly output: unknown;
  readonly atMostMs: number | undefined;
  /** Names of the hooks that run, all of them. */
  readonly fires: readonly string[] | undefined;
}

/** One case of a file: what the agent reports, and what is expected of the hooks. */
export interface HookCase {
  readonly place: Place;
  readonly name: string;
  readonly agent: AgentName;
  readonly event: string;
  readonly tool: string | undefined;
  readonly input: Fields | undefined;
  /** More fields of the payload; they replace what HookBus fills in. */
  readonly payload: Fields;
  /** Only these hooks run; undefined: all that the settings match. */
  readonly hooks: readonly string[] | undefined;
  readonly expected: Expected;
  readonly env: Readonly<Record<string, string>>;
  /** Files to write before the hooks run, by path in the working directory. */
  readonly files: Readonly<Record<string, string>>;
  readonly directory: 'checkout' | 'scratch';
}

/** Why a file, or a case in it, cannot be used. */
export interface CaseProblem {
  readonly place: Place;
  readonly reason: string;
}
