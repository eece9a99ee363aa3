/** A program that starts another: what may stand between the two. */
interface Runner {
  /** The word after the program without which it starts nothing. */
  readonly word?: RegExp;
  /** Options whose value is the next word. */
  readonly valued?: RegExp;
  /** Arguments before the other program, besides options. */
  readonly arguments?: number;
  /** The program stays: it is what runs the script. */
  readonly stays?: true;
}

const PACKAGE = /^(?:-p|--package|--with|--from|--project|--directory|-C|--python)$/;

const RUNNERS: Readonly<Record<string, Runner>> = {
  builtin: {},
  bundle: { word: /^exec$/ },
  bunx: {},
  bun: { word: /^x$/ },
  caffeinate: {},
  command: {},
  deno: { word: /^run$/, stays: true },
  direnv: { word: /^exec$/, arguments: 1 },
  env: { valued: /^(?:-u|-C|-S)$/ },
  exec: { valued: /^-a$/ },
  flock: { valued: /^-[wE]$/, arguments: 1 },
  go: { word: /^run$/ },
  hatch: { word: /^run$/ },
  ionice: { valued: /^-[cn]$/ },
  mise: { word: /^(?:exec|x)$/ },
  nice: { valued: /^-n$/ },
  noglob: {},
  nohup: {},
  npm: { word: /^(?:exec|x)$/, valued: PACKAGE },
  npx: { valued: PACKAGE },
  pdm: { word: /^run$/ },
  pipenv: { word: /^run$/ },
  pipx: { word: /^run$/, valued: PACKAGE },
  pnpm: { word: /^(?:exec|dlx)$/, valued: PACKAGE },
  poetry: { word: /^run$/ },
  rye: { word: /^run$/ },
  setsid: {},
  stdbuf: { valued: /^-[ioe]$/ },
  sudo: { valued: /^-[ugC]$/ },
  time: {},
  timeout: { valued: /^-[ks]$/, arguments: 1 },
  uv: { word: /^(?:run|tool)$/, valued: PACKAGE },
  uvx: { valued: PACKAGE },
  xargs: { valued: /^-[IdEnLPs]$/ },
  yarn: { word: /^(?:exec|dlx)$/, valued: PACKAGE },
};

/** Runners within runners, such as `xargs nice npx`. */
const MAX_DEPTH = 5;

/** The words of a command without the programs that only start another one. */
export function withoutRunner(words: readonly string[]): readonly string[] {
  let rest = words;
  for (let depth = 0; depth < MAX_DEPTH; depth += 1) {
    const next = afterRunner(rest);
    if (next === undefined || next.length === 0) return rest;
    rest = next;
  }
  return rest;
}

/** Undefined if the command starts no other. */
function afterRunner([first = '', ...rest]: readonly string[]): readonly string[] | undefined {
  const name = first.replace(/^.*\//s, '');
  const runner = Object.hasOwn(RUNNERS, name) ? RUNNERS[name] : undefined;
  // `command -v` asks where a program is.
  if (runner === undefined || (name === 'command' && /^-[vV]/.test(rest[0] ?? '')))
    return undefined;
  let at = 0;
  if (runner.word !== undefined) {
    if (!runner.word.test(rest[0] ?? '')) return undefined;
    // `uv tool run`.
    at = rest[0] === 'tool' ? 2 : 1;
  }
  at = afterOptions(rest, at, runner) + (runner.arguments ?? 0);
  const started = rest.slice(at);
  if (runner.stays === undefined) return started;
  return started.length === 0 || at === 0 ? undefined : [first, ...started];
}

function afterOptions(words: readonly string[], from: number, { valued }: Runner): number {
  let at = from;
  while (/^-|^[A-Za-z_]\w*=/.test(words[at] ?? '')) {
    const word = words[at] ?? '';
    at += valued?.test(word) === true ? 2 : 1;
    if (word === '--') break;
  }
  return at;
}
