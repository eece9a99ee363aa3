import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { expect } from 'vitest';
import { canBlock, EVENT_NAMES } from '../../src/domain/events.ts';
import type { Engine } from './support/engine.ts';
import type { Stage } from './support/stage.ts';
import { topic, WRITTEN_BEFORE } from './support/topic.ts';

const payloadOf = (event: string): string =>
  `${JSON.stringify({ session_id: 's', hook_event_name: event, tool_name: 'Bash', tool_use_id: 't' })}\n`;

const NAMED = ['--name', 'probe', '--event', 'PreToolUse'];
const REFUSES = ['sh', '-c', 'cat >&2; exit 2'];

/** Switches the guard off after one run, without which `hookbus off` does not find it. */
async function off(stage: Stage): Promise<void> {
  expect((await call(stage, 'PreToolUse')).code).toBe(2);
  expect((await stage.hookbus('off', 'probe', '--for', '1h', '--yes')).code).toBe(0);
}

/** A payload that comes late on a busy machine does not give the event's name in time. */
const call = (stage: Stage, event: string, ...flags: string[]) =>
  stage.wrapped(REFUSES, {
    flags: ['--name', 'probe', '--event', event, ...flags],
    input: payloadOf(event),
  });

async function json(stage: Stage, ...words: string[]) {
  return JSON.parse(String((await stage.hookbus(...words, '--json')).stdout));
}

