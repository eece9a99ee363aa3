import { escaped, testPattern } from './bounded-pattern.ts';

/** Where the anchors of a path pattern are, all absolute. */
export interface Anchors {
  readonly cwd: string;
  readonly home: string | undefined;
  /** Where a leading `/` points: it depends on the file that has the rule. Undefined if not known. */
  readonly settings: string | undefined;
}

/**
 * Whether a file lies under a pattern of a permission rule. Patterns are those of gitignore, without case; `//` is the root
 * of the file system, `~/` the home directory, and `/` the directory of the settings.
 * @returns undefined if HookBus cannot tell
 */
export function matchesPath(pattern: string, path: string, anchors: Anchors): boolean | undefined {
  const { base, rest } = anchorOf(pattern, anchors);
  if (base === undefined) return undefined;
  const inside = base === '/' ? path : path.startsWith(`${base}/`) && path.slice(base.length);
  // Patterns that are bare names were seen to apply outside of the directory too, but not in each case.
  if (inside === false) return /^[~/]/.test(pattern) || rest.includes('/') ? false : undefined;
  if (rest.startsWith('!')) return false;
  try {
    return testPattern(toRegExp(rest), inside.slice(1));
  } catch {
    return undefined;
  }
}

function anchorOf(pattern: string, { cwd, home, settings }: Anchors) {
  if (pattern.startsWith('//')) return { base: '/', rest: pattern.slice(1) };
  if (pattern.startsWith('~/')) return { base: home, rest: pattern.slice(1) };
  if (pattern.startsWith('/')) return { base: settings, rest: pattern };
  return { base: cwd, rest: pattern.replace(/^\.\//, '/') };
}

/** A pattern of gitignore for paths without a leading slash. A directory stands for everything in it. */
function toRegExp(pattern: string): RegExp {
  const isAnchored = pattern.replace(/\/$/, '').includes('/');
  const body = pattern.replace(/^\//, '').replace(/\/$/, '');
  const pieces = body.match(/\*\*\/|\/\*\*$|\*+|\?|\[[^\]]*\]|\\.|[\s\S]/g) ?? [];
  const source = pieces.map(pieceOf).join('');
  return new RegExp(`^${isAnchored ? '' : '(?:.*/)?'}${source}(?:/.*)?$`, 'is');
}

function pieceOf(piece: string): string {
  if (piece === '**/') return '(?:.*/)?';
  if (piece === '/**') return '/.+';
  if (piece.startsWith('*')) return piece === '*' ? '[^/]*' : '.*';
  if (piece === '?') return '[^/]';
  if (piece.length > 1 && piece.startsWith('[')) return piece.replace(/^\[!/, '[^');
  if (piece.startsWith('\\')) return escaped(piece.slice(1));
  return escaped(piece);
}
