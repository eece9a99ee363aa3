/**
 * What a test starts, and what it does itself, knows no home but one that it makes: where there is none, a state directory
 * is known to be ours by itself (src/config/home/stamp.ts), and nothing is written to the home of who runs the tests.
 */
delete process.env['HOME'];
