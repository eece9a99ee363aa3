#!/usr/bin/env node
'use strict';
// The hot path loads its own small bundle; `run --help` and all other commands are for people and load the other.
const words = process.argv.slice(2);
const isRun = words[0] === 'run' && !(words.length === 2 && /^(?:--help|-h)$/.test(words[1]));
if (isRun) require('../dist/run.cjs').run(words.slice(1));
else require('../dist/main.cjs').main(words);
