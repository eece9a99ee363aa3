import { DefaultReporter, type TestCase } from 'vitest/node';

/** For vitest: one line per file, followed only by its failed tests. Their errors come at the end. */
export class LineAFile extends DefaultReporter {
  protected override printTestCase(
    moduleState: Parameters<DefaultReporter['printTestCase']>[0],
    test: TestCase,
  ): void {
    if (test.result().state === 'failed') super.printTestCase(moduleState, test);
  }

  protected override printTestSuite(): void {
    // Tests have their full titles.
  }
}
