import { DefaultReporter, type TestCase } from 'vitest/node';

/** For vitest: a line for each file, and behind each only its tests that failed. What they failed with comes at the end. */
export class LineAFile extends DefaultReporter {
  protected override printTestCase(
    moduleState: Parameters<DefaultReporter['printTestCase']>[0],
    test: TestCase,
  ): void {
    if (test.result().state === 'failed') super.printTestCase(moduleState, test);
  }

  protected override printTestSuite(): void {
    // Its tests have their whole titles.
  }
}
