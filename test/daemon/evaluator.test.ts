import { describe, expect, it, onTestFinished } from 'vitest';
import type { AlertsConfig } from '../../src/app/alerts/rule.ts';
import { countSpool } from '../../src/app/recording/spool-record.ts';
import { createStoreHandle } from '../../src/app/store/store-handle.ts';
import { DEFAULT_CONFIG } from '../../src/config/file/config-file.ts';
import { createEvaluator } from '../../src/daemon/alerts/evaluator.ts';
import { encodeBegin, encodeEnd } from '../../src/protocol/record.ts';
import { createSpool } from '../../src/spool/spool.ts';
import { until } from '../support/daemon.ts';
import { aBegin, anEnd } from '../support/records.ts';
import { anExecution, recordedOf } from '../support/seed.ts';
import { freshState, makeDatabase } from '../support/state.ts';

/** The inputs of an evaluator, without a daemon. */
function aView() {
  const { paths } = freshState();
  makeDatabase(paths);
  const store = createStoreHandle(paths.database, 200, Date.now);
  onTestFinished(store.close);
  const spool = createSpool(paths.spool, paths.quarantine);
  const look = createEvaluator({
    store,
    countWaiting: () => countSpool(spool).waiting,
    now: Date.now,
    failing: [],
  });
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

describe('an evaluation of alerts', () => {
  it('reports a growing spool if it was as full a second ago, not a moment ago', async () => {
    const view = aView();
    view.wait(1);
    expect(view.look()).toEqual([]);
    view.wait(300);
    // A burst that just arrived: ingest may be working on it.
    expect(view.look()).toEqual([]);
    const startMs = performance.now();
    await until('the alert', () => view.look().includes('spool_growing  open'));
    // This evaluation or a later one is the first that saw them, and so opens the alert.
    expect(performance.now() - startMs).toBeGreaterThan(880);
  });

  it('assesses recorded executions again when the rules have changed', () => {
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
