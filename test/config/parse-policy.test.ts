import { describe, expect, it } from 'vitest';
import { configOf } from '../../src/config/file/config-file.ts';
import { parsePolicyFile } from '../../src/config/policy/parse-policy.ts';

describe('a configuration of root', () => {
  it('sets and locks keys and sections, and a locked key needs no value', () => {
    const { values, locked, problems } = parsePolicyFile(
      '{"retention_days": 30, "alerts": {"webhook": ""}, "locked": ["drill", "alerts.webhook", "redact"]}',
    );
    expect([...values]).toEqual([
      ['retention_days', 30],
      ['alerts.webhook', ''],
    ]);
    expect([...locked]).toEqual([
      'drill.hours',
      'drill.hooks',
      'drill.path',
      'drill.timeout_seconds',
      'alerts.webhook',
      'redact',
    ]);
    expect(problems).toEqual([]);
  });

  it('locks with true exactly what it sets', () => {
    const { locked } = parsePolicyFile('{"statsd": {"enabled": true}, "locked": true}');
    expect([...locked]).toEqual(['statsd.enabled']);
  });

  it('locks with true also a key whose value it cannot use: its default counts, and not what a user sets', () => {
    const { values, locked } = parsePolicyFile('{"redact": "yes", "locked": true}');
    expect([[...values], [...locked]]).toEqual([[], ['redact']]);
  });

  it.each([
    ['{"retention_days": "30", "redact": true}', 'retention_days: expected a whole number of days'],
    ['{"statsd": {"enbled": true}, "redact": true}', 'unknown key "statsd.enbled"'],
    ['{"statsd": {"toString": true}, "redact": true}', 'unknown key "statsd.toString"'],
    ['{"__proto__": {"a": 1}, "redact": true}', 'unknown key "__proto__"'],
    ['{"statsd": true, "redact": true}', 'statsd: expected an object'],
    ['{"locked": "redact", "redact": true}', 'locked: expected true, or a list of keys'],
    ['{"locked": ["redakt", 7], "redact": true}', 'locked: unknown key or section "redakt"'],
    ['{"statsd": {"enabled": true}, "statsd": {}, "redact": true}', '"statsd" appears twice'],
    ['{"locked": true, "redact": true, "locked": false}', '"locked" appears twice'],
    ['{"redact": false, "redact": true}', '"redact" appears twice'],
    ['{"statsd": {"port": "1", "port": "2"}, "redact": true}', '"port" appears twice'],
    ['{"protected_hooks": ["guard"], "redact": true}', 'hooks are protected in policy.json'],
  ])('reports what it cannot use in %s, and uses the rest', (text, problem) => {
    const { values, problems } = parsePolicyFile(text);
    expect([...values]).toEqual([['redact', true]]);
    expect(problems[0]).toContain(problem);
  });

  it.each(['', '[]', 'null', '{"redact": true', '['.repeat(100_000)])(
    'that is not a JSON object is refused: %j',
    (text) => expect(() => parsePolicyFile(text)).toThrow(/^it is not (?:a )?JSON/),
  );

  it('does not repeat a value that may be a password', () => {
    const text = '{"alerts": {"webhook": "ftp://me:s3cret@example.com"}}';
    expect(parsePolicyFile(text).problems.join()).not.toContain('s3cret');
  });

  it('is in force below what the user sets, and above it where it is locked', () => {
    const path = '/etc/hookbus/config.json';
    const value = (one: unknown) => ({ value: one, path });
    const policy = {
      files: [path],
      problems: [],
      values: new Map([
        ['retention_days', value(30)],
        ['statsd.port', value(1)],
        ['statsd.host', value('metrics.example.com')],
      ]),
      locked: new Map([
        ['statsd.host', path],
        ['statsd.prefix', path],
      ]),
    };
    const given = { statsd: { port: 2, host: 'elsewhere.example.com', prefix: 'mine' } };
    const { retention_days, statsd } = configOf(given, policy);
    expect([retention_days, statsd.port, statsd.host, statsd.prefix]).toEqual([
      30,
      2,
      'metrics.example.com',
      'hookbus',
    ]);
  });
});
