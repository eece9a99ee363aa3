import type { BeginParts } from '../bus/begin.ts';
import { createRecorder, type Recorder } from '../bus/recorder.ts';
import type { RunOptions } from '../config/run-options.ts';
import { inheritedTraceParent, type Settings } from '../config/settings.ts';
import { makeStateHome } from '../config/state-home.ts';
import { VERSION } from '../domain/version.ts';
import { processStart } from '../spool/process.ts';
import { createSpool } from '../spool/spool.ts';
import { randomBytes } from './random.ts';
import type { Report } from './report.ts';

/** What is known of this execution from here. */
export function beginParts(
  ids: BeginParts['ids'],
  options: RunOptions,
  settings: Settings,
  payload: Uint8Array,
): BeginParts {
  return {
    ids,
    options,
    settings,
    payload,
    inheritedTraceParent: inheritedTraceParent(),
    random: randomBytes,
    process: {
      pid: process.pid,
      pidStart: processStart(),
      engine: 'node',
      engineVersion: VERSION,
      ...workingDirectory(),
    },
  };
}

function workingDirectory(): { cwd?: string } {
  try {
    return { cwd: process.cwd() };
  } catch {
    return {};
  }
}

/** Undefined where nothing can be recorded. */
export function recorderFor(settings: Settings, say: Report): Recorder | undefined {
  const { paths } = settings;
  if (paths === undefined) return undefined;
  try {
    makeStateHome(paths.home);
  } catch (error) {
    say('make state directory', error);
    return undefined;
  }
  return createRecorder({
    spool: createSpool(paths.spool, paths.setAside),
    paths,
    now: Date.now,
    report: say,
  });
}
