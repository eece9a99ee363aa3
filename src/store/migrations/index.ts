import { first } from './001-first.ts';
import { addHookToDedupeKeys } from './002-keys-of-a-hook.ts';
import { breakers } from './003-breakers.ts';
import { replays } from './004-replays.ts';
import { rollups } from './005-rollups.ts';
import { totals } from './006-totals.ts';
import { alerts } from './007-alerts.ts';
import { skippedGuards } from './008-skipped-guards.ts';
import { breakersByCommand } from './009-breakers-by-command.ts';
import { unredacted } from './010-unredacted.ts';
import { decisions } from './011-decisions.ts';
import { denied } from './012-denied.ts';
import { daySummaries } from './013-day-summaries.ts';
import { failed } from './014-failed.ts';
import { identity } from './015-identity.ts';

/** In order: a database with `user_version` N has had the first N. Never change a released migration. */
export const MIGRATIONS: readonly string[] = [
  first,
  addHookToDedupeKeys,
  breakers,
  replays,
  rollups,
  totals,
  alerts,
  skippedGuards,
  breakersByCommand,
  unredacted,
  decisions,
  denied,
  daySummaries,
  failed,
  identity,
];
