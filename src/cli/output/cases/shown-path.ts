import { relative } from 'node:path';
import { visible } from '../text.ts';

/** A path as people read it: relative to the directory that they are in, if it is below. */
export function shownPath(base: string, path: string): string {
  const near = relative(base, path);
  return visible(near === '' || near.startsWith('..') ? path : near);
}
