import { unzlibSync, zlibSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { assemble } from '../../src/app/recording/assemble.ts';
import { provideCompression } from '../../src/app/recording/compression.ts';
import { commandLine } from '../../src/domain/hook/hook-id.ts';
import { aBegin, anEnd } from '../support/records.ts';

const SECRET = `ghp_${'a1B2'.repeat(9)}`;
const capture = (text: string) => ({
  stream: 'stdout' as const,
  bytes: Buffer.from(text),
  truncated: false,
});

describe('what is stored of an execution', () => {
  it('has no secret in its error, its command line, its warnings or its payloads', () => {
    const begin = aBegin({
      argv: ['curl', '-H', `Authorization: Bearer ${SECRET}`],
      warnings: [`unknown option --key=${SECRET}`],
      storeRaw: true,
    });
    const end = anEnd({
      exitCode: 1,
      stderrTail: Buffer.from(`refused: ${SECRET}`),
      captures: [capture(`token ${SECRET}`)],
    });
    const { execution, payloads, warnings } = assemble(begin, end);
    const stored = [JSON.stringify(execution), warnings.join(), String(payloads[0]?.body)].join();
    expect(stored).not.toContain(SECRET);
    expect(stored).toContain('[redacted:');
  });

  it('is unchanged if redaction is off', () => {
    const { execution } = assemble(aBegin({ argv: ['echo', SECRET], redact: false }), anEnd());
    expect(execution).toMatchObject({ command: `echo ${SECRET}`, redacted: 0 });
  });

  it('has payloads only if the run stores them', () => {
    const end = anEnd({ captures: [capture('text')] });
    expect(assemble(aBegin(), end).payloads).toEqual([]);
    expect(assemble(aBegin({ storeRaw: true }), end).payloads).toHaveLength(1);
  });

  it('is a standard zlib stream if compression is on', () => {
    provideCompression(zlibSync);
    const text = 'the same again '.repeat(100);
    const [payload] = assemble(
      aBegin({ storeRaw: true, compress: true }),
      anEnd({ captures: [capture(text)] }),
    ).payloads;
    expect(payload?.encoding).toBe('zlib');
    expect(Buffer.from(unzlibSync(payload?.body ?? new Uint8Array())).toString()).toBe(text);
  });

  it.each([
    [anEnd(), 'success', undefined],
    [anEnd({ exitCode: 2, stderrTail: Buffer.from('no rm\n') }), 'blocked', 'no rm'],
    [anEnd({ exitCode: 1 }), 'error', undefined],
    [anEnd({ kind: 'signaled', signal: 'SIGSEGV' }), 'error', 'killed by SIGSEGV'],
    [
      anEnd({ kind: 'not_started', exitCode: 127, reason: 'x: not found' }),
      'error',
      'x: not found',
    ],
    [
      anEnd({
        kind: 'timeout',
        exitCode: 124,
        reason: 'timed out after 1 s',
        stderrTail: Buffer.from('late'),
      }),
      'timeout',
      'timed out after 1 s\nlate',
    ],
  ])('has the status and error of its end (%#)', (end, status, error) => {
    expect(assemble(aBegin(), end).execution).toMatchObject({ status, error });
  });

  it('keeps the last 2 KiB of stderr, from a whole character on', () => {
    const end = anEnd({ exitCode: 1, stderrTail: Buffer.from(`${'é'.repeat(2000)}end`) });
    const { error = '' } = assemble(aBegin(), end).execution;
    expect(Buffer.byteLength(error)).toBeLessThanOrEqual(2048);
    expect(error).toMatch(/^é+end$/);
  });

  it('keeps the first 300 bytes of a warning', () => {
    const [warning = ''] = assemble(aBegin({ warnings: ['é'.repeat(1000)] }), anEnd()).warnings;
    expect(warning).toMatch(/^é{150}…$/);
  });
});

describe('the command line', () => {
  it('is the shell line, else its words with the quotes that a shell needs', () => {
    expect(commandLine(['/bin/sh', '-c', 'a | b'])).toBe('a | b');
    expect(commandLine(['echo', `it's`, '', 'a b', '-x=1'])).toBe(`echo 'it'\\''s' '' 'a b' -x=1`);
  });
});
