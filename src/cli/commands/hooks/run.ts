import type { Command } from '../../words/command.ts';
import { usageError } from '../../words/values.ts';

/** The help of `hookbus run`. ../../run.ts performs it, without loading code for people. */
export const runCommand: Command = {
  name: 'run',
  summary: "Run a hook's command and record it",
  usage: '[options] -- COMMAND [ARG...]',
  about: [
    "Runs COMMAND with the same stdin, stdout, stderr and exit code as without hookbus, and records the execution. Put it before the command of a hook in your agent's settings.",
    'If HOOKBUS_ENABLED is unset or 0, it only runs COMMAND. If anything fails in hookbus itself, COMMAND still runs. An invalid option is ignored; `hookbus status` lists it.',
    'With a dedupe option, a duplicate of a refused call is refused too. Other duplicates run on events where a hook can block; on other events they exit 0. If hookbus cannot decide, COMMAND runs.',
  ],
  options: {
    name: {
      value: 'NAME',
      describe: 'the name of the hook',
      default: "the script's file name without its extension",
    },
    event: {
      value: 'EVENT',
      describe: 'the event, such as PreToolUse',
      default: 'from the payload',
    },
    tool: { value: 'TOOL', describe: 'the tool, such as Bash', default: 'from the payload' },
    shell: { value: "'LINE'", describe: 'run LINE with /bin/sh -c instead of COMMAND' },
    timeout: {
      value: 'SECONDS',
      describe: 'stop the hook after SECONDS; fractions allowed',
      default: 'none',
    },
    'fail-open': {
      describe:
        'if the hook fails, drop its output and exit 0; ignored on events where a hook can block (old name: --guard)',
    },
    dedupe: { describe: 'detect duplicates by tool call and payload' },
    'dedupe-key': {
      value: 'TEMPLATE',
      describe: 'detect duplicates by this key, such as {tool_input.file_path}',
    },
    'dedupe-ttl': {
      value: 'SECONDS',
      describe: 'how long a key is valid',
      default: 'HOOKBUS_DEDUPE_TTL, or 3600',
    },
    'on-duplicate': {
      value: 'deny|skip|replay',
      describe:
        'for a duplicate that was not refused: run it, exit 0, or wait and repeat the result',
      default: 'deny on events where a hook can block, else skip',
    },
    'max-bytes': {
      value: 'N',
      describe: 'the maximum to keep of each stream, in bytes',
      default: 'HOOKBUS_MAX_BYTES, or 200000',
    },
    'store-raw': {
      describe: 'store the payloads; --no-store-raw switches it off',
      default: 'HOOKBUS_STORE_RAW, or off',
    },
    compress: {
      describe: 'compress stored payloads; --no-compress switches it off',
      default: 'HOOKBUS_COMPRESS, or off',
    },
  },
  exitCodes: [
    ['any', 'the exit code of the hook; if a signal ends the hook, the same signal ends hookbus'],
    ['124', '--timeout expired, and the hook did not refuse before'],
    ['125', 'COMMAND is missing'],
    ['126', 'COMMAND cannot be executed'],
    ['127', 'COMMAND was not found'],
  ],
  examples: [
    ['hookbus run -- .claude/hooks/format_file.sh', 'record it as format_file'],
    [
      'hookbus run --name lint --timeout 20 --fail-open -- npx eslint --stdin',
      'on PostToolUse: stop it after 20 s, and hide its failures from the agent',
    ],
    ["hookbus run --shell 'jq -r .tool_name | tee -a tools.log'", 'record a pipeline'],
  ],
  perform: () => Promise.reject(usageError('`run` must be the first argument')),
};
