import { zlibSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import {
  findExecution,
  findPayloads,
  parseReference,
} from '../../src/app/reading/find-execution.ts';
import { openDatabase } from '../../src/store/database.ts';
import { anExecution, recordedOf, writeExecutions } from '../support/seed.ts';
import { freshState } from '../support/state.ts';

describe('a reference', () => {
  it.each([
    ['1', { by: 'number', number: 1 }],
    ['123456', { by: 'number', number: 123456 }],
    ['019935', { by: 'beginning', beginning: '019935' }],
    ['01A20375-0000', { by: 'beginning', beginning: '01a20375-0000' }],
    ['01a20', undefined],
    ['0', undefined],
    ['1.5', undefined],
    ['-1', undefined],
    ['guard_rm', undefined],
    ['', undefined],
    ['0'.repeat(37), undefined],
  ])('%j is read as %o', (text, reference) => {
    expect(parseReference(text)).toEqual(reference);
  });
});

describe('an execution', () => {
  it('is found, or the message says what to type', () => {
    const { paths } = freshState();
    writeExecutions(paths.database, [
      recordedOf(anExecution({ executionId: '01a20375-0000-7000-8000-000000000001' })),
      recordedOf(anExecution({ executionId: '01a20375-0000-7000-8000-000000000002' })),
    ]);
    const db = openDatabase(paths.database, 0);
    const found = (text: string): number => {
      const reference = parseReference(text);
      if (reference === undefined) throw new Error('expected a reference');
      return findExecution(db, reference).id;
    };
    expect(found('2')).toBe(2);
    expect(found('01a20375-0000-7000-8000-000000000001')).toBe(1);
    expect(() => found('3')).toThrow(expect.objectContaining({ code: 'E_NOT_FOUND' }));
    expect(() => found('01a203')).toThrow(
      expect.objectContaining({
        code: 'E_AMBIGUOUS',
        message: expect.stringContaining('000000000001'),
      }),
    );
    db.close();
  });
});

it('inflates payloads; one that cannot be inflated is returned as stored, with the reason', () => {
  const { paths } = freshState();
  const stdin = Buffer.from('{"a":1}');
  writeExecutions(paths.database, [
    recordedOf(anExecution(), [
      { stream: 'stdin', encoding: 'zlib', truncated: false, body: zlibSync(stdin) },
      { stream: 'stdout', encoding: 'identity', truncated: true, body: Buffer.from('out') },
      { stream: 'stderr', encoding: 'zlib', truncated: false, body: Buffer.from('no zlib') },
    ]),
  ]);
  const db = openDatabase(paths.database, 0);
  expect(findPayloads(db, 1)).toEqual([
    { stream: 'stdin', truncated: false, bytes: stdin, problem: undefined },
    { stream: 'stdout', truncated: true, bytes: Buffer.from('out'), problem: undefined },
    {
      stream: 'stderr',
      truncated: false,
      bytes: Buffer.from('no zlib'),
      problem: expect.stringContaining('header'),
    },
  ]);
  db.close();
});
