import type { DecisionTotal } from '../domain/totals.ts';
import type { Database } from './database.ts';

/** Adds executions to the totals, inside the caller's transaction. */
export function addDecisions(db: Database, decided: readonly Omit<DecisionTotal, 'executions'>[]) {
  const add = db.prepare(
    `INSERT INTO decision_totals (hook_name, event_type, agent, project, decision, executions)
     VALUES (@hookName, @eventType, @agent, @project, @decision, 1)
     ON CONFLICT DO UPDATE SET executions = executions + 1`,
  );
  for (const total of decided) add.run(total);
}

export function readDecisionTotals(db: Database): DecisionTotal[] {
  return db
    .prepare<[], DecisionTotal>(
      `SELECT hook_name AS hookName, event_type AS eventType, agent, project, decision, executions
       FROM decision_totals ORDER BY hook_name, event_type, agent, project, decision`,
    )
    .all();
}
