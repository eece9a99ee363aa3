import { describe, expect, it } from 'vitest';
import { aHookState } from './support.ts';

const DECLARATIONS = `
class Decision { constructor() { this.deny = true; } }
class Spoken { #deny = true; toJSON() { return { deny: this.#deny }; } }
const cycle = []; cycle.push(cycle);
const twice = async (dedupeKey, body) => {
  const go = () => guardedExecution('h', 'Notification', { onDuplicate: 'replay', dedupeKey }, body);
  return [await go(), await go()];
};`;

describe('an output', () => {
  it.each([
    ['a Map', `new Map([['deny', true]])`],
    ['a Set', `new Set(['deny'])`],
    ['an instance of a class', 'new Decision()'],
    ['an Error', `new Error('deny')`],
    ['NaN', 'NaN'],
    ['an infinite number', '-Infinity'],
    ['an invalid date', 'new Date(NaN)'],
    ['bytes', 'new Uint8Array([1])'],
    ['a regular expression', '/deny/'],
    ['a String object', `new String('deny')`],
    ['a sparse array', '[, 1]'],
    ['a cycle', 'cycle'],
    ['a function', '() => 1'],
    ['a symbol', `Symbol('deny')`],
    ['a bigint', '10n'],
  ])('that is %s, or holds one, is not shared: each body runs', async (_, value) => {
    const state = aHookState();
    const { said } = await state.run(`${DECLARATIONS}
      for (const [key, output] of [['itself', ${value}], ['inside', { list: [{ deny: ${value} }] }]]) {
        const results = await twice(key, () => output);
        say(results.map((result) => [result.skipped, result.output === output || Object.is(result.output, output)]));
      }`);
    expect(said).toEqual(
      Array(2).fill([
        [false, true],
        [false, true],
      ]),
    );
    expect(state.rows('SELECT * FROM dedupe_keys')).toEqual([]);
  });

  it('is shared if JSON expresses it completely, else not at all', async () => {
    const state = aHookState();
    const { said } = await state.run(`${DECLARATIONS}
      const none = Object.assign(Object.create(null), { deny: true, and: undefined });
      const outputs = [new Spoken(), new Date(0), none, { b: [null, 1], a: '\\ud800' }, undefined];
      for (const [key, output] of outputs.entries()) {
        const [first, second] = await twice('k' + key, () => output);
        say([first.skipped, second.skipped, second.output ?? 'none']);
      }`);
    expect(said).toEqual([
      [false, true, { deny: true }],
      [false, true, '1970-01-01T00:00:00.000Z'],
      [false, true, { deny: true }],
      [false, true, { b: [null, 1], a: '\ud800' }],
      [false, true, 'none'],
    ]);
  });

  it.each([
    ['a generator function', 'function* () { say("ran"); yield 1; }'],
    ['an async generator function', 'async function* () { say("ran"); yield 1; }'],
  ])('of %s causes a warning, because its body never ran', async (_, body) => {
    const state = aHookState();
    const { said, stderr } = await state.run(`${DECLARATIONS}
      say((await twice('k', ${body})).map(({ success, skipped }) => [success, skipped]));`);
    expect({ said, stderr }).toEqual({
      said: [
        [
          [true, false],
          [true, false],
        ],
      ],
      stderr: '',
    });
    expect(state.rows('SELECT text, count FROM notices')).toEqual([
      {
        text: 'h: output: the body returned a generator, so none of its code ran',
        count: 2,
      },
    ]);
  });
});
