import { describe, expect, it } from 'vitest';
import { type Cause, deriveCorrelationId, parseTraceParent } from '../../src/domain/correlation.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';

/** Written to fixtures/vectors/correlation.json by `vitest -u`; ports.test.ts tests the C port with that file. */
const TRACE_PARENTS: readonly (readonly [text: string, isValid: boolean])[] = [
  [`00-${TRACE}-${SPAN}-01`, true],
  [`00-${TRACE}-${SPAN}-00`, true],
  [`00-${TRACE}-${SPAN}-ff`, true],
  [`01-${TRACE}-${SPAN}-01`, true],
  [`cc-${TRACE}-${SPAN}-01-later`, true],
  [`cc-${TRACE}-${SPAN}-01-`, true],
  [`cc-${TRACE}-${SPAN}-01later`, false],
  [`cc-${TRACE}-${SPAN}-01-la\nter`, false],
  [`00-${TRACE}-${SPAN}-01-later`, false],
  [`00-${TRACE}-${SPAN}-01-`, false],
  [`00-${TRACE}-${SPAN}-01\n`, false],
  [` 00-${TRACE}-${SPAN}-01`, false],
  [`ff-${TRACE}-${SPAN}-01`, false],
  [`00-${'0'.repeat(32)}-${SPAN}-01`, false],
  [`00-${TRACE}-${'0'.repeat(16)}-01`, false],
  [`00-${'0'.repeat(31)}1-${'0'.repeat(15)}1-01`, true],
  [`00-${TRACE.toUpperCase()}-${SPAN}-01`, false],
  [`00-${TRACE}-${SPAN}-0`, false],
  [`00-${TRACE}-${SPAN}`, false],
  [`00-${TRACE.slice(1)}-${SPAN}-01`, false],
  [`00-${TRACE}0-${SPAN}-01`, false],
  [`0x-${TRACE}-${SPAN}-01`, false],
  [`00_${TRACE}_${SPAN}_01`, false],
  ['garbage', false],
  ['00-', false],
  ['', false],
];

const CAUSES: readonly (readonly [cause: Cause, id: string])[] = [
  [
    { sessionId: 's', toolUseId: 't', promptId: 'p', eventType: 'e' },
    '854caf4678d5f69943b648717c182447',
  ],
  [
    { sessionId: 's', toolUseId: '', promptId: 'p', eventType: 'e' },
    '6d4fb7c480c43b2fee39a363d6a551e8',
  ],
  [{ sessionId: 's', promptId: '', eventType: 'e' }, 'def52ddb563b109bdfe9c2a023bd7276'],
  [{ sessionId: 's' }, '90079958ee1225e687f44a94457de75f'],
  [{ sessionId: 'naïve 🚀', toolUseId: '日本語' }, 'e144bee7ae2f14b0676ceb9122586205'],
  [{ sessionId: 'x'.repeat(256), toolUseId: 'y'.repeat(256) }, '59bf4b4994e0fc1f7bf879609e98f364'],
];

describe('the correlation vectors', () => {
  it.each(TRACE_PARENTS)('say whether the traceparent %j is valid: %j', (text, isValid) => {
    expect(parseTraceParent(text) !== undefined).toBe(isValid);
  });

  it.each(CAUSES)('derive from %j the correlation id %s', (cause, id) => {
    expect(deriveCorrelationId(cause)).toBe(id);
  });

  it('equal the file that the C port is tested with', async () => {
    const lines = [
      ...TRACE_PARENTS.map(([text]) =>
        JSON.stringify({ traceparent: text, parsed: parseTraceParent(text) ?? null }),
      ),
      ...CAUSES.map(([cause, id]) => JSON.stringify({ cause, id })),
    ];
    await expect(fileOf(lines)).toMatchFileSnapshot('../../fixtures/vectors/correlation.json');
  });
});

const fileOf = (lines: readonly string[]): string => `[\n${lines.join(',\n')}\n]\n`;
