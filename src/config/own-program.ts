import { accessSync, constants, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * The words that start this HookBus from anywhere, without PATH: the launcher, which is beside the script, or Node and
 * the script where none was built.
 * @param script what Node runs now
 */
export function ownProgram(node: string, script: string): string[] {
  const real = realpathSync(script);
  const launcher = join(dirname(real), 'hookbus');
  try {
    accessSync(launcher, constants.X_OK);
    return [launcher];
  } catch {
    return [node, real];
  }
}
