import { baseName, scriptOf } from './hook-name.ts';

const MAX_BYTES = 120;

/**
 * The name of a hook that a plugin or a skill brings: its owner, and the script that its line runs.
 * C port: src/launcher/owned_name.c.
 */
export function ownedHookName(owner: string, line: string): string {
  const script = baseName(scriptOf([], line)) || 'hook';
  const name = Buffer.from(
    `${owner}-${script}`.replace(/[^A-Za-z0-9._+@\u0080-\u{10ffff}-]/gu, '-'),
  );
  if (name.length <= MAX_BYTES) return name.toString();
  // A character that was cut is none.
  let end = MAX_BYTES;
  while (end > 0 && ((name[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return name.subarray(0, end).toString();
}
