import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseRunOptions } from '../../src/config/run-options.ts';
import { readSettings } from '../../src/config/settings.ts';
import { wordsOf } from '../../src/config/warnings.ts';
import { createStdoutKind } from '../../src/domain/answer/stdout-kind.ts';
import { deriveCorrelationId, parseTraceParent } from '../../src/domain/correlation.ts';
import { scanPayload } from '../../src/domain/payload/payload-scan.ts';
import { readFields } from '../../src/protocol/frame.ts';
import { EFFORT, SEED } from '../support/effort.ts';
import { createRandom, mutate, type Random } from '../support/random.ts';
import { type Call, canCompile, compileDriver, type Driver } from './support/driver.ts';

const WARNING_TAG = 21;

const vectors = (name: string): Record<string, never>[] =>
  JSON.parse(readFileSync(new URL(`../../fixtures/vectors/${name}.json`, import.meta.url), 'utf8'));

/** Asks the C port and the TypeScript port the same questions, and expects the same answers. */
describe.skipIf(canCompile !== true)(
  `the C port and the TypeScript port${canCompile === true ? '' : ` (skipped: ${canCompile})`}`,
  () => {
    let driver: Driver;
    beforeAll(() => {
      driver = compileDriver();
    });
    afterAll(() => driver?.close());

    /** Asks the C port, and shows the first call whose answer is not the expected one. */
    function agree(calls: readonly Call[], expected: readonly string[]): void {
      const answers = driver.ask(calls);
      expect(answers).toHaveLength(expected.length);
      const at = answers.findIndex((answer, index) => answer !== expected[index]);
      if (at >= 0) expect(answers[at], JSON.stringify(calls[at])).toBe(expected[at]);
    }

    /** The C port checks only quotes and brackets, so it may take a broken object for JSON; all else must agree. */
    function agreeOnKinds(inputs: readonly Buffer[], expected: readonly string[]): void {
      const answers = driver.ask(inputs.map((input): Call => ['kind', input]));
      const wrong = inputs.filter((_, index) => {
        const [answer, kind] = [answers[index], expected[index]];
        return answer !== kind && !(answer === 'json' && kind === 'broken');
      });
      expect(wrong.map(String)).toEqual([]);
    }

    it('agree on SHA-256', () => {
      const inputs = [0, 1, 2, 55, 56, 57, 63, 64, 65, 119, 120, 128, 1000, 65_536].map((length) =>
        Buffer.alloc(length, 'hookbus'),
      );
      agree(
        inputs.map((input): Call => ['sha256', input]),
        inputs.map((input) => createHash('sha256').update(input).digest('hex')),
      );
    });

    it('agree on the vectors of stdout kinds', () => {
      const cases = vectors('stdout-kind') as unknown as { input_base64: string; kind: string }[];
      agreeOnKinds(
        cases.map(({ input_base64 }) => Buffer.from(input_base64, 'base64')),
        cases.map(({ kind }) => kind),
      );
    });

    it('agree on the vectors of the payload scan', () => {
      const cases = vectors('payload-scan') as unknown as {
        input_base64: string;
        wanted: string[];
        values?: string[];
        found: Record<string, string>;
        is_whole: boolean;
      }[];
      agree(
        cases.map(
          ({ input_base64, wanted, values = [] }): Call => [
            'scan',
            Buffer.from(input_base64, 'base64'),
            ...wanted,
            ...values.map((name) => `=${name}`),
          ],
        ),
        cases.map(({ wanted, values = [], found, is_whole }) =>
          foundLine(is_whole, [...wanted, ...values], (name) =>
            found[name] === undefined ? undefined : Buffer.from(found[name], 'base64'),
          ),
        ),
      );
    });

    it('agree on the vectors of correlation', () => {
      const cases = vectors('correlation') as unknown as {
        traceparent?: string;
        parsed?: { traceId: string; spanId: string; flags: string } | null;
        cause?: Partial<Record<(typeof CAUSE)[number], string>> & { isPartial?: boolean };
        id?: string | null;
      }[];

      agree(
        cases.map(
          ({ traceparent, cause }): Call =>
            cause === undefined
              ? ['trace', traceparent ?? '']
              : [
                  'derive',
                  ...CAUSE.map((name) => cause[name] ?? ''),
                  cause.isPartial === true ? '1' : '0',
                ],
        ),
        cases.map(
          ({ parsed, id }) =>
            id ?? (parsed ? `${parsed.traceId} ${parsed.spanId} ${parsed.flags}` : '-'),
        ),
      );
    });

    it('agree on 20,000 mutated payloads and outputs', () => {
      const random = createRandom(3 + SEED);
      const wanted = ['a', 'session_id', 'tool_use_id'];
      const wantedValues = ['tool_input'];
      for (let batch = 0; batch < EFFORT; batch += 1) {
        const inputs = Array.from({ length: 10_000 }, () =>
          mutate(Buffer.from(randomObject(random)), random),
        );
        agreeOnKinds(
          inputs,
          inputs.map((input) => {
            const kind = createStdoutKind();
            kind.push(input);
            return kind.kind();
          }),
        );
        agree(
          inputs.map((input): Call => ['scan', input, ...wanted, '=tool_input']),
          inputs.map((input) => {
            const { texts, values, isWhole } = scanPayload(input, wanted, wantedValues);
            return foundLine(
              isWhole,
              [...wanted, ...wantedValues],
              (name) => texts.get(name) ?? values.get(name),
            );
          }),
        );
      }
    });

    it('agree on 20,000 mutated inputs of calls', () => {
      const random = createRandom(8 + SEED);
      const inputs = Array.from({ length: 20_000 * EFFORT }, () => {
        const json = randomObject(random);
        const value = random(3) === 0 ? JSON.stringify(json) : json;
        return mutate(Buffer.from(value), random);
      }).filter((input) => input.length > 0);
      for (const length of [65_534, 65_535]) inputs.push(Buffer.from(`"${'x'.repeat(length)}"`));
      agree(
        inputs.map((input): Call => ['derive', 's', '', '', 'e', 'sh', input, '0']),
        inputs.map((toolInput) => {
          const cause = { sessionId: 's', toolName: 'sh', eventType: 'e', toolInput };
          return deriveCorrelationId(cause) ?? '-';
        }),
      );
    });

    it('agree on 4,000 command lines, valid and invalid', () => {
      const random = createRandom(6);
      const commands = Array.from({ length: 4000 }, () =>
        Array.from({ length: random(9) }, () => randomWord(random)),
      );
      const answers = driver.ask(commands.map((words): Call => ['options', ...words]));
      for (const [index, words] of commands.entries())
        expect(parsedOptions(answers[index] ?? ''), JSON.stringify(words)).toEqual(
          optionsOf(words),
        );
    });

    it('agree on 4,000 environments, valid and invalid', () => {
      const random = createRandom(7);
      const environments = Array.from({ length: 4000 }, () => randomEnvironment(random));
      const answers = driver.ask(
        environments.map(
          (env): Call => [
            'settings',
            ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
          ],
        ),
      );
      for (const [index, env] of environments.entries())
        expect(parsedSettings(answers[index] ?? ''), JSON.stringify(env)).toEqual(settingsOf(env));
    });

    it('need a session for a correlation id', () => {
      expect(deriveCorrelationId({ toolUseId: 't' })).toBeUndefined();
      expect(parseTraceParent(undefined)).toBeUndefined();
    });
  },
);

