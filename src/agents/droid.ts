import type { PayloadFields } from './payload-fields.ts';

/** Factory Droid: the names of Claude Code, but tool uses have no id. */
export const droid: PayloadFields = {};
