import { baseName } from '../../../domain/exported.ts';
import { formatThings } from '../../../format.ts';
import type { ScriptChange } from '../../../store/queries/guards/script-changes.ts';
import type { StateRule } from '../rule.ts';

/** A guard lets through, when tried again, what it refused. */
export const drillPassed: StateRule = {
  name: 'drill_passed',
  of: 'state',
  isAboutHooks: true,
  assess: ({ guards }) =>
    guards?.passedDrills.map(({ hookName: subject, passed, drilled, logId, at }) => ({
      subject,
      value: passed,
      threshold: null,
      runs: drilled,
      reason: `execution ${logId}, tried at ${at}`,
      isBad: true,
      isHealthy: false,
      isCounted: true,
    })),
  text: ({ subject, value, runs, reason }) =>
    `${subject} does not refuse ${value} of ${formatThings(runs ?? 0, 'call')} that it refused: ${reason}; type hookbus drill`,
};

/** A guard that ran regularly does not run any more, while hooks beside it do. */
export const wentSilent: StateRule = {
  name: 'went_silent',
  of: 'state',
  isAboutHooks: true,
  assess: ({ guards }, { silent_calls: threshold }) =>
    guards === undefined
      ? undefined
      : latestOf(guards.silent).map(({ hookName: subject, eventType, project, calls, lastAt }) => ({
          subject,
          value: calls,
          threshold,
          runs: null,
          reason: `on ${eventType}${project === null ? '' : ` in ${baseName(project)}`}, last at ${lastAt}`,
          isBad: true,
          isHealthy: false,
          isCounted: true,
        })),
  text: ({ subject, value, reason }) =>
    `${subject} has gone silent: it ran ${reason}, and not for the ${formatThings(value, 'call')} of its tools since, which other hooks saw`,
};

/** So that both digests and times fit a line: enough of a digest to compare by eye, and no ms. */
const shortened = (reason: string): string =>
  reason.replace(/\b([0-9a-f]{10})[0-9a-f]{54}\b/g, '$1…').replace(/\.\d{3}Z/g, 'Z');

/** The script of a guard is another one than before. */
export const guardChanged: StateRule = {
  name: 'guard_changed',
  of: 'state',
  isAboutHooks: true,
  assess({ guards }, _config, openedMs) {
    if (guards === undefined) return undefined;
    const changes = new Map<string, ScriptChange[]>();
    for (const change of guards.scriptChanges) {
      const list = changes.get(change.hookName) ?? [];
      list.push(change);
      changes.set(change.hookName, list);
    }
    return [...changes].map(([subject, list]) => {
      const latest = list.at(-1) as ScriptChange;
      return {
        subject,
        value: list.length,
        threshold: null,
        runs: null,
        reason: `${latest.before} until ${latest.beforeAt}, ${latest.after} since ${latest.afterAt}`,
        isBad: true,
        // Another change is news, so this alert ends and the next one opens.
        isHealthy: Date.parse(latest.afterAt) > openedMs(subject),
      };
    });
  },
  text: ({ subject, value, reason }) =>
    `${subject}: its script changed${value === 1 ? '' : ` ${value} times`}: ${shortened(reason ?? '')}`,
};

/** The latest of each hook. */
function latestOf<T extends { readonly hookName: string; readonly lastAt: string }>(
  all: readonly T[],
): T[] {
  const sorted = [...all].sort((left, right) => (left.lastAt < right.lastAt ? -1 : 1));
  return [...new Map(sorted.map((one) => [one.hookName, one])).values()];
}
