import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { redactBytes, redactTail, redactText } from '../../src/redaction/redaction.ts';
import { allSamples } from './all-secrets.ts';
import { keySamples } from './secret-keys.ts';
import { drawFrom, GROUPS, type Sample } from './secrets.ts';

/** One draw gives some 330 secrets. Use HOOKBUS_TEST_SEED for a different draw. */
const SEEDS = Array.from(
  { length: 5 },
  (_, index) => Number(process.env['HOOKBUS_TEST_SEED'] ?? 1) + index,
);

/** Allowed misses of a group in all draws together: one in a hundred, and none for keys. */
const MAY_BE_MISSED: Readonly<Record<string, number>> = { keys: 0, boundaries: 0 };

function isHeld({ text, secrets, kind, isCut }: Sample & { readonly isCut: boolean }): boolean {
  // UTF-16 is not text like the others.
  const encoding = kind.startsWith('UTF-16') ? 'latin1' : 'utf8';
  const redacted = redactBytes(Buffer.from(text, encoding), { atEnd: isCut });
  const after = Buffer.from(redacted).toString(encoding);
  return secrets.length > 0 && !secrets.some((secret) => after.includes(secret));
}

describe('made-up secrets', () => {
  const samples = SEEDS.flatMap(allSamples);

  it.each(GROUPS)('of the group %s are found', (group) => {
    const all = samples.filter((sample) => sample.group === group);
    const missed = all.filter((sample) => !isHeld(sample));
    process.stdout.write(
      `redaction of ${group}: ${all.length - missed.length} of ${all.length} held\n`,
    );
    const max = MAY_BE_MISSED[group] ?? Math.floor(all.length / 100);
    expect(missed.length, missed.map(({ kind }) => kind).join('; ')).toBeLessThanOrEqual(max);
  });

  it('are also found in a long text, which is searched differently', () => {
    const filler = `${'an ordinary line of some words\n'.repeat(150)}`;
    const held = samples.filter(({ isCut, kind }) => !isCut && !kind.startsWith('UTF-16'));
    const missed = held.filter(
      (sample) =>
        isHeld(sample) && !isHeld({ ...sample, text: `${filler}${sample.text}\n${filler}` }),
    );
    expect(missed.map(({ kind, text }) => `${kind}: ${text.slice(0, 200)}`)).toEqual([]);
  });

  it('are also found on a later line of a string in JSON, where a letter stands before them', () => {
    const inJson = (text: string): string => JSON.stringify({ a: `one\n${text}\ntwo` });
    const groups = ['tokens', 'names', 'commands'];
    const missed = samples.filter((sample) => {
      if (!groups.includes(sample.group) || !isHeld(sample)) return false;
      const one = inJson(sample.text);
      return [one, inJson(one)].some(
        (text) =>
          sample.secrets.some((secret) => text.includes(secret)) && !isHeld({ ...sample, text }),
      );
    });
    expect(missed.map(({ kind }) => kind)).toEqual([]);
  });

  it('are at least 250 at a time', () => {
    expect(allSamples(1).length).toBeGreaterThanOrEqual(250);
  });
});

describe('the end of a text', () => {
  it('contains no line of a key, wherever the text was truncated', () => {
    for (const { text, secrets, kind } of keySamples(drawFrom(3)).slice(-14, -9)) {
      const whole = `${text}\nTraceback (most recent call last):\n${'  File "x.py", line 1\n'.repeat(40)}`;
      for (let cut = 0; cut < text.length; cut += 7) {
        const after = redactTail(whole.slice(cut));
        const left = secrets.filter((line) => line.length > 15 && after.includes(line.slice(-15)));
        expect(left, `${kind} cut at ${cut}: ${after.slice(0, 200)}`).toEqual([]);
      }
    }
  });

  it.each([
    '2026-11-29T12:00:00.123Z INFO app[12]: ',
    'pod/abc-7f9/main: ',
    'Nov 29 12:00:00 a sshd[1]: ',
  ])('contains no line of a key that a log writes behind %j', (before) => {
    const { text, secrets } = keySamples(drawFrom(3)).find(
      ({ kind }) => kind === 'RSA printed by a hook',
    ) ?? {
      text: '',
      secrets: [],
    };
    const lines = text.split('\n').map((line) => before + line);
    const after = redactTail(lines.join('\n').slice(500));
    expect(secrets.length).toBeGreaterThan(10);
    expect(secrets.filter((line) => after.includes(line.slice(-15)))).toEqual([]);
    expect(after).toContain('failed');
  });

  it('contains no part of a token or value that is longer than it', () => {
    const long = drawFrom(4).alnum(20_000);
    for (const start of ['eyJ', 'PASSWORD=', 'x ']) {
      const after = redactTail(`${start}${long}\nfailed: 1\n`.slice(200));
      expect(after.trim()).toBe('failed: 1');
      expect(redactTail(`${start}${long}`.slice(200))).toBe('');
    }
  });
});

