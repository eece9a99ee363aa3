import type { AlertAction, AlertRule } from '../../domain/alert.ts';
import { timeOfUuidV7, uuidV7 } from '../../domain/identifiers.ts';
import { RAN } from '../../gates/breaker.ts';
import { type AlertRow, alertKey, type WindowRow, windowRows } from '../../store/alerts.ts';
import type { Database } from '../../store/database.ts';
import type { AlertsConfig, Assessment, Rule, RunsRule, StateRule, Surroundings } from './rule.ts';
import { RULES } from './rules/index.ts';

/** Who was lately cleared is looked at for so long beyond the hold, in ms: what is bad by then opens again. */
const AFTERWARDS_MS = 10_000;

/** One look at everything that an alert may be about. */
export interface Look {
  /** Undefined where the database cannot be used: what is around executions is judged all the same. */
  readonly db: Database | undefined;
  readonly config: AlertsConfig;
  readonly around: Surroundings;
  /** The latest alert of each rule and subject. */
  readonly latest: readonly AlertRow[];
  /** Hooks with new executions. */
  readonly hookNames: Iterable<string>;
  /** By which it is judged; all of them where it is left out. */
  readonly rules?: readonly Rule[];
  /** The last row of `hook_logs`. */
  readonly lastLogId: number;
  /** What is to be done about each change. */
  readonly actions: readonly AlertAction[];
  readonly random: () => Uint8Array;
}

/** @returns the alerts that opened or cleared, as they are now */
export function evaluateAlerts(look: Look): AlertRow[] {
  const { config, latest } = look;
  const known = new Map(latest.map((row) => [alertKey(row.rule, row.subject), row]));
  const changes: AlertRow[] = [];
  const assess = (rule: AlertRule, subject: string, assessment: Assessment | undefined): void => {
    const change = nextOf(look, rule, subject, known.get(alertKey(rule, subject)), assessment);
    if (change !== undefined) changes.push(change);
  };
  const executions = createWindows(look);
  for (const rule of look.rules ?? RULES) {
    if (isOff(config, rule.name)) continue;
    if (rule.of === 'state') assessState(rule, look, assess);
    else if (look.db !== undefined) assessExecutions(rule, look, known, executions, assess);
  }
  // What nobody is to hear of any more goes without a word.
  for (const row of latest) {
    if (row.state !== 'open' || !isMuted(config, row)) continue;
    changes.push({ ...cleared(row, look), owed: [] });
  }
  return changes;
}

const isOff = (config: AlertsConfig, rule: AlertRule): boolean =>
  !config.enabled || config.rules_off.includes(rule);

/** Whether config.json says that nobody is to hear of it. */
function isMuted(config: AlertsConfig, { rule, subject }: Pick<AlertRow, 'rule' | 'subject'>) {
  return isOff(config, rule) || (isOfHook(rule) && config.hooks_off.includes(subject));
}

const OF_HOOKS: readonly AlertRule[] = RULES.filter(
  ({ of, name }) => of === 'hook' || name === 'breaker_open' || name === 'guard_skipped',
).map(({ name }) => name);

const isOfHook = (rule: AlertRule): boolean => OF_HOOKS.includes(rule);

type Assess = (rule: AlertRule, subject: string, assessment: Assessment | undefined) => void;

const WELL: Assessment = {
  value: 0,
  threshold: null,
  runs: null,
  isBad: false,
  isWell: true,
};

function assessState(rule: StateRule, { around, config, latest }: Look, assess: Assess): void {
  const openedMs = (subject: string): number => {
    const open = latest.find(
      (row) => row.rule === rule.name && row.subject === subject && row.state === 'open',
    );
    return open === undefined ? around.nowMs : Date.parse(open.openedAt);
  };
  const found = rule.look(around, config, openedMs);
  if (found === undefined) return;
  for (const { subject, ...assessment } of found) {
    if (!isMuted(config, { rule: rule.name, subject })) assess(rule.name, subject, assessment);
  }
  const named = new Set(found.map(({ subject }) => subject));
  for (const row of latest) {
    if (row.rule === rule.name && !named.has(row.subject)) assess(rule.name, row.subject, WELL);
  }
}

type Windows = (hookName: string | undefined) => readonly WindowRow[];

