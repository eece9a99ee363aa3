import { spawn } from 'node:child_process';
import { writeSync } from 'node:fs';
import { commandOf } from '../process/command-of.ts';
import { type Companion, NO_COMPANION, startCompanion } from '../process/companion.ts';
import { inheritedDescriptors, withInherited } from '../process/inherited-descriptors.ts';
import { type Exit, leave, startFailure } from '../process/leave.ts';
import { forwardSignals } from '../process/signals.ts';

/**
 * Runs the command with this process's own descriptors and records nothing, if HookBus is off or cannot work. The
 * closest that Node 20 gets to exec.
 */
export async function passThrough(argv: readonly string[]): Promise<Exit> {
  const name = argv[0] ?? '';
  const inherited = inheritedDescriptors();
  const companion = companionIfAllowed();
  const signals = forwardSignals({
    companion,
    onEarly: (signal) => leave({ kind: 'signal', signal }),
    onSignal: () => undefined,
  });
  await companion.pipePaths;
  companion.letGo();
  try {
    return await new Promise<Exit>((resolve) => {
      const { program, parameters, ...how } = commandOf(argv);
      const child = spawn(program, parameters, {
        ...how,
        stdio: withInherited(['inherit', 'inherit', 'inherit'], inherited),
      });
      if (child.pid !== undefined) void signals.hookStarted(child.pid);
      child.once('error', (error: NodeJS.ErrnoException) => resolve(refusal(name, error.code)));
      child.once('exit', (code, signal) =>
        resolve(signal === null ? { kind: 'code', code: code ?? 0 } : { kind: 'signal', signal }),
      );
    });
  } catch (error) {
    return refusal(
      name,
      error instanceof Error && 'code' in error ? String(error.code) : undefined,
    );
  } finally {
    signals.stop();
    await companion.stop();
  }
}

function companionIfAllowed(): Companion {
  try {
    return startCompanion();
  } catch {
    return NO_COMPANION;
  }
}

/** Prints why the command could not start, as a shell would. */
function refusal(program: string, code: string | undefined): Exit {
  const { exitCode, message } = startFailure(program, code);
  sayOnStderr(message);
  return { kind: 'code', code: exitCode };
}

/** Prints one line of HookBus on stderr. */
export function sayOnStderr(message: string): void {
  try {
    writeSync(2, `hookbus: ${message}\n`);
  } catch {
    // The caller has closed stderr.
  }
}
