import { execPath } from 'node:process';
import { describe, expect, it } from 'vitest';
import { CLI, hasLauncher, LAUNCHER } from '../support/daemon.ts';
import { aGuardPlace } from './support/guard-place.ts';
import { draw, NAME } from './support/random-settings.ts';

/*
 * The central promise of HookBus: a guard that refuses bare also refuses wrapped, whatever the settings are, or an alert
 * says why not. HOOKBUS_CASES and HOOKBUS_SEED try more settings, or others.
 */
const CASES = Number(process.env['HOOKBUS_CASES'] ?? 50);
/** Fewer for the Node engine, which takes long to start. */
const SHARE: Readonly<Record<string, number>> = { node: 0.5 };
const SEED = Number(process.env['HOOKBUS_SEED'] ?? 1);

const ENGINES: Readonly<Record<string, readonly string[]>> = {
  node: [execPath, CLI],
  ...(hasLauncher ? { launcher: [LAUNCHER] } : {}),
};

interface OpenAlert {
  readonly rule: string;
  readonly subject: string;
}

describe.each(Object.entries(ENGINES))('%s', (name, engine) => {
  const length = Math.ceil(CASES * (SHARE[name] ?? 1));
  /** How many refusals were missing, with an alert. */
  let skipped = 0;

  it.each(Array.from({ length }, (_, index) => SEED * 1000 + index))(
    'a guard that refuses bare refuses wrapped, or an alert says why not: case %i',
    async (seed) => {
      const what = draw(seed);
      const place = await aGuardPlace(what, engine);
      const bare = place.bare();
      const wrapped = place.wrapped();
      if (same(wrapped, bare)) return;
      const { stdout } = place.hookbus('alerts', '--json');
      const open = (JSON.parse(stdout) as { open: OpenAlert[] }).open;
      const received = open.filter(
        ({ rule, subject }) => rule === 'guard_skipped' && subject === NAME,
      );
      expect(received, JSON.stringify({ what, bare, wrapped, open }, undefined, 2)).toHaveLength(1);
      skipped += 1;
    },
  );

  it.runIf(CASES >= 50)('some of these cases had an alert', () =>
    expect(skipped).toBeGreaterThan(0),
  );
});

function same(one: object, other: object): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
