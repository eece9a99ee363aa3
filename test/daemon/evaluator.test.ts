import { describe, expect, it, onTestFinished } from 'vitest';
import type { AlertsConfig } from '../../src/app/alerts/rule.ts';
import { createStoreHandle } from '../../src/app/store/store-handle.ts';
import { DEFAULT_CONFIG } from '../../src/config/file/config-file.ts';
import { createEvaluator } from '../../src/daemon/alerts/evaluator.ts';
import { encodeBegin, encodeEnd } from '../../src/protocol/record.ts';
import { createSpool } from '../../src/spool/spool.ts';
import { until } from '../support/daemon.ts';
import { aBegin, anEnd } from '../support/records.ts';
import { anExecution, recordedOf } from '../support/seed.ts';
import { freshState, makeDatabase } from '../support/state.ts';

/** What a daemon looks at, without one. */
function aView() {
  const { paths } = freshState();
  makeDatabase(paths);
  const store = createStoreHandle(paths.database, 200, Date.now);
  onTestFinished(store.close);
  const spool = createSpool(paths.spool, paths.quarantine);
  const look = createEvaluator({ store, spool, now: Date.now, failing: [] });
  return {
    store,
    wait(records: number): void {
      for (let index = 0; index < records; index += 1) {
        const begin = aBegin();
        spool.finish(begin.executionId, encodeBegin(begin), encodeEnd(anEnd()));
      }
    },
    look: (config: Partial<AlertsConfig> = {}): string[] =>
      look({ ...DEFAULT_CONFIG.alerts, ...config }, [], new Map()).changed.map(
        ({ rule, subject, state }) => `${rule} ${subject} ${state}`,
      ),
  };
}

describe('a look for alerts', () => {
  it('takes a spool for growing when it was as full a second ago, not a moment', async () => {
    const view = aView();
    view.wait(1);
    expect(view.look()).toEqual([]);
    view.wait(300);
    // A crowd that just came in: the drain may be at it.
    expect(view.look()).toEqual([]);
    const startMs = performance.now();
    await until('the alert', () => view.look().includes('spool_growing  open'));
    // The first look that saw them is this one or comes later, and so does the alert.
    expect(performance.now() - startMs).toBeGreaterThan(880);
  });

  it('judges what is on record anew when the rules have changed', () => {
    const view = aView();
    view.store.use(({ writer }) =>
      writer.write(
        Array.from({ length: 40 }, () =>
          recordedOf(
            anExecution({
              ...{ hookName: 'lint', eventType: 'PostToolUse', status: 'error', exitCode: 3 },
              createdAt: new Date().toISOString(),
            }),
          ),
        ),
      ),
    );
    expect(view.look({ hooks_off: ['lint'] })).toEqual([]);
    expect(view.look({ hooks_off: ['lint'] })).toEqual([]);
    expect(view.look()).toEqual(['failure_rate lint open']);
  });
});
