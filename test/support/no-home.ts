/**
 * Tests, and what they start, have no home unless they make one. Without a home, a state directory is trusted without a
 * link in the default directory (src/config/home/stamp.ts), and nothing is written to the home of whoever runs the tests.
 */
delete process.env['HOME'];

/** Local times in the output are the same everywhere. */
process.env['TZ'] = 'UTC';
