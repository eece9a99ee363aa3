import type { AlertAction, AlertRule } from '../../domain/alert.ts';
import { timeOfUuidV7, uuidV7 } from '../../domain/identifiers.ts';
import { isoOf } from '../../domain/time.ts';
import { type AlertRow, alertKey, type WindowRow, windowRows } from '../../store/alerts.ts';
import type { Database } from '../../store/database.ts';
import type { AlertsConfig, Assessment, Rule, RunsRule, StateRule, Surroundings } from './rule.ts';
import { RULES } from './rules/index.ts';

/**
 * For this long after the hold, a cleared alert is still assessed: if its subject is bad again, the alert opens again.
 */
const AFTER_HOLD_MS = 10_000;

/** What one evaluation of all rules needs. */
export interface EvaluationInput {
  /** Undefined if the database cannot be used; state rules are assessed anyway. */
  readonly db: Database | undefined;
  readonly config: AlertsConfig;
  readonly around: Surroundings;
  /** The latest alert of each rule and subject. */
  readonly latest: readonly AlertRow[];
  /** Hooks with new executions. */
  readonly hookNames: Iterable<string>;
  /** The rules to assess; all if omitted. */
  readonly rules?: readonly Rule[];
  /** The id of the last row of `hook_logs`. */
  readonly lastLogId: number;
  /** The actions to take about each change. */
  readonly actions: readonly AlertAction[];
  readonly random: () => Uint8Array;
}

/** @returns the alerts that opened, cleared, or changed their value, in their new state */
export function evaluateAlerts(input: EvaluationInput): AlertRow[] {
  const { config, latest } = input;
  const known = new Map(latest.map((row) => [alertKey(row.rule, row.subject), row]));
  const changes: AlertRow[] = [];
  const assess = (rule: AlertRule, subject: string, assessment: Assessment | undefined): void => {
    const change = nextOf(input, rule, subject, known.get(alertKey(rule, subject)), assessment);
    if (change !== undefined) changes.push(change);
  };
  const rules = (input.rules ?? RULES).filter(({ name }) => !isOff(config, name));
  for (const rule of rules) if (rule.of === 'state') assessState(rule, input, assess);
  for (const of of ['hook', 'all'] as const) {
    const ofRuns = rules.filter((rule): rule is RunsRule => rule.of === of);
    if (input.db !== undefined) assessExecutions(ofRuns, input.db, input, known, assess);
  }
  // An alert that config.json has muted since clears without a notification.
  for (const row of latest) {
    if (row.state !== 'open' || !isMuted(config, row)) continue;
    changes.push({ ...cleared(row, input), owed: [] });
  }
  return changes;
}

const isOff = (config: AlertsConfig, rule: AlertRule): boolean =>
  !config.enabled || config.rules_off.includes(rule);

/** Whether config.json mutes alerts of this rule or about this hook. */
function isMuted(config: AlertsConfig, { rule, subject }: Pick<AlertRow, 'rule' | 'subject'>) {
  return isOff(config, rule) || (isOfHook(rule) && config.hooks_off.includes(subject));
}

const OF_HOOKS: readonly AlertRule[] = RULES.filter(
  (rule) => rule.of === 'hook' || (rule.of === 'state' && rule.isAboutHooks),
).map(({ name }) => name);

/** Whether the subjects of this rule are hooks. */
export const isOfHook = (rule: AlertRule): boolean => OF_HOOKS.includes(rule);

/** When the window of the rules begins. */
export const windowStart = ({ window_minutes }: AlertsConfig, nowMs: number): string =>
  isoOf(nowMs - window_minutes * 60_000);

type Assess = (rule: AlertRule, subject: string, assessment: Assessment | undefined) => void;

const HEALTHY: Assessment = {
  value: 0,
  threshold: null,
  runs: null,
  isBad: false,
  isHealthy: true,
};

function assessState(
  rule: StateRule,
  { around, config, latest }: EvaluationInput,
  assess: Assess,
): void {
  const openedMs = (subject: string): number => {
    const open = latest.find(
      (row) => row.rule === rule.name && row.subject === subject && row.state === 'open',
    );
    return open === undefined ? around.nowMs : Date.parse(open.openedAt);
  };
  const found = rule.assess(around, config, openedMs);
  if (found === undefined) return;
  for (const { subject, ...assessment } of found) {
    if (!isMuted(config, { rule: rule.name, subject })) assess(rule.name, subject, assessment);
  }
  const named = new Set(found.map(({ subject }) => subject));
  for (const row of latest) {
    if (row.rule === rule.name && !named.has(row.subject)) assess(rule.name, row.subject, HEALTHY);
  }
}

