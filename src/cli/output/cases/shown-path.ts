import { join, relative } from 'node:path';
import { visible } from '../text.ts';

/** A path as people read it: relative to the directory that they are in, or to their home, if it is below. */
export function shownPath(base: string, path: string, home?: string): string {
  const near = relative(base, path);
  if (near !== '' && !near.startsWith('..')) return visible(near);
  const inHome = home === undefined ? '..' : relative(home, path);
  return visible(inHome.startsWith('..') ? path : join('~', inHome));
}
