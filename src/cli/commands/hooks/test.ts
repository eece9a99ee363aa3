import { SOURCES, type Source } from '../../../app/hooks/configured-hook.ts';
import type { Answer, Command, Context, Given } from '../../words/command.ts';
import { readSeconds, readWord } from '../../words/values.ts';

const DEFAULT_TIMEOUT = '60';

export const testCommand: Command = {
  name: 'test',
  summary: 'Run cases of your hooks, here and in CI',
  usage: '[DIR] [options]',
  about: [
    "Runs each case in .hookbus/cases: an event with its payload, on the hooks that the project's settings match. Then compares what the agent would make of their answers with what the case expects. docs/testing-hooks.md has the format, and a workflow for GitHub Actions.",
    'A case needs an event, for most a tool and its input, and what is expected: {"event": "PreToolUse", "tool": "Bash", "input": {"command": "rm -rf /"}, "expect": "deny"}',
    'Hooks run as under the agent: matcher, "if", shell, time limit, side by side. They get a short environment without your secrets, and really run, in the checkout or in a scratch directory. Nothing is recorded; no database and no daemon are needed.',
    'A case fails if its hook is missing, or if no hook runs at all, unless it expects that.',
  ],
  argument: {
    name: 'DIR',
    describe: 'the directory of cases, or a file',
    default: '.hookbus/cases of the project',
  },
  options: {
    settings: { value: 'FILE', describe: 'test the hooks of this settings file, and no others' },
    source: {
      value: 'SOURCE',
      describe: `whose hooks to test: ${SOURCES.join(', ')}; repeatable (default: project)`,
      isRepeatable: true,
    },
    timeout: {
      value: 'SECONDS',
      describe: 'stop each hook after SECONDS, even if its own limit is longer',
      default: DEFAULT_TIMEOUT,
    },
    junit: { value: 'FILE', describe: 'also write a JUnit report to FILE' },
  },
  exitCodes: [
    ['0', 'every case passed'],
    ['1', 'a case failed or cannot be read, there is none, or an argument is invalid'],
  ],
  examples: [
    ['hookbus test', 'the cases of this project'],
    ['hookbus test .hookbus/cases/guard_rm.json', 'one file'],
    ['hookbus test --junit report.xml', 'for CI'],
    ['hookbus test ~/.claude/cases --source user', 'your own hooks'],
  ],
  perform,
};

async function perform(given: Given, context: Context): Promise<Answer> {
  const request = {
    path: given.argument,
    settings: given.value('settings'),
    sources: readSources(given.values('source')),
    maxSeconds: readSeconds('--timeout', given.value('timeout') ?? DEFAULT_TIMEOUT),
    junit: given.value('junit'),
  };
  const { testCases } = await import('../../terminal/test-work.ts');
  return testCases(request, context);
}

function readSources(words: readonly string[]): readonly Source[] {
  if (words.length === 0) return ['project'];
  return words.map((word) => readWord('--source', word, SOURCES));
}
