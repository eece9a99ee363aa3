/**
 * The files of page/ and of uPlot by name. scripts/bundle-dashboard.js inserts them, so that the bundle contains them.
 */
declare const PAGE_FILES: Readonly<Record<string, string>>;

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};

export interface PageFile {
  readonly type: string;
  readonly body: Buffer;
}

/** The files that the browser may load, by path. */
export function readPages(): ReadonlyMap<string, PageFile> {
  return new Map(
    Object.entries(PAGE_FILES).map(([name, text]) => [
      name === 'index.html' ? '/' : `/${name}`,
      { type: TYPES[name.split('.').at(-1) ?? ''] ?? 'text/plain', body: Buffer.from(text) },
    ]),
  );
}
