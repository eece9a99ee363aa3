import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { CLI } from '../support/daemon.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const MAX_KIB = 120 * 1024;
/** More than twice the memory that is allowed. */
const BYTES = 256 << 20;

/** Runs a shell line and returns the peak memory of its largest process, in KiB. */
const MEASURE = `
import resource, subprocess, sys
assert subprocess.run(["sh", "-c", sys.argv[1]]).returncode == 0
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)`;

const HOOKBUS = `${process.execPath} ${CLI} run --name big --store-raw --`;

it.each([
  ['from the hook', `${HOOKBUS} head -c ${BYTES} /dev/zero | wc -c | grep -qx ${BYTES}`],
  ['to the hook', `head -c ${BYTES} /dev/zero | ${HOOKBUS} sh -c 'wc -c | grep -qx ${BYTES}'`],
])(
  '256 MiB %s go through the Node engine in less than 120 MiB',
  (_, line) => {
    const env = {
      PATH: process.env['PATH'],
      HOOKBUS_ENABLED: '1',
      HOOKBUS_DAEMON: 'off',
      HOOKBUS_HOME: temporaryDirectory(),
    };
    const output = execFileSync('python3', ['-c', MEASURE, line], { env, encoding: 'utf8' });
    expect(Number(output)).toBeLessThan(MAX_KIB);
  },
  120_000,
);