/** A guard that a gate or a key skipped is reported everywhere, even without a daemon. */
export function skippedGuards(engine: Engine): void {
  topic(
    engine,
    'a skipped guard',
    'concurrent',
    ({ test }) => {
      test('opens an alert, and status, doctor, logs and show report it', async (stage) => {
        await off(stage);
        for (const _ of [1, 2, 3]) expect((await call(stage, 'PreToolUse')).code).toBe(0);
        const { open } = await json(stage, 'alerts');
        expect(open).toMatchObject([
          { rule: 'guard_skipped', subject: 'probe', state: 'open', value: 3 },
        ]);
        expect(open[0].text).toMatch(
          /^probe: skipped 3 times, and nothing else refused the call: off on PreToolUse, last at \d{4}-/,
        );
        const { skipped_guards: skipped } = await json(stage, 'status');
        const facts = { hook_name: 'probe', event_type: 'PreToolUse', reason: 'off', count: 3 };
        expect(skipped).toMatchObject([{ ...facts, is_gated: true, until: expect.any(String) }]);
        expect(String((await stage.hookbus('status')).stdout)).toContain(
          'What is wrong\n- probe on PreToolUse was skipped 3 times and refused nothing (off, last',
        );
        const doctor = await stage.hookbus('doctor');
        expect(doctor.code).toBe(1);
        expect(String(doctor.stdout)).toContain(
          'probe on PreToolUse was skipped 3 times and refused',
        );
        expect(String(doctor.stdout)).toContain('hookbus on probe');
        const said = 'off: the hook did not run, so it refused nothing';
        expect(String((await stage.hookbus('logs')).stdout)).toContain(said);
        const rows = await json(stage, 'logs');
        expect(rows.map((row: { guard_skipped: number }) => row.guard_skipped)).toEqual([
          1, 1, 1, 0,
        ]);
        expect(String((await stage.hookbus('show', `${rows[0].id}`)).stdout)).toContain(
          'the hook did not run, so it refused nothing',
        );
      });

      test('is one alert per hook, whose count increases', async (stage) => {
        await off(stage);
        await call(stage, 'PreToolUse');
        const [{ alert_id: id }] = (await json(stage, 'alerts')).open;
        await call(stage, 'Stop');
        await call(stage, 'PreToolUse');
        expect((await json(stage, 'alerts')).open).toMatchObject([{ alert_id: id, value: 3 }]);
        expect((await json(stage, 'status')).skipped_guards).toHaveLength(2);
      });

      test('counts on every event that can block, and without an event name, but on no other', async (stage) => {
        await off(stage);
        const events = [...EVENT_NAMES, '', 'BeforeTool', 'beforeShellExecution', 'preToolUse'];
        for (const event of events) await call(stage, event);
        const rows = await json(stage, 'logs');
        const counted = rows.filter((row: { guard_skipped: number }) => row.guard_skipped === 1);
        const names = (list: readonly string[]) => [...list].sort();
        expect(names(counted.map((row: { event_type: string }) => row.event_type))).toEqual(
          names(events.filter(canBlock)),
        );
        expect((await json(stage, 'alerts')).open).toMatchObject([
          { value: events.filter(canBlock).length },
        ]);
      });

      test('stays reported after a clean-up deletes its executions', async (stage) => {
        await off(stage);
        await call(stage, 'PreToolUse');
        for (const _ of [1, 2]) {
          expect((await stage.hookbus('cleanup', '--older-than', '0d')).code).toBe(0);
        }
        expect(await stage.rows()).toEqual([]);
        expect((await json(stage, 'alerts')).open).toMatchObject([
          { rule: 'guard_skipped', value: 1 },
        ]);
        expect((await stage.hookbus('doctor')).code).toBe(1);
      });

      test('is reported by doctor and status if alerts are disabled', async (stage) => {
        await off(stage);
        await stage.hookbus('config', 'set', 'alerts.enabled', 'false');
        await call(stage, 'PreToolUse');
        expect((await json(stage, 'alerts')).open).toEqual([]);
        expect((await json(stage, 'status')).skipped_guards).toMatchObject([{ count: 1 }]);
        expect((await stage.hookbus('doctor')).code).toBe(1);
      });

      test('is reported if config.json cannot be used', async (stage) => {
        await off(stage);
        writeFileSync(join(stage.home, 'config.json'), '{', { mode: 0o600 });
        await call(stage, 'PreToolUse');
        expect((await json(stage, 'alerts')).open).toMatchObject([{ rule: 'guard_skipped' }]);
      });

      test('is reported by status and doctor if the database is of a newer version', async (stage) => {
        await off(stage);
        await stage.drain();
        const db = new Sqlite(join(stage.home, 'hook_bus.db'));
        db.pragma('user_version = 9999');
        db.close();
        for (const _ of [1, 2]) await call(stage, 'PreToolUse');
        const { database, skipped_guards: skipped } = await json(stage, 'status');
        expect(database.state).toBe('newer');
        const one = { hook_name: 'probe', event_type: 'PreToolUse', reason: 'off', count: 2 };
        expect(skipped).toMatchObject([one]);
        expect(String((await stage.hookbus('doctor')).stdout)).toContain(
          'was skipped 2 times and refused nothing (off, last',
        );
      });

      test('does not count if a duplicate is refused again', async (stage) => {
        for (const _ of [1, 2]) expect((await call(stage, 'PreToolUse', '--dedupe')).code).toBe(2);
        expect((await stage.rows()).map(({ status }) => status).sort()).toEqual([
          'blocked',
          'dedupe_skip',
        ]);
        expect((await json(stage, 'alerts')).open).toEqual([]);
        expect((await json(stage, 'status')).skipped_guards).toEqual([]);
      });

      test('is reported if a duplicate gets an allow', async (stage) => {
        const flags = [...NAMED, '--dedupe', '--on-duplicate', 'replay'];
        // Its output must not look like a refusal, and long output must not hide why it did not run.
        const hook = ['sh', '-c', 'echo "refused again, as a " >&2; head -c 4000 /dev/zero >&2'];
        for (const _ of [1, 2])
          await stage.wrapped(hook, { flags, input: payloadOf('PreToolUse') });
        const { open } = await json(stage, 'alerts');
        expect(open).toMatchObject([{ rule: 'guard_skipped', subject: 'probe', value: 1 }]);
        expect(open[0].reason).toMatch(/^duplicate on PreToolUse, last at /);
      });

      test('does not count if it refused by JSON, whatever else it wrote', async (stage) => {
        const said = '{"decision":"block","reason":"no"}';
        const hook = ['sh', '-c', `head -c 4000 /dev/zero >&2; printf '%s' '${said}'`];
        const flags = [...NAMED, '--dedupe'];
        for (const _ of [1, 2]) {
          const outcome = await stage.wrapped(hook, { flags, input: payloadOf('PreToolUse') });
          expect(String(outcome.stdout)).toBe(said);
        }
        expect((await stage.rows()).map(({ status }) => status)).toContain('dedupe_skip');
        expect((await json(stage, 'alerts')).open).toEqual([]);
      });

      test('that --timeout ended is reported by doctor', async (stage) => {
        const flags = [...NAMED, '--timeout', '0.2'];
        await stage.wrapped(['sleep', '60'], { flags, input: payloadOf('PreToolUse') });
        const doctor = await stage.hookbus('doctor');
        expect(doctor.code).toBe(1);
        expect(String(doctor.stdout)).toContain('was ended before it finished (1 of 1 run)');
      });
    },
    WRITTEN_BEFORE,
  );
}