/** Reads the executions of a hook once, for however many rules. */
function createWindows({ db, config, around }: Look): Windows {
  const since = isoOf(around.nowMs - config.window_minutes * 60_000);
  const windows = new Map<string | undefined, readonly WindowRow[]>();
  return (hookName) => {
    const rows =
      windows.get(hookName) ?? (db === undefined ? [] : windowRows(db, hookName, since, RAN));
    windows.set(hookName, rows);
    return rows;
  };
}

function assessExecutions(
  rule: RunsRule,
  look: Look,
  known: ReadonlyMap<string, AlertRow>,
  executions: Windows,
  assess: Assess,
): void {
  const { config, latest } = look;
  const watched = latest
    .filter((row) => row.rule === rule.name && isWatched(row, look))
    .map(({ subject }) => subject);
  const fresh = [...look.hookNames];
  const subjects =
    rule.of === 'hook' ? [...fresh, ...watched] : fresh.length > 0 ? ['', ...watched] : watched;
  for (const subject of new Set(subjects)) {
    if (isMuted(config, { rule: rule.name, subject })) continue;
    const spent = known.get(alertKey(rule.name, subject))?.spentLogId ?? 0;
    const rows = executions(rule.of === 'hook' ? subject : undefined);
    const assessment = assessRuns(rule, rows, spent, config);
    assess(rule.name, subject, assessment);
  }
}

/**
 * Only what is not spent counts. For an alert to open, all of the window has to be bad as well: after a clear there are
 * few executions, and a few say little.
 */
function assessRuns(
  rule: RunsRule,
  rows: readonly WindowRow[],
  spent: number,
  config: AlertsConfig,
): Assessment {
  const fresh = rows.filter(({ id }) => id > spent);
  const assessment = rule.assess(fresh, config);
  if (!assessment.isBad || fresh.length === rows.length) return assessment;
  return { ...assessment, isBad: rule.assess(rows, config).isBad };
}

/** Whether time alone may change it: it may clear, or be held back from opening again. */
function isWatched(row: AlertRow, { config, around }: Look): boolean {
  if (row.state === 'open') return true;
  const clearedMs = Date.parse(row.clearedAt ?? '');
  return around.nowMs - clearedMs < config.hold_seconds * 1000 + AFTERWARDS_MS;
}

function nextOf(
  look: Look,
  rule: AlertRule,
  subject: string,
  row: AlertRow | undefined,
  assessment: Assessment | undefined,
): AlertRow | undefined {
  if (assessment === undefined) return undefined;
  const { nowMs } = look.around;
  if (row?.state === 'open') {
    if (assessment.isWell && !isHeld(look, row.openedAt)) return cleared(row, look);
    return assessment.isCounted === true ? counted(row, assessment) : undefined;
  }
  if (!assessment.isBad || isHeld(look, row?.clearedAt)) return undefined;
  // The latest sorts last, also where the clock was set back meanwhile.
  const afterMs = row === undefined ? 0 : timeOfUuidV7(row.alertId) + 1;
  return {
    alertId: uuidV7(Math.max(nowMs, afterMs), look.random()),
    rule,
    subject,
    state: 'open',
    openedAt: isoOf(nowMs),
    clearedAt: null,
    value: assessment.value,
    threshold: assessment.threshold,
    runs: assessment.runs,
    reason: assessment.reason ?? null,
    // Executions that were spent stay so while it is open.
    spentLogId: row?.spentLogId ?? 0,
    owed: look.actions,
    lastNotified: null,
  };
}

/** It goes on, and nobody is told again. */
function counted(row: AlertRow, assessment: Assessment): AlertRow | undefined {
  const { value } = assessment;
  const reason = assessment.reason ?? null;
  return value === row.value && reason === row.reason ? undefined : { ...row, value, reason };
}

/** Whether it changed so lately that it is to stay as it is. What lies ahead is of a clock that was set back. */
function isHeld({ around, config }: Look, changedAt: string | null | undefined): boolean {
  const ageMs = around.nowMs - Date.parse(changedAt ?? '');
  return ageMs >= 0 && ageMs < config.hold_seconds * 1000;
}

/** Nothing that was recorded until now raises it again. */
function cleared(row: AlertRow, { around, lastLogId, actions }: Look): AlertRow {
  return {
    ...row,
    state: 'cleared',
    clearedAt: isoOf(around.nowMs),
    spentLogId: Math.max(lastLogId, row.spentLogId),
    owed: actions,
  };
}

const isoOf = (ms: number): string => new Date(ms).toISOString();
