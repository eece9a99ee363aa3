import { names, text, whole } from '../file/config-setting.ts';

/** Which guards the daemon tries again, and how often. Only named ones, since a drill runs code. */
export const drill = {
  /** 0: never. */
  hours: whole(0, 'hours', { min: 0, max: 8760 }),
  /** Each as `NAME`, or as `NAME: COMMAND LINE`. */
  hooks: names('hooks', 'guard_rm', 'guard: python3 .claude/hooks/guard.py'),
  /** The PATH of these hooks; empty: that of the daemon, which has only the directories of the system. */
  path: text('', 'directories with colons between them, or ""', (path) =>
    path.split(':').every((directory) => directory.startsWith('/') && !directory.includes('\0')),
  ),
  timeout_seconds: whole(60, 'seconds', { min: 1, max: 600 }),
};