const CAUSE = [
  ...(['sessionId', 'toolUseId', 'promptId', 'eventType', 'toolName', 'toolInput'] as const),
];

function foundLine(
  isWhole: boolean,
  wanted: readonly string[],
  valueFor: (name: string) => Uint8Array | undefined,
): string {
  const found = wanted.map((name) => {
    const value = valueFor(name);
    return value === undefined ? '' : ` ${name}=${Buffer.from(value).toString('hex')}`;
  });
  return [isWhole ? 'whole' : 'part', ...found].join('');
}

function randomObject(random: Random): string {
  const names = ['a', 'session_id', 'tool_use_id', 'tool_input', 'n'];
  const value = (depth: number): string => {
    const values = [
      '"x"',
      '"\\"\\\\"',
      '"\\ud83d\\ude80"',
      '"\\ud83d"',
      '"é"',
      '12',
      'true',
      'null',
      '-1.5e3',
      `"${'y'.repeat(random(300))}"`,
    ];
    const kind = random(depth > 3 ? 10 : 12);
    if (kind === 10)
      return `[${Array.from({ length: random(3) }, () => value(depth + 1)).join(', ')}]`;
    if (kind === 11)
      return `{${Array.from({ length: random(3) }, () => `"k":${value(depth + 1)}`).join(',')}}`;
    return values[kind] ?? '0';
  };
  return `{${Array.from({ length: random(6) }, () => `"${names[random(names.length)]}":${value(0)}`).join(',')}}\n`;
}

