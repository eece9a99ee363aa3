import { describe, expect, it } from 'vitest';
import { dedupeKey, type KeyFacts, TemplateError } from '../../src/domain/key/dedupe-key.ts';

const payloadOf = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

const FACTS: KeyFacts = {
  hookName: 'guard',
  eventType: 'PreToolUse',
  toolName: 'Bash',
  sessionId: 'S',
  toolUseId: 'T',
  createdAtMs: Date.UTC(2026, 10, 24, 9, 30),
  guard: { argv: ['guard.sh'], cwd: '/work', files: () => ['1:2:3:4'] },
  payload: payloadOf({ a: { b: 'x', n: 1.5, t: true, list: ['p', { q: 1 }], 'd.e': 1 }, z: '' }),
};

/** The part of a key that the template gives, without what is added if the hook decides. */
const keyOf = (template: string, facts: Partial<KeyFacts> = {}): string | undefined =>
  dedupeKey(template, { ...FACTS, ...facts })?.replace(/:[0-9a-f]{32}$/, '');

describe('a dedupe key', () => {
  it.each([
    ['{hook_name}:{event}:{tool_name}:{session_id}:{tool_use_id}', 'guard:PreToolUse:Bash:S:T'],
    ['{date} {hour}', '2026-11-24 2026-11-24T09'],
    ['{a.b}/{a.n}/{a.t}', 'x/1.5/true'],
    ['{a.list}', '["p",{"q":1}]'],
    ['{a.list.0}{a.list.1.q}', 'p1'],
    ['{{{a.b}}}', '{x}'],
    ['once', 'once'],
    ['{payload}', expect.stringMatching(/^[0-9a-f]{64}$/)],
  ])('%s becomes %s', (template, key) => {
    expect(keyOf(template)).toEqual(key);
  });

  it.each([
    '{a.c}',
    '{z}',
    '{a.b.c}',
    '{constructor}',
    '{__proto__}',
    '{a.list.7}',
    '{a.list.length.x}',
    '',
  ])('does not exist for %s', (template) => {
    expect(keyOf(template)).toBeUndefined();
  });

  it.each(['{', '}', '{a', 'a}', '{}', '{ a }', '{a..b}', '{.a}', '{a{b}}'])(
    'cannot be made of %s',
    (template) => {
      expect(() => keyOf(template)).toThrow(TemplateError);
    },
  );

  it('does not exist for a payload that is not JSON, unless the template needs no field of it', () => {
    const payload = Buffer.from('not JSON');
    expect(keyOf('{a.b}', { payload })).toBeUndefined();
    expect(keyOf('{tool_use_id}', { payload })).toBe('T');
    expect(keyOf('{payload}', { payload })).toMatch(/^\w{64}$/);
  });

  it('reads a payload after a byte order mark', () => {
    const payload = Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), payloadOf({ x: 'é' })]);
    expect(keyOf('{x}', { payload })).toBe('é');
  });

  it('consists of hook, event, session, tool use and the payload without trailing blanks', () => {
    expect(dedupeKey(undefined, FACTS)).toMatch(/^guard:PreToolUse:S:T:[0-9a-f]{64}:[0-9a-f]{32}$/);
    const of = (text: string) =>
      dedupeKey(undefined, { ...FACTS, toolUseId: undefined, payload: Buffer.from(text) });
    expect(of('{"x":1}')).toMatch(/^guard:PreToolUse:S::\w{64}:/);
    expect(of('{"x":1}')).toBe(of('{"x":1} \r\n\t\n'));
    expect(of('{"x":1}')).not.toBe(of(' {"x":1}'));
    expect(of(' \n')).toBeUndefined();
    expect(of('')).toBeUndefined();
  });

  it.each([undefined, 'k'])(
    'from the template %s includes what runs only if the hook decides',
    (template) => {
      const of = (eventType: string, guard: KeyFacts['guard']) =>
        dedupeKey(template, { ...FACTS, eventType, guard });
      const guard = FACTS.guard as NonNullable<KeyFacts['guard']>;
      const others = [
        { ...guard, argv: ['guard.sh', '--x'] },
        { ...guard, cwd: '/other' },
        { ...guard, files: () => ['1:2:3:5'] },
      ];
      const differ = (eventType: string) =>
        others.map((other) => of(eventType, other) !== of(eventType, guard));
      for (const event of ['PreToolUse', 'Stop', 'PermissionRequest', 'BeforeTool', 'new', '']) {
        expect(differ(event), event).toEqual([true, true, true]);
        expect(of(event, { ...guard, cwd: undefined }), event).toBeUndefined();
      }
      expect(differ('PostToolUse')).toEqual([true, true, false]);
      expect(differ('Notification')).toEqual([false, false, false]);
    },
  );

  it('of 256 bytes is recorded as is, a longer one as its digest', () => {
    expect(keyOf('x'.repeat(256))).toBe('x'.repeat(256));
    expect(keyOf('é'.repeat(129))).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(keyOf('x'.repeat(257))).not.toBe(keyOf(`${'x'.repeat(256)}y`));
  });

  it('with a secret is recorded as its digest, and two secrets give two digests', () => {
    const token = (end: string) => keyOf(`ghp_${'a1B2'.repeat(8)}c3D${end}`);
    expect(token('1')).toMatch(/^sha256:/);
    expect(token('1')).not.toBe(token('2'));
  });
});
