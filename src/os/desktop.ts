import { existsSync } from 'node:fs';
import { join } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

/** The program that shows a notification on this desktop. */
export interface DesktopProgram {
  readonly kind: 'notify-send' | 'osascript';
  readonly path: string;
}

/** Undefined if there is no desktop, or no such program. */
export function findDesktop(
  platform: NodeJS.Platform = process.platform,
  env: Environment = process.env,
): DesktopProgram | undefined {
  const kind = platform === 'darwin' ? 'osascript' : 'notify-send';
  if (kind === 'notify-send' && !env['DISPLAY'] && !env['WAYLAND_DISPLAY']) return undefined;
  const path = (env['PATH'] ?? '')
    .split(':')
    .filter((directory) => directory.startsWith('/'))
    .map((directory) => join(directory, kind))
    .find((candidate) => existsSync(candidate));
  return path === undefined ? undefined : { kind, path };
}