function randomWord(random: Random): string {
  const names = [
    '--name',
    '--event',
    '--tool',
    '--shell',
    '--dedupe',
    '--dedupe-key',
    '--dedupe-ttl',
    '--on-duplicate',
    '--timeout',
    '--guard',
    '--fail-open',
    '--max-bytes',
    '--store-raw',
    '--no-store-raw',
    '--compress',
    '--no-compress',
    '--help',
    '-h',
    '-x',
    '--nam',
    '--',
    '-',
  ];
  const values = [
    '',
    'x',
    '1',
    '0',
    '007',
    '1.5',
    '0.000001',
    '2147483',
    '2147483.000001',
    '1e3',
    '67108864',
    '67108865',
    '999999999999999',
    '9999999999999999',
    'replay',
    'skip',
    'é"\\\n\u0001',
    '--',
    'a=b',
  ];
  const [name, value] = [names[random(names.length)] ?? '', values[random(values.length)] ?? ''];
  return [name, name, value, `${name}=${value}`][random(4)] ?? '';
}

function optionsOf(words: readonly string[]) {
  const { help: _help, shellLine, ...options } = parseRunOptions(words);
  return {
    ...options,
    ...(shellLine === undefined ? {} : { shell: shellLine }),
  };
}

function parsedOptions(line: string) {
  const fields = fieldsOf(line);
  const one = (name: string) => fields.get(name)?.[0];
  const text = (name: string, value = one(name)) =>
    value === undefined ? undefined : Buffer.from(value, 'hex').toString();
  const flag = (name: string) => (one(name) === '-1' ? undefined : one(name) === '1');
  const found = {
    name: text('name'),
    event: text('event'),
    tool: text('tool'),
    shell: text('shell'),
    dedupe: flag('dedupe'),
    dedupeKey: text('dedupe_key'),
    dedupeTtlSeconds: Number(one('dedupe_ttl')) || undefined,
    onDuplicate: [undefined, 'replay', 'skip', 'deny'][Number(one('on_duplicate'))],
    failOpen: flag('fail_open'),
    storeRaw: flag('store_raw'),
    compress: flag('compress'),
    maxBytes: one('max_bytes') === '-1' ? undefined : Number(one('max_bytes')),
    timeoutSeconds: Number(one('timeout')) / 1e6 || undefined,
    argv: (fields.get('argument') ?? []).map((word) => text('', word)),
    warnings: warningsOf(one('warnings')),
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
}

function randomEnvironment(random: Random): Record<string, string> {
  const names = [
    'HOOKBUS_ENABLED',
    'HOOKBUS_MAX_BYTES',
    'HOOKBUS_COMPRESS',
    'HOOKBUS_STORE_RAW',
    'HOOKBUS_REDACT',
    'HOOKBUS_DEDUPE_TTL',
    'HOOKBUS_DEDUPE_URL',
    'HOOKBUS_DAEMON',
    'HOOKBUS_DEBUG',
  ];
  const values = [
    '',
    ' ',
    '1',
    '0',
    'TRUE',
    ' yes\t',
    'oN',
    'off',
    'No',
    'maybe',
    'MAYBE"\\',
    'auto',
    'Off',
    ',',
    ' , \t,',
    'deny',
    'deny,ERROR',
    ',none \tdedupe_skip,,',
    'deny,1',
    'deny;error',
    'deny,successful_in_the_end',
    '67108864',
    '67108865',
    '3153600000',
    '3153600001',
    '36500',
    '36501',
    '-1',
    '1e3',
    'deny,error',
    'Ask\tdeny ,,',
    'deny;error',
    'none',
    ' None,none ',
    'none,deny',
    ',',
    'redis://h',
    'redis://',
    'rediss://h:1',
    '\u00a0 2 \u2003',
    `${'x'.repeat(60)}`,
    `${'x'.repeat(61)}`,
    `${'🚀'.repeat(31)}`,
  ];
  const places = [
    '',
    '/',
    '/a',
    '/a/',
    '/a//b/./c/../d',
    '/..',
    '/../a/',
    'rel',
    './rel/../x',
    '~',
    '~/s',
    '~x',
    '~/a/../b',
    `/${'long'.repeat(50)}`,
  ];
  const env: Record<string, string> = {};
  for (const name of names) if (random(3) === 0) env[name] = values[random(values.length)] ?? '';
  for (const name of ['HOME', 'HOOKBUS_HOME', 'XDG_STATE_HOME'])
    if (random(2) === 0) env[name] = places[random(places.length)] ?? '';
  // `~` means nothing if HOME is relative.
  if (env['HOOKBUS_HOME']?.startsWith('~') && !env['HOME']?.startsWith('/')) delete env['HOME'];
  return env;
}

function settingsOf(env: Record<string, string>) {
  const settings = readSettings(env);
  const { paths, problems, enabled, compress, storeRaw, redact, daemon, maxBytes } = settings;
  const { sharesKeys } = settings;
  return {
    dedupeTtlSeconds: settings.dedupeTtlSeconds,
    sharesKeys,
    enabled,
    compress,
    storeRaw,
    storeOnly: settings.storeOnly ?? [],
    redact,
    daemon,
    maxBytes,
    home: withoutSlash(paths?.home ?? ''),
    problems,
  };
}

/** The Node engine keeps a slash at the end of `~`; the directory is the same. */
const withoutSlash = (path: string): string => path.replace(/(.)\/$/, '$1');

function parsedSettings(line: string) {
  const fields = fieldsOf(line);
  const one = (name: string): string => fields.get(name)?.[0] ?? '';
  return {
    dedupeTtlSeconds: Number(one('dedupe_ttl')),
    sharesKeys: one('shares_keys') === '1',
    enabled: one('enabled') === '1',
    compress: one('compress') === '1',
    storeRaw: one('store_raw') === '1',
    storeOnly: (fields.get('store_only') ?? []).map((word) => word.toLowerCase()),
    redact: one('redact') === '1',
    daemon: one('daemon') === '1' ? 'auto' : 'off',
    maxBytes: Number(one('max_bytes')),
    home: Buffer.from(one('home'), 'hex').toString(),
    problems: warningsOf(one('warnings')),
  };
}

function fieldsOf(line: string): Map<string, string[]> {
  const fields = new Map<string, string[]>();
  for (const field of line.trim().split(' ')) {
    const [name = '', value = ''] = field.split('=');
    fields.set(name, [...(fields.get(name) ?? []), value]);
  }
  return fields;
}

const warningsOf = (hex: string | undefined): string[] =>
  readFields(Buffer.from(hex ?? '', 'hex'))
    .texts(WARNING_TAG)
    // The engines decide about a valid mode later, by the event.
    .filter((warning) => !/^--on-duplicate=(deny|skip|replay)$/.test(warning))
    .map(wordsOf);
