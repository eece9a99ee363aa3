import type { FileReport } from '../../app/install/install.ts';
import { unifiedDiff } from '../output/state/install.ts';
import type { Answer, Given } from '../words/command.ts';
import { didYouMean } from '../words/nearest.ts';
import { quote, usageError } from '../words/values.ts';

export const NOTHING_CHANGED: Answer = { json: null, lines: () => ['Nothing was changed.'] };

/** The names that options give are those of hooks. @throws HookbusError `E_USAGE` */
export function checkNames(given: Given, files: readonly FileReport[]): void {
  const names = new Set(files.flatMap(({ hooks }) => hooks.flatMap(({ name }) => name ?? [])));
  for (const option of ['only', 'except']) {
    for (const name of given.values(option)) {
      if (names.has(name)) continue;
      throw usageError(
        `--${option}: there is no hook named ${quote(name)}${didYouMean(name, [...names])}`,
      );
    }
  }
}

export function fileJson(file: FileReport, isDryRun: boolean) {
  return {
    path: file.path,
    scope: file.scope,
    changed: file.before !== file.after,
    backup: file.backup ?? null,
    enabled: file.isEnabled,
    hooks: file.hooks.map(({ event, matcher, name, command, becomes, action, reason }) => ({
      event_type: event,
      matcher: matcher ?? null,
      hook_name: name ?? null,
      command: command ?? null,
      becomes: becomes ?? null,
      action,
      reason: reason ?? null,
    })),
    diff: isDryRun ? unifiedDiff(file) : null,
  };
}