describe('the examples of gitleaks', () => {
  const file = new URL('../../fixtures/secrets/gitleaks.json', import.meta.url);
  const { found, left } = JSON.parse(readFileSync(file, 'utf8')) as Record<
    'found' | 'left',
    { id: string; text: string }[]
  >;
  const textOf = ({ text }: { text: string }): string => Buffer.from(text, 'base64').toString();
  /** Some of them are code without a secret. */
  const NO_SECRET = /^(?:\\\{"iat":|https:\/\/example\.com\?token=$|TELEGRAM_API_TOKEN = $)/;

  it('that its rules must find are found', () => {
    const missed = found.filter((example) => {
      const text = textOf(example);
      return redactText(text) === text && !NO_SECRET.test(text);
    });
    expect(missed.map((example) => `${example.id}: ${textOf(example)}`)).toEqual([]);
    expect(found.length).toBeGreaterThan(100);
  });

  it('that its rules must leave alone are left alone, unless that needs an entropy test', () => {
    // Most of the others are tokens of a single repeated letter, which gitleaks excludes by their entropy.
    const changed = left.filter((example) => redactText(textOf(example)) !== textOf(example));
    process.stdout.write(
      `redaction of gitleaks' counterexamples: ${changed.length} of ${left.length} changed\n`,
    );
    expect(changed.length).toBeLessThanOrEqual(100);
  });
});

describe('text without secrets', () => {
  /** Sources, lock files and docs that everybody reads daily; the numbers say how many places are replaced. */
  const FILES: readonly (readonly [string, number])[] = [
    ['package-lock.json', 0],
    ['node_modules/typescript/lib/lib.es5.d.ts', 0],
    ['node_modules/typescript/lib/typescript.js', 4],
    ['node_modules/@types/node/fs.d.ts', 0],
    ['node_modules/yargs/README.md', 0],
    ['node_modules/zod/package.json', 0],
    ['node_modules/better-sqlite3/deps/sqlite3/sqlite3.h', 4],
    ['CHANGELOG.md', 0],
  ];

  it.each(FILES)('stays in %s, except in %i places', (file, max) => {
    const text = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8').slice(
      0,
      2_000_000,
    );
    const places = redactText(text).match(/.{0,40}\[redacted:[\w-]+\]/g) ?? [];
    const wereThere = text.match(/\[redacted:[\w-]+\]/g) ?? [];
    expect(places.length - wereThere.length, places.join('\n')).toBeLessThanOrEqual(max);
  });

  it('stays unchanged in the sources of HookBus', () => {
    const folder = new URL('../../src/app/recording/', import.meta.url);
    for (const file of readdirSync(folder).filter((name) => name.endsWith('.ts'))) {
      const text = readFileSync(new URL(file, folder), 'utf8');
      expect(redactText(text), file).toBe(text);
    }
  });

  it.each([
    '7d3f0c52-41ab-4e0e-9d6c-2b8e5a1f9c04',
    'toolu_01K9vQe7mX2bR4tYwZ6uJ8sD',
    'call_9aB3dE5gH7jK9mN1pQ2rS4tU',
    'PreToolUse',
    'mcp__github__create_pull_request',
    '/home/dev/work/token-service/src/auth/password_reset.py',
    'python3 "$CLAUDE_PROJECT_DIR"/.claude/hooks/guard_rm.py --strict',
    'guard_secrets',
  ])('stays unchanged in a column: %s', (text) => expect(redactText(text)).toBe(text));
});
