import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { aHookState } from './support.ts';

const REVOKED = `
const { proxy: revoked, revoke } = Proxy.revocable({}, {});
revoke();`;

describe('a revoked proxy', () => {
  it('is an error like any other if a body throws it, and its key is free again', async () => {
    const state = aHookState();
    const { said, stderr } = await state.run(`${REVOKED}
      const go = (body) => guardedExecution('h', 'Notification', { onDuplicate: 'replay', dedupeKey: 'k' }, body);
      const [first, second] = await Promise.all([go(async () => { throw revoked; }), go(() => 'second')]);
      say([first.success, first.error instanceof Error, first.error.cause === revoked, second.output]);`);
    expect({ said, stderr }).toEqual({ said: [[false, true, true, 'second']], stderr: '' });
    expect(state.rows().map((row) => [row['status'], row['error']])).toEqual([
      ['error', expect.stringMatching(/cannot be converted to text$/)],
      ['success', null],
    ]);
    expect(state.spooled()).toEqual([]);
  });

  it('is recorded wherever else it appears', async () => {
    const state = aHookState();
    const { said, stderr } = await state.run(`${REVOKED}
      const results = [
        await guard('argument', 'Stop')(() => 1)(revoked),
        await guardedExecution('payload', 'Stop', { payload: revoked }, () => 1),
        await guardedExecution('options', 'Stop', revoked, () => 1),
        await guardedExecution(revoked, revoked, {}, () => 1),
        await guardedExecution('output', 'Stop', { dedupeKey: 'k' }, (context) => context.setOutput(revoked)),
        await guardedExecution('returned', 'Stop', { dedupeKey: 'k' }, () => revoked),
        await guardedExecution('body', 'Stop', {}, revoked),
      ];
      say(results.map(({ success }) => success));
      const scope = await startGuardedExecution('scope', 'Stop', { payload: revoked });
      scope.fail(revoked);
      await scope[Symbol.asyncDispose]();`);
    expect({ said, stderr }).toEqual({
      said: [[true, true, true, true, true, false, false]],
      stderr: '',
    });
    expect(state.rows().map((row) => [row['hook_name'], row['status']])).toEqual([
      ['argument', 'success'],
      ['payload', 'success'],
      ['options', 'success'],
      ['hook', 'success'],
      ['output', 'success'],
      ['returned', 'error'],
      ['body', 'error'],
      ['scope', 'error'],
    ]);
    expect(state.spooled()).toEqual([]);
  });
});

it('an option that cannot be read causes a warning, and the others count', async () => {
  const state = aHookState();
  const { said } = await state.run(`
    const options = { payload, get tool() { throw new Error('getter'); }, sessionId: 's', get waitSeconds() { throw 1; } };
    say((await guardedExecution('h', 'Stop', options, () => 'ran')).output);`);
  expect(said).toEqual(['ran']);
  expect(state.rows()).toMatchObject([{ hook_name: 'h', status: 'success', tool_name: 'Bash' }]);
  expect(state.rows('SELECT text FROM notices ORDER BY text')).toEqual([
    { text: 'h: tool: reading it throws, so it is ignored' },
    { text: 'h: waitSeconds: reading it throws, so it is ignored' },
  ]);
});

describe('a payload of bytes', () => {
  it('is recorded as it was passed, whatever the body does to it', async () => {
    const state = aHookState({ HOOKBUS_STORE_RAW: '1', HOOKBUS_COMPRESS: '1' });
    await state.run(`
      const changed = new TextEncoder().encode('{"tool_name":"Bash"}');
      await guardedExecution('changed', 'Stop', { payload: changed }, () => { changed.fill(120); });
      const given = new TextEncoder().encode('{"tool_name":"Edit"}');
      await guardedExecution('given', 'Stop', { payload: given }, () => { structuredClone(given, { transfer: [given.buffer] }); });`);
    const stored = state.rows(
      `SELECT hook_name, tool_name, stdin_bytes, body FROM hook_logs JOIN hook_payloads ON hook_logs.id = log_id
       WHERE stream = 'stdin' ORDER BY hook_logs.id`,
    );
    expect(
      stored.map(({ body, ...row }) => ({ ...row, text: inflateSync(body as Buffer).toString() })),
    ).toEqual([
      { hook_name: 'changed', tool_name: 'Bash', stdin_bytes: 20, text: '{"tool_name":"Bash"}' },
      { hook_name: 'given', tool_name: 'Edit', stdin_bytes: 20, text: '{"tool_name":"Edit"}' },
    ]);
  });

  it('that were detached before, or are empty, does not prevent the record', async () => {
    const state = aHookState({ HOOKBUS_STORE_RAW: '1' });
    const { said } = await state.run(`
      const gone = new Uint8Array(5);
      structuredClone(gone, { transfer: [gone.buffer] });
      for (const payload of [gone, Object.create(Uint8Array.prototype)]) {
        say((await guardedExecution('h', 'Stop', { payload }, () => 'ran')).output);
      }`);
    expect(said).toEqual(['ran', 'ran']);
    expect(state.rows().map((row) => row['status'])).toEqual(['success', 'success']);
  });
});
