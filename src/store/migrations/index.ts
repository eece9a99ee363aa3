import { first } from './001-first.ts';

/** In order; a database of `user_version` N has had the first N. Never change one that was released. */
export const MIGRATIONS: readonly string[] = [first];
