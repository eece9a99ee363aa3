import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What takes longest. Started last, one of them would run alone at the end. */
const LONGEST = [
  'conformance/launcher',
  'conformance/node',
  'launcher/sanitized',
  'e2e/refusals',
  'launcher/arm64',
  'dist/packages',
  'dist/tarball',
  'dist/npm',
  'launcher/cross',
  'daemon/retention',
  'daemon/memory',
  'store/node-sqlite',
  'contrib/fleet',
];

/** For vitest: starts the files that take longest first. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const found = LONGEST.findIndex((name) => moduleId.endsWith(`test/${name}.test.ts`));
      return found < 0 ? LONGEST.length : found;
    };
    return (await super.sort(files)).toSorted((one, other) => rank(one) - rank(other));
  }
}
