import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { readPlaces } from '../../agents/settings/agent-places.ts';
import type { AgentName, Places } from '../../agents/settings/agent-settings.ts';
import { memberOf } from '../../agents/settings/read-settings-text.ts';
import { AGENT_SETTINGS } from '../../agents/settings/settings-files.ts';
import { type CaseResult, type CasesReport, failures } from '../../app/cases/case-report.ts';
import { CASES, type FoundCases, findCases } from '../../app/cases/find-cases.ts';
import type { CaseProblem } from '../../app/cases/hook-case.ts';
import type { Source } from '../../app/hooks/configured-hook.ts';
import {
  type Configuration,
  configuredHooks,
  hooksInFile,
} from '../../app/hooks/configured-hooks.ts';
import { readSettingsFile } from '../../app/install/settings-file.ts';
import type { Environment } from '../../config/settings.ts';
import { HookbusError, reasonOf } from '../../domain/errors.ts';
import { endSessions } from '../../engine/replay-hook.ts';
import { formatCount } from '../../format.ts';
import { annotationLines, withoutCommand } from '../output/cases/annotations.ts';
import { junitText } from '../output/cases/junit.ts';
import { casesJson, casesLines } from '../output/cases/test.ts';
import { clip, visible } from '../output/text.ts';
import type { Answer, Context } from '../words/command.ts';
import { createProgress } from './progress.ts';
import { type Bench, runCase } from './run-case.ts';
import { writeNewFile } from './write-file.ts';

export interface TestRequest {
  /** A directory or a file; undefined: `.hookbus/cases` of the project. */
  readonly path: string | undefined;
  /** The hooks of this file, and no others. */
  readonly settings: string | undefined;
  /** Whose hooks run. */
  readonly sources: readonly Source[];
  readonly maxSeconds: number;
  readonly junit: string | undefined;
}

/** Runs the cases one after the other, since hooks may disturb each other. */
export async function testCases(request: TestRequest, context: Context): Promise<Answer> {
  const startedAtMs = context.now();
  const cwd = context.cwd();
  const { path, projectDir } = casesPlace(request.path, cwd, context.env);
  const found = findOrRefuse(path);
  const bench = makeBench(request, projectDir, context);
  const results = await runAll(found, bench, context);
  const report: CasesReport = {
    base: cwd,
    files: found.files,
    results,
    problems: [...found.problems, ...bench.problems()],
    durationMs: context.now() - startedAtMs,
  };
  if (request.junit !== undefined) {
    const file = resolve(cwd, request.junit);
    mkdirSync(dirname(file), { recursive: true });
    writeNewFile(file, junitText(report), true);
  }
  const isGithub = context.env['GITHUB_ACTIONS'] === 'true';
  const top = context.env['GITHUB_WORKSPACE'] || cwd;
  return {
    json: casesJson(report),
    lines: (page) => {
      const lines = casesLines(report, page);
      return isGithub ? [...lines.map(withoutCommand), ...annotationLines(report, top)] : lines;
    },
    exitCode: failures(report) > 0 ? 1 : 0,
  };
}

async function runAll(found: FoundCases, bench: Bench, context: Context): Promise<CaseResult[]> {
  const progress = createProgress(context);
  const results: CaseResult[] = [];
  const stop = (signal: NodeJS.Signals): void => {
    endSessions();
    process.kill(process.pid, signal);
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.once(signal, stop);
  try {
    for (const [index, one] of found.cases.entries()) {
      const name = clip(visible(one.name), 50, 'middle');
      progress.say(`Case ${formatCount(index + 1)} of ${formatCount(found.cases.length)}: ${name}`);
      results.push(await runCase(one, bench));
    }
  } finally {
    progress.clear();
    for (const signal of signals) process.off(signal, stop);
  }
  return results;
}

/** Where the cases are, and the top of the project that they belong to. */
function casesPlace(given: string | undefined, cwd: string, env: Environment) {
  const { projectRoot } = readPlaces(env, cwd);
  if (given !== undefined) {
    const path = resolve(cwd, given);
    const at = `${path}${sep}`.lastIndexOf(`${sep}.hookbus${sep}`);
    return { path, projectDir: at > 0 ? path.slice(0, at) : projectRoot };
  }
  for (let directory = cwd; ; directory = dirname(directory)) {
    const path = join(directory, CASES);
    if (existsSync(path)) return { path, projectDir: directory };
    if (directory === projectRoot || dirname(directory) === directory) {
      return { path: join(projectRoot, CASES), projectDir: projectRoot };
    }
  }
}

function findOrRefuse(path: string): FoundCases {
  const hint = 'A case is a JSON file; docs/testing-hooks.md has examples';
  let found: FoundCases;
  try {
    found = findCases(path);
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    const why = isMissing ? 'does not exist' : `cannot be read: ${reasonOf(error)}`;
    throw new HookbusError('E_CASES', `no cases found: ${path} ${why}`, hint);
  }
  if (found.cases.length + found.problems.length > 0) return found;
  throw new HookbusError('E_CASES', `no cases found in ${path}`, hint);
}

function makeBench(
  { settings, sources, maxSeconds }: TestRequest,
  projectDir: string,
  { env, now, cwd }: Context,
): Bench & { readonly problems: () => CaseProblem[] } {
  const places: Places = { ...readPlaces(env, projectDir), cwd: projectDir };
  const file = settings === undefined ? undefined : resolve(cwd(), settings);
  const known = new Map<AgentName, Configuration>();
  const configurationOf = (agent: AgentName): Configuration => {
    const configuration = known.get(agent) ?? readHooks(agent, file, sources, places);
    known.set(agent, configuration);
    return configuration;
  };
  return {
    places,
    projectDir,
    shell: env,
    settingsEnv: settingsEnv(file ?? join(projectDir, '.claude', 'settings.json')),
    hooksOf: (agent) => configurationOf(agent).hooks,
    maxSeconds,
    now,
    problems: () => [...known.values()].flatMap(problemsOf),
  };
}

function readHooks(
  agent: AgentName,
  file: string | undefined,
  sources: readonly Source[],
  places: Places,
): Configuration {
  const settings = AGENT_SETTINGS[agent];
  if (file !== undefined) return hooksInFile(settings, file);
  // What a person has at home must not change the result, unless they ask for it.
  const isProjectAlone = sources.every((source) => source === 'project' || source === 'local');
  const configuration = configuredHooks(
    settings,
    isProjectAlone ? { ...places, home: undefined, agentHome: {} } : places,
  );
  const isAsked = ({ source }: { readonly source: Source }): boolean => sources.includes(source);
  const { hooks, problems } = configuration;
  return { ...configuration, hooks: hooks.filter(isAsked), problems: problems.filter(isAsked) };
}

/** A file that its agent cannot use disarms the hooks in it, whatever the cases say. */
const problemsOf = ({ agent, problems }: Configuration): CaseProblem[] =>
  problems.map(({ path, line, reason }) => ({
    place: { path, line: line ?? 1, column: 1 },
    reason: `${agent.title} does not use this: ${reason}`,
  }));

/** The variables that the project's settings set for hooks. */
function settingsEnv(path: string): Environment {
  try {
    const env = memberOf(readSettingsFile(path, true).root, 'env');
    const entries = (env?.children ?? []).map(({ children }) => [
      String(children?.[0]?.value),
      String(children?.[1]?.value),
    ]);
    return Object.fromEntries(entries) as Environment;
  } catch {
    // A missing file has none, and a broken one is reported with its hooks.
    return {};
  }
}
