import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

/** A text that occurs in each package and nowhere else. */
const PACKAGES = {
  prometheus: 'It is not possible to decrease a counter',
  opentelemetry: 'exportIntervalMillis must be greater than 0',
} as const;

const bundle = (name: string): string => readFileSync(`dist/${name}.cjs`, 'utf8');

describe('the packages of exporters', () => {
  it.each(Object.entries(PACKAGES))('of %s are only in its bundle', (name, text) => {
    expect(bundle(`exporters/${name}`)).toContain(text);
    for (const other of ['run', 'main', 'exporters/statsd'])
      expect(bundle(other)).not.toContain(text);
  });

  it('are loaded on demand', () => {
    expect(bundle('main')).toContain('require("./exporters/opentelemetry.cjs")');
    expect(bundle('run')).not.toContain('exporters/');
  });
});