/** Reads the executions of each subject once for all rules, and keeps those of one subject only: there may be many hooks. */
function assessExecutions(
  rules: readonly RunsRule[],
  db: Database,
  input: EvaluationInput,
  known: ReadonlyMap<string, AlertRow>,
  assess: Assess,
): void {
  const { config } = input;
  const since = windowStart(config, input.around.nowMs);
  for (const [subject, rulesOfIt] of bySubject(rules, input)) {
    const [hookName, from] = rulesOfIt[0]?.of === 'hook' ? [subject, ''] : [undefined, since];
    const all = windowRows(db, hookName, from);
    const recent = from === since ? all : all.filter(({ createdAt }) => createdAt >= since);
    for (const rule of rulesOfIt) {
      const spent = known.get(alertKey(rule.name, subject))?.spentLogId ?? 0;
      const rows = rule.hasMemory === true ? all : recent;
      assess(rule.name, subject, assessRuns(rule, rows, spent, config, since));
    }
  }
}

/** The subjects to assess now, each with its rules. */
function bySubject(
  rules: readonly RunsRule[],
  input: EvaluationInput,
): ReadonlyMap<string, readonly RunsRule[]> {
  const { config, latest } = input;
  const fresh = [...input.hookNames];
  const found = new Map<string, RunsRule[]>();
  for (const rule of rules) {
    const watched = latest
      .filter((row) => row.rule === rule.name && isWatched(row, input))
      .map(({ subject }) => subject);
    const anew = rule.of === 'hook' || fresh.length === 0 ? fresh : [''];
    for (const subject of new Set([...anew, ...watched])) {
      if (isMuted(config, { rule: rule.name, subject })) continue;
      found.set(subject, [...(found.get(subject) ?? []), rule]);
    }
  }
  return found;
}

/**
 * Assesses the executions after the watermark `spent`. To open an alert, the whole window must be bad too: after a
 * clear there are few new executions, and few executions prove little.
 */
function assessRuns(
  rule: RunsRule,
  rows: readonly WindowRow[],
  spent: number,
  config: AlertsConfig,
  since: string,
): Assessment {
  const fresh = rows.filter(({ id }) => id > spent);
  const assessment = rule.assess(fresh, config, since);
  if (!assessment.isBad || fresh.length === rows.length) return assessment;
  return { ...assessment, isBad: rule.assess(rows, config, since).isBad };
}

/** Whether time alone may change this alert: it may clear, or open again after its hold. */
function isWatched(row: AlertRow, { config, around }: EvaluationInput): boolean {
  if (row.state === 'open') return true;
  const clearedMs = Date.parse(row.clearedAt ?? '');
  return around.nowMs - clearedMs < config.hold_seconds * 1000 + AFTER_HOLD_MS;
}

function nextOf(
  input: EvaluationInput,
  rule: AlertRule,
  subject: string,
  row: AlertRow | undefined,
  assessment: Assessment | undefined,
): AlertRow | undefined {
  if (assessment === undefined) return undefined;
  const { nowMs } = input.around;
  if (row?.state === 'open') {
    if (assessment.isHealthy && !isHeld(input, row.openedAt)) return cleared(row, input);
    return assessment.isCounted === true ? counted(row, assessment) : undefined;
  }
  if (!assessment.isBad || isHeld(input, row?.clearedAt)) return undefined;
  // The new id sorts after the previous one, even if the clock was set back.
  const afterMs = row === undefined ? 0 : timeOfUuidV7(row.alertId) + 1;
  return {
    alertId: uuidV7(Math.max(nowMs, afterMs), input.random()),
    rule,
    subject,
    state: 'open',
    openedAt: isoOf(nowMs),
    clearedAt: null,
    value: assessment.value,
    threshold: assessment.threshold,
    runs: assessment.runs,
    reason: assessment.reason ?? null,
    // The watermark stays while the alert is open.
    spentLogId: row?.spentLogId ?? 0,
    owed: input.actions,
    lastNotified: null,
  };
}

/** The alert stays open with a new value, and nobody is notified again. */
function counted(row: AlertRow, assessment: Assessment): AlertRow | undefined {
  const { value } = assessment;
  const reason = assessment.reason ?? null;
  return value === row.value && reason === row.reason ? undefined : { ...row, value, reason };
}

/** Whether the alert changed too recently to change again. If `changedAt` is in the future, the clock was set back. */
function isHeld(
  { around, config }: EvaluationInput,
  changedAt: string | null | undefined,
): boolean {
  const ageMs = around.nowMs - Date.parse(changedAt ?? '');
  return ageMs >= 0 && ageMs < config.hold_seconds * 1000;
}

/** Clears the alert. The watermark moves, so executions recorded until now cannot open it again. */
function cleared(row: AlertRow, { around, lastLogId, actions }: EvaluationInput): AlertRow {
  return {
    ...row,
    state: 'cleared',
    clearedAt: isoOf(around.nowMs),
    spentLogId: Math.max(lastLogId, row.spentLogId),
    owed: actions,
  };
}
