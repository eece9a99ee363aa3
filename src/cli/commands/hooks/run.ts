import type { Command } from '../../words/command.ts';
import { usageError } from '../../words/values.ts';

/** The help of `hookbus run`; its work is in ../run.ts, which loads nothing for people. */
export const runCommand: Command = {
  name: 'run',
  summary: "Run a hook's command and record it",
  usage: '[options] -- COMMAND [ARG...]',
  about: [
    "Runs COMMAND with the same stdin, stdout, stderr and exit code as without hookbus, and records the execution. Put it before the command of a hook in your agent's settings.",
    'With HOOKBUS_ENABLED unset or 0 it only runs COMMAND. Whatever goes wrong in hookbus itself, COMMAND runs; a mistake among the options is shown by `hookbus status`.',
    'With a dedupe option a refusal is given again to a duplicate. Where a hook can block, all other duplicates run; elsewhere they exit 0. On doubt, COMMAND runs.',
  ],
  options: {
    name: {
      value: 'NAME',
      describe: 'what to call the hook',
      default: "the script's file name without its extension",
    },
    event: {
      value: 'EVENT',
      describe: 'the event, such as PreToolUse',
      default: 'as the payload says',
    },
    tool: { value: 'TOOL', describe: 'the tool, such as Bash', default: 'as the payload says' },
    shell: { value: "'LINE'", describe: 'run LINE with /bin/sh -c instead of a COMMAND' },
    timeout: {
      value: 'SECONDS',
      describe: 'end the hook after so many seconds, fractions allowed',
      default: 'none',
    },
    'fail-open': {
      describe:
        'if the hook fails, drop its output and exit 0; ignored where it can block (old name: --guard)',
    },
    dedupe: { describe: 'recognize the same work by tool call and payload' },
    'dedupe-key': {
      value: 'TEMPLATE',
      describe: 'what makes two executions the same, such as {tool_input.file_path}',
    },
    'dedupe-ttl': {
      value: 'SECONDS',
      describe: 'how long a key counts',
      default: 'HOOKBUS_DEDUPE_TTL, else 3600',
    },
    'on-duplicate': {
      value: 'deny|skip|replay',
      describe: 'what was not refused: run it, exit 0, or wait and give its result',
      default: 'deny on events that a hook can block, else skip',
    },
    'max-bytes': {
      value: 'N',
      describe: 'most bytes kept of each stream',
      default: 'HOOKBUS_MAX_BYTES, else 200000',
    },
    'store-raw': {
      describe: 'store the payloads; --no-store-raw does not',
      default: 'HOOKBUS_STORE_RAW, else off',
    },
    compress: {
      describe: 'compress stored payloads; --no-compress does not',
      default: 'HOOKBUS_COMPRESS, else off',
    },
  },
  exitCodes: [
    ['any', "the hook's own; if it dies by a signal, hookbus dies by the same"],
    ['124', '--timeout ran out, and the hook did not refuse meanwhile'],
    ['125', 'there is no COMMAND'],
    ['126', 'COMMAND cannot be executed'],
    ['127', 'COMMAND was not found'],
  ],
  examples: [
    ['hookbus run -- .claude/hooks/format_file.sh', 'records it as format_file'],
    [
      'hookbus run --name lint --timeout 20 --fail-open -- npx eslint --stdin',
      'on PostToolUse: ends it after 20 s, and keeps its failures from the agent',
    ],
    ["hookbus run --shell 'jq -r .tool_name | tee -a tools.log'", 'a hook that is a pipeline'],
  ],
  perform: () => Promise.reject(usageError('expected `run` to be the first word')),
};
