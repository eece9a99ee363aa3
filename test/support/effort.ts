/** How many times the usual work a fuzz test does: `HOOKBUS_TEST_EFFORT`, a whole number; 1 in `make test`. */
export const EFFORT = Math.max(1, Math.trunc(Number(process.env['HOOKBUS_TEST_EFFORT'])) || 1);

/** The seed of fuzz tests: `HOOKBUS_TEST_SEED`, or always the same. */
export const SEED = Math.trunc(Number(process.env['HOOKBUS_TEST_SEED'])) || 1;
