import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { gatePath } from '../../src/gates/gate-file.ts';
import { makeState } from '../support/state.ts';
import { aHookState } from './support.ts';

const TRACE = 'a'.repeat(32);

describe('enabled', () => {
  it('records what the body returned, with the ids of the payload', async () => {
    const state = aHookState();
    const { said, stderr } = await state.run(`
      say(isEnabled());
      say(await guardedExecution('check', 'PostToolUse', { payload }, () => ({ decision: 'block' })));
      say(await guardedExecution('said', 'Stop', { tool: 'Edit', sessionId: 's', toolUseId: 't' },
        async (ctx) => { say([ctx.skipped, ctx.correlationId]); ctx.setOutput(1); ctx.setOutput('two'); return 3; }));
      say(await guardedExecution('none', 'Stop', undefined, () => {}));`);
    expect(stderr).toBe('');
    const [check, inSaid, inBody, none] = [said[1], said[3], said[2], said[4]] as Record<
      string,
      unknown
    >[];
    expect(said[0]).toBe(true);
    expect(check).toEqual({
      success: true,
      output: { decision: 'block' },
      skipped: false,
      correlationId: expect.stringMatching(/^[0-9a-f]{32}$/) as unknown,
    });
    expect(inSaid).toMatchObject({ success: true, output: 'two', skipped: false });
    expect(inBody).toEqual([false, inSaid?.['correlationId']]);
    expect(none).toMatchObject({ success: true, skipped: false });
    expect(state.rows()).toMatchObject([
      {
        hook_name: 'check',
        event_type: 'PreToolUse',
        tool_name: 'Bash',
        status: 'success',
        exit_code: 0,
        error: null,
        stdout_kind: 'json',
        stdout_bytes: 20,
        correlation_id: check?.['correlationId'],
        decision: 'deny',
        project: expect.any(String) as unknown,
      },
      {
        hook_name: 'said',
        event_type: 'Stop',
        tool_name: 'Edit',
        session_id: 's',
        tool_use_id: 't',
        stdout_bytes: 3,
        stdout_kind: 'text',
        decision: 'none',
      },
      { hook_name: 'none', status: 'success', stdout_bytes: 0, stdout_kind: 'empty' },
    ]);
    expect(state.spooled()).toEqual([]);
    expect(state.rows('SELECT * FROM hook_payloads')).toEqual([]);
  });

  it('returns what a body throws, whatever that is, and records it without secrets', async () => {
    const state = aHookState();
    const { said, code, stderr } = await state.run(`
      const hostile = new Proxy(new Error('x'), { get() { throw new Error('getter'); } });
      const bodies = [
        () => { throw new TypeError('password=hunter22222 is wrong'); },
        async () => { throw 'a text'; },
        () => Promise.reject(undefined),
        () => { throw Object.create(null); },
        () => { throw Symbol('s'); },
        () => ({ then() { throw new Error('thenable'); } }),
        () => { throw hostile; },
        () => { throw new Error('x'.repeat(5000) + ' the end'); },
        'no function',
      ];
      for (const body of bodies) {
        const { error, ...rest } = await guardedExecution('bad', 'Stop', {}, body);
        let text; try { text = error.message.slice(-30); } catch { text = 'unreadable'; }
        say({ ...rest, isError: error instanceof Error, text });
      }`);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(said).toHaveLength(9);
    for (const result of said) {
      expect(result).toMatchObject({ success: false, skipped: false, isError: true });
    }
    expect(said.map((result) => (result as { text: string }).text)).toEqual([
      'password=hunter22222 is wrong',
      'a text',
      'undefined',
      expect.stringMatching(/cannot be converted to text$/),
      'Symbol(s)',
      'thenable',
      'unreadable',
      expect.stringMatching(/ the end$/),
      expect.stringContaining('not a function'),
    ]);
    const rows = state.rows();
    expect(rows.map((row) => [row['status'], row['exit_code']])).toEqual(
      Array.from({ length: 9 }, () => ['error', 1]),
    );
    expect(rows[0]?.['error']).toBe('TypeError: password=[redacted:secret-assignment] is wrong');
    expect(rows[1]?.['error']).toBe('Error: a text');
    expect(String(rows[7]?.['error'])).toMatch(/ the end$/);
    expect(Buffer.byteLength(String(rows[7]?.['error']))).toBeLessThanOrEqual(2048);
  });

  it('returns an output that JSON cannot express, and warns that it is not recorded', async () => {
    const state = aHookState();
    const { said, stderr } = await state.run(`
      const cycle = {}; cycle.self = cycle;
      const outputs = [10n, cycle, () => 1, { toJSON() { throw new Error('no'); } }, 'x'.repeat(30e6)];
      for (const [index, value] of outputs.entries()) {
        const result = await guardedExecution('odd', 'Notification', { onDuplicate: 'replay', dedupeKey: 'k' + index }, () => value);
        say([result.success, result.output === value]);
      }
      let runs = 0;
      for (const round of [1, 2]) await guardedExecution('odd', 'Notification', { onDuplicate: 'replay', dedupeKey: 'again' }, () => { runs += 1; return 1n; });
      say(runs);`);
    expect(stderr).toBe('');
    expect(said).toEqual([...Array.from({ length: 5 }, () => [true, true]), 2]);
    expect(state.rows().map((row) => row['status'])).toEqual(Array(7).fill('success'));
    expect(state.rows('SELECT * FROM notices')).toMatchObject([
      { text: 'odd: output: expected a value that JSON can express', count: 6 },
    ]);
    expect(state.rows('SELECT * FROM dedupe_keys')).toEqual([]);
  });

  it('accepts any arguments, and warns about those that it cannot use', async () => {
    const state = aHookState();
    const { said, stderr, code } = await state.run(`
      const cycle = {}; cycle.self = cycle;
      const odd = [
        [undefined, undefined, undefined],
        [null, 5, null],
        ['n', 'Stop', 'no object'],
        ['n', 'Stop', { payload: cycle, tool: 5, dedupeKey: {}, dedupeTtlSeconds: -1, onDuplicate: 'maybe', waitSeconds: 'x' }],
        ['n', 'Stop', { dedupeKey: 'k', dedupeTtlSeconds: 1e300 }],
        ['n', 'Stop', { get tool() { throw new Error('getter'); } }],
        ['n'.repeat(1e5), 'Stop', { payload: 5, dedupeKey: 'k'.repeat(1e5) }],
      ];
      for (const [name, event, options] of odd) say((await guardedExecution(name, event, options, () => 1)).output);`);
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    expect(said).toEqual(Array(7).fill(1));
    const names = state.rows().map((row) => String(row['hook_name']).slice(0, 5));
    expect(names.join(' ')).toBe('hook hook n n n n nnnnn');
    const notices = state.rows('SELECT text FROM notices').map((row) => row['text']);
    for (const word of [
      'tool',
      'dedupeKey',
      'dedupeTtlSeconds',
      'onDuplicate',
      'waitSeconds',
      'payload',
    ]) {
      expect(
        notices.some((text) => String(text).startsWith(`n: ${word}: expected`)),
        word,
      ).toBe(true);
    }
  });

  it('stores payload and output if payloads are stored: capped, compressed, without secrets', async () => {
    const state = aHookState({
      HOOKBUS_STORE_RAW: '1',
      HOOKBUS_COMPRESS: '1',
      HOOKBUS_MAX_BYTES: '50',
    });
    await state.run(`
      await guardedExecution('s', 'Stop', { payload: '{"password":"hunter22222"}' }, () => 'y'.repeat(80));`);
    const payloads = state.rows(
      'SELECT stream, encoding, truncated, body FROM hook_payloads ORDER BY stream',
    );
    expect(payloads).toMatchObject([
      { stream: 'stdin', encoding: 'zlib', truncated: 0 },
      { stream: 'stdout', encoding: 'zlib', truncated: 1 },
    ]);
    const [stdin, stdout] = payloads.map((row) => inflateSync(row['body'] as Buffer).toString());
    expect(stdin).not.toContain('hunter');
    expect(stdout).toBe('y'.repeat(50));
    expect(state.rows()).toMatchObject([{ stdin_bytes: 26, stdout_bytes: 80 }]);
  });

  it('is part of the trace in its environment', async () => {
    const state = aHookState({ TRACEPARENT: `00-${TRACE}-${'b'.repeat(16)}-01` });
    const { said } = await state.run(
      `say((await guardedExecution('t', 'Stop', { payload }, () => 1)).correlationId);`,
    );
    expect(said).toEqual([TRACE]);
    expect(state.rows()).toMatchObject([{ correlation_id: TRACE, parent_span_id: 'b'.repeat(16) }]);
  });

  it('does not run the body if the gate of its hook is closed', async () => {
    const state = aHookState();
    makeState(state.home);
    mkdirSync(state.paths.gates);
    const hook = { hookName: 'shut', command: process.execPath };
    writeFileSync(gatePath(state.paths.gates, hook), `off ${Date.now() + 60_000}\n`);
    const { said } = await state.run(`
      say(await guardedExecution('shut', 'Stop', {}, () => { say('ran'); }));
      say((await guardedExecution('open', 'Stop', {}, () => 'ran')).output);
      say((await startGuardedExecution('shut', 'Stop')).skipped);`);
    expect(said).toEqual([
      { success: true, skipped: true, correlationId: expect.any(String) as unknown },
      'ran',
      true,
    ]);
    expect(state.rows().map((row) => [row['status'], row['error']])).toEqual([
      ['breaker_skip', 'off'],
      ['success', null],
      ['breaker_skip', 'off'],
    ]);
  });

  it('guards a function, sync or async, with its arguments, its `this` and its payload', async () => {
    const state = aHookState();
    const { said } = await state.run(`
      const of = { factor: 3, times: guard('times', 'PreToolUse', 'Edit')(function (value) { return this.factor * value; }) };
      say((await of.times(2)).output);
      say((await guard('ids', 'Stop')(async (read, more) => read.tool_name + more)(payload, '!')).output);
      say((await guard('bad', 'Stop')(() => { throw new Error('no'); })()).success);
      say((await guard('bad', 'Stop')('no function')()).success);`);
    expect(said).toEqual([6, 'Bash!', false, false]);
    expect(state.rows()).toMatchObject([
      { hook_name: 'times', tool_name: 'Edit', event_type: 'PreToolUse', stdin_bytes: 0 },
      { hook_name: 'ids', tool_name: 'Bash', event_type: 'PreToolUse' },
      { hook_name: 'bad', status: 'error', error: 'Error: no' },
      { hook_name: 'bad', status: 'error' },
    ]);
  });

  it('records a scope by its output, its failure, or that it ended without either', async () => {
    const state = aHookState();
    await state.run(`
      const scope = async (use) => {
        const execution = await startGuardedExecution('scope', 'Stop', { payload });
        try { use(execution); } catch {} finally { await execution[Symbol.asyncDispose](); await execution[Symbol.asyncDispose](); }
      };
      await scope((execution) => execution.setOutput({ ok: 1 }));
      await scope((execution) => { execution.setOutput(1); execution.fail(new RangeError('late')); });
      await scope(() => { throw new Error('thrown'); });
      await scope((execution) => execution.setOutput(undefined));`);
    expect(state.rows().map((row) => [row['status'], row['error']])).toEqual([
      ['success', null],
      ['error', 'RangeError: late'],
      ['error', 'Error: left without an output'],
      ['success', null],
    ]);
  });

  it('follows the settings at each execution', async () => {
    const state = aHookState();
    const other = aHookState();
    await state.run(`
      const go = (name) => guardedExecution(name, 'Stop', {}, () => 1);
      await go('one');
      process.env.HOOKBUS_ENABLED = '0'; await go('unseen');
      process.env.HOOKBUS_ENABLED = '1'; process.env.HOOKBUS_HOME = ${JSON.stringify(other.home)}; await go('two');`);
    expect(state.rows().map((row) => row['hook_name'])).toEqual(['one']);
    expect(other.rows().map((row) => row['hook_name'])).toEqual(['two']);
  });
});

