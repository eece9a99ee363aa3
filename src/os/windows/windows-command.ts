import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { win32 } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

/** What Node is to start. */
export interface Command {
  readonly program: string;
  readonly parameters: readonly string[];
  /** The parameters are quoted already. */
  readonly isVerbatim: boolean;
}

export interface Files {
  readonly isFile: (path: string) => boolean;
  /** The start of a file, up to 256 bytes. */
  readonly startOf: (path: string) => string;
}

/** What Windows starts itself, and what only its shell does. */
const PROGRAM = /\.(?:exe|com)$/i;
const BATCH = /\.(?:bat|cmd)$/i;

/** Nothing quotes these safely for a batch file, which reads its parameters a second time. */
const UNSAFE = /["%\r\n\0]/;

/** A program of Git Bash, by the path that it has only there. Git Bash says it to Windows if `MSYS_NO_PATHCONV` is set. */
const OF_GIT = /^\/(?:usr\/)?bin\/([^\\/]+)$/;

/** The first line of a script: the path of a program, and what it gets as one word. */
const SHEBANG = /^#!\s*(\S+)(?:[ \t]+([^\r\n]*?))?[ \t]*\r?(?:\n|$)/;

/**
 * How to start a command on Windows: directly if it is a program, a batch file by cmd.exe, a script by what its first
 * line names. Like Git Bash it does not look into the working directory for a name without a slash.
 * @throws with code `EBATCH` if a batch file would not get its parameters as they are
 */
export function windowsCommand(
  argv: readonly string[],
  env: Environment = process.env,
  files: Files = REAL,
): Command {
  const [name = '', ...rest] = argv;
  const found = find(name, env, files);
  if (found === undefined || PROGRAM.test(found)) {
    return { program: found ?? name, parameters: rest, isVerbatim: false };
  }
  if (BATCH.test(found)) return byShell(found, rest, env);
  const interpreter = interpreterOf(files.startOf(found));
  const program = interpreter && find(interpreter[0] ?? '', env, files);
  if (interpreter === undefined || program === undefined || !PROGRAM.test(program)) {
    return { program: found, parameters: rest, isVerbatim: false };
  }
  const parameters = [...interpreter.slice(1), found, ...rest];
  return { program, parameters, isVerbatim: false };
}

/** The words of a first line such as `#!/usr/bin/env node`, with the name alone of the program. */
function interpreterOf(start: string): string[] | undefined {
  const [, path = '', option = ''] = SHEBANG.exec(start) ?? [];
  const words = [path.replace(/^.*[\\/]/, ''), ...(option === '' ? [] : [option])];
  if (words[0] === 'env')
    return option === '' || option.startsWith('-') ? undefined : option.split(/\s+/);
  return words[0] === '' ? undefined : words;
}

function find(name: string, env: Environment, files: Files): string | undefined {
  const extensions = ['', '.com', '.exe', '.bat', '.cmd'];
  const at = (path: string) =>
    extensions.map((extension) => path + extension).find((each) => files.isFile(each));
  if (name === '') return undefined;
  const ofGit = OF_GIT.exec(name)?.[1];
  // Anybody may make a directory of such a name on a drive of Windows, so that comes last.
  if (/[\\/]/.test(name)) return (ofGit && find(ofGit, env, files)) ?? at(name);
  const system = win32.join(env['SystemRoot'] ?? 'C:\\Windows', 'System32').toLowerCase();
  const directories = (env['PATH'] ?? env['Path'] ?? '').split(';').filter(win32.isAbsolute);
  // The system's bash.exe starts another system, Linux, with other files.
  const isOther = (directory: string): boolean =>
    /^(?:ba)?sh(?:\.exe)?$/i.test(name) && win32.resolve(directory).toLowerCase() === system;
  for (const directory of directories.filter((each) => !isOther(each))) {
    const found = at(win32.join(directory, name));
    if (found !== undefined) return found;
  }
  return undefined;
}

function byShell(path: string, parameters: readonly string[], env: Environment): Command {
  const words = [path, ...parameters];
  if (words.some((word) => UNSAFE.test(word))) {
    throw Object.assign(new Error(`${path}: a batch file cannot get " or % as they are`), {
      code: 'EBATCH',
    });
  }
  // A program reads a backslash before a quote as part of it.
  const line = words.map((word) => `"${word.replace(/\\+$/, '$&$&')}"`).join(' ');
  const program = win32.join(env['SystemRoot'] ?? 'C:\\Windows', 'System32', 'cmd.exe');
  return { program, parameters: ['/d', '/s', '/c', `"${line}"`], isVerbatim: true };
}

const REAL: Files = {
  isFile(path) {
    try {
      return statSync(path).isFile();
    } catch {
      return false;
    }
  },
  startOf(path) {
    try {
      const file = openSync(path, 'r');
      try {
        const bytes = Buffer.alloc(256);
        return bytes.toString('latin1', 0, readSync(file, bytes));
      } finally {
        closeSync(file);
      }
    } catch {
      return '';
    }
  },
};
