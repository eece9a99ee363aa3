import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../support/temporary.ts';
import { aHookState, runNode } from './support.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const BIN = join(ROOT, 'node_modules', '.bin');

const HOOK = `
import {
  type ExecutionContext, type GuardedExecution, type GuardOptions, type GuardResult,
  generateDedupeKey, guard, guardedExecution, isEnabled, startGuardedExecution,
} from 'hookbus';

interface Decision { readonly decision: 'allow' | 'block' }
interface Payload { readonly tool_name: string }

const on: boolean = isEnabled();
const key: string = generateDedupeKey('a', 1, { b: on });
const options: GuardOptions = { payload: { tool_name: 'Bash' }, dedupeKey: key, onDuplicate: 'replay' };

const result: GuardResult<Decision> = await guardedExecution<Decision>('typed', 'Notification', options,
  (context: ExecutionContext<Decision>) => { context.setOutput({ decision: 'block' }); });
const inferred = await guardedExecution('inferred', 'Stop', undefined, async () => ({ decision: 'allow' as const }));
const decision: 'allow' | undefined = inferred.output?.decision;

const check = guard('guarded', 'Stop', 'Bash')(async (payload: Payload, times: number) => payload.tool_name.repeat(times));
const checked: GuardResult<string> = await check({ tool_name: 'Bash' }, 2);
// @ts-expect-error the arguments are those of the function
const wrong = () => check(5);

async function scoped(fails: boolean): Promise<string | undefined> {
  await using execution: GuardedExecution<string> = await startGuardedExecution<string>('scoped', 'Stop');
  if (execution.skipped) return execution.output;
  if (fails) throw new Error('thrown');
  execution.setOutput('out');
  return 'kept';
}
const kept: string | undefined = await scoped(false);
const thrown: unknown = await scoped(true).catch((error: unknown) => String(error));

console.log(JSON.stringify([result.output?.decision, decision, checked.output, kept, thrown, typeof wrong]));
`;

/** The npm package of this checkout, unpacked in an empty project. Uses no network. */
function aProject(): string {
  const project = temporaryDirectory();
  const env = { PATH: process.env['PATH'], HOME: project };
  execFileSync(
    'npm',
    ['pack', '--ignore-scripts', '--offline', '--silent', '--pack-destination', project],
    {
      cwd: ROOT,
      env,
    },
  );
  const [archive = ''] = readdirSync(project).filter((name) => name.endsWith('.tgz'));
  const target = join(project, 'node_modules', 'hookbus');
  mkdirSync(target, { recursive: true });
  execFileSync('tar', ['-xzf', join(project, archive), '--strip-components=1', '-C', target]);
  // Its one dependency lies beside it, as npm would install it; that one's modules are found through its real path.
  symlinkSync(
    join(ROOT, 'node_modules', 'better-sqlite3'),
    join(project, 'node_modules', 'better-sqlite3'),
  );
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }');
  return project;
}

const CHECK = [
  '--strict',
  '--exactOptionalPropertyTypes',
  '--module',
  'nodenext',
  '--moduleResolution',
  'nodenext',
];

describe('the package, in its own project', () => {
  it('is imported from TypeScript and from JavaScript, and records', async () => {
    const project = aProject();
    const state = aHookState();
    const file = join(project, 'hook.ts');
    writeFileSync(file, HOOK);
    // Library files are checked too, with only the types of the language and of the console.
    writeFileSync(
      join(project, 'console.d.ts'),
      'declare const console: { log(text: string): void };',
    );
    execFileSync(
      join(BIN, 'tsc'),
      [
        ...CHECK,
        '--target',
        'es2022',
        '--lib',
        'es2022',
        '--outDir',
        'out',
        'hook.ts',
        'console.d.ts',
      ],
      { cwd: project, stdio: 'inherit' },
    );
    execFileSync(
      join(BIN, 'esbuild'),
      [file, '--target=node20.19', '--format=esm', '--outfile=hook.mjs', '--log-level=error'],
      {
        cwd: project,
      },
    );
    for (const script of ['out/hook.js', 'hook.mjs']) {
      const { said, stderr, code } = await runNode([join(project, script)], state.env);
      expect({ said, stderr, code }).toEqual({
        said: [['block', 'allow', 'BashBash', 'kept', 'Error: thrown', 'function']],
        stderr: '',
        code: 0,
      });
    }
    expect(state.rows().map((row) => `${row['hook_name']} ${row['status']}`)).toEqual([
      'typed success',
      ...['inferred success', 'guarded success', 'scoped success', 'scoped error'],
      'typed dedupe_skip',
      ...['inferred success', 'guarded success', 'scoped success', 'scoped error'],
    ]);
  });

  it('contains the whole library, and no sources', () => {
    const target = join(aProject(), 'node_modules', 'hookbus');
    expect(existsSync(join(target, 'dist', 'index.js'))).toBe(true);
    expect(existsSync(join(target, 'dist', 'types', 'library', 'types.d.ts'))).toBe(true);
    expect(existsSync(join(target, 'dist', 'new'))).toBe(false);
    expect(readdirSync(join(target, 'dist', 'chunks')).sort()).toEqual(
      readdirSync(join(ROOT, 'dist', 'chunks')).sort(),
    );
  });

  it('runs a hook of the fixtures, which prints the same enabled and disabled', async () => {
    const state = aHookState();
    const payload = (command: string) =>
      JSON.stringify({
        hook_event_name: 'PreToolUse',
        session_id: 's',
        tool_name: 'Bash',
        tool_use_id: command,
        tool_input: { command },
      });
    const hook = join(ROOT, 'fixtures', 'hooks', 'protect_branch.mjs');
    for (const command of ['git push origin main', 'git push origin main', 'git status']) {
      const off = await runNode([hook], { ...state.env, HOOKBUS_ENABLED: '0' }, payload(command));
      const on = await runNode([hook], state.env, payload(command));
      expect(on).toEqual(off);
      expect(on.said).toHaveLength(command === 'git status' ? 0 : 1);
    }
    expect(state.rows().map((row) => row['status'])).toEqual(['success', 'dedupe_skip', 'success']);
  });
});