describe('disabled', () => {
  it('runs bodies, creates no file and loads nothing', async () => {
    const other = aHookState();
    const state = aHookState({
      HOOKBUS_ENABLED: '0',
      TRACEPARENT: `00-${TRACE}-${'b'.repeat(16)}-01`,
    });
    const { said, stderr } = await state.run(`
      say(isEnabled());
      say(await guardedExecution('a', 'Stop', { payload, dedupeKey: 'k' }, (ctx) => { ctx.setOutput(5); }));
      say((await guardedExecution('a', 'Stop', { dedupeKey: 'k' }, () => 6)).output);
      say((await guardedExecution('a', 'Stop', {}, () => { throw 1; })).error.message);
      const execution = await startGuardedExecution('a', 'Stop');
      say([execution.skipped, execution.correlationId]);
      await execution[Symbol.asyncDispose]();
      const { createRequire } = await import('node:module');
      const loaded = () => Object.keys(createRequire('${import.meta.url}').cache).length;
      say(loaded());
      delete process.env.TRACEPARENT;
      const ids = await Promise.all([1, 2].map(() => guardedExecution('a', 'Stop', {}, () => 1)));
      say(ids[0].correlationId !== ids[1].correlationId && /^[0-9a-f]{32}$/.test(ids[0].correlationId));
      process.env.HOOKBUS_ENABLED = '1';
      process.env.HOOKBUS_HOME = ${JSON.stringify(other.home)};
      await guardedExecution('a', 'Stop', {}, () => 1);
      say(loaded() > 0);`);
    expect(stderr).toBe('');
    expect(said).toEqual([
      false,
      { success: true, output: 5, skipped: false, correlationId: TRACE },
      6,
      '1',
      [false, TRACE],
      0,
      true,
      true,
    ]);
    expect(existsSync(state.home)).toBe(false);
  });
});
