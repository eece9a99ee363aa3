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

type TextCause = Omit<Cause, 'toolInput'> & { readonly toolInput?: string };

const CALL: TextCause = { sessionId: 's', toolName: 'sh', eventType: 'e', toolInput: '{"a":1}' };

/** The id is null if nothing shows what belongs together. */
const CAUSES: readonly (readonly [cause: TextCause, id: string | null])[] = [
  [
    { sessionId: 's', toolUseId: 't', promptId: 'p', eventType: 'e' },
    '854caf4678d5f69943b648717c182447',
  ],
  [
    { sessionId: 's', toolUseId: '', promptId: 'p', eventType: 'e' },
    '6d4fb7c480c43b2fee39a363d6a551e8',
  ],
  [{ sessionId: 's', promptId: '', eventType: 'e' }, 'def52ddb563b109bdfe9c2a023bd7276'],
  [{ sessionId: 's' }, null],
  [{ toolUseId: 't', eventType: 'e' }, null],
  [{ sessionId: 's', eventType: 'e', isPartial: true }, null],
  [{ sessionId: 's', toolUseId: 't', isPartial: true }, '854caf4678d5f69943b648717c182447'],
  [{ sessionId: 's', promptId: 'p', isPartial: true }, '6d4fb7c480c43b2fee39a363d6a551e8'],
  [CALL, '937d5705871d1dab37268f223350ede1'],
  [{ ...CALL, eventType: 'another' }, '937d5705871d1dab37268f223350ede1'],
  [{ ...CALL, toolInput: '{ "a" : 1\n}' }, '937d5705871d1dab37268f223350ede1'],
  [{ ...CALL, toolInput: '"{\\"a\\": \\u0031}"' }, '937d5705871d1dab37268f223350ede1'],
  [{ ...CALL, toolInput: '"{\\"a\\": \\x}"' }, null],
  [{ ...CALL, toolInput: '{"a":" 1 \\" 2 "}' }, 'fa59f08cfeff32f73211114c120bee0e'],
  [{ ...CALL, toolInput: '{"a":"1\\" 2 "}' }, '23283d151e26dbd592fea9239446c1be'],
  [{ ...CALL, toolInput: '"a  b"' }, '302fa5b4962a910ef74ca03aede716bd'],
  [{ ...CALL, toolInput: '"a b"' }, 'f9ee96da9b304ebf62efb66f41296f4c'],
  [{ ...CALL, toolInput: '"é \\ud83d\\ude80 \\ud83d"' }, '144664f07eb7272668bc450f9796cebc'],
  [{ ...CALL, toolInput: 'null' }, '2a13505cb9dda222cc943e6f46afef2a'],
  [{ ...CALL, toolName: 'shs' }, 'b1664f1ef18f80c39e28590cc2f7d0b5'],
  [{ ...CALL, toolUseId: 't' }, '854caf4678d5f69943b648717c182447'],
  [{ ...CALL, promptId: 'p' }, '6d4fb7c480c43b2fee39a363d6a551e8'],
  [{ ...CALL, isPartial: true }, null],
  [{ sessionId: 's', toolName: 'sh', eventType: 'e' }, null],
  [{ sessionId: 'naïve 🚀', toolUseId: '日本語' }, 'e144bee7ae2f14b0676ceb9122586205'],
  [{ sessionId: 'x'.repeat(256), toolUseId: 'y'.repeat(256) }, '59bf4b4994e0fc1f7bf879609e98f364'],
];

describe('the correlation vectors', () => {
  it.each(TRACE_PARENTS)('say whether the traceparent %j is valid: %j', (text, isValid) => {
    expect(parseTraceParent(text) !== undefined).toBe(isValid);
  });

  it.each(CAUSES)('derive from %.200j the correlation id %s', (cause, id) => {
    expect(derive(cause)).toBe(id);
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

function derive({ toolInput, ...cause }: TextCause): string | null {
  const input = toolInput === undefined ? {} : { toolInput: Buffer.from(toolInput) };
  return deriveCorrelationId({ ...cause, ...input }) ?? null;
}

const fileOf = (lines: readonly string[]): string => `[\n${lines.join(',\n')}\n]\n`;
