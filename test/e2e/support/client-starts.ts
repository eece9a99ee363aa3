import type { ClientStart, ToolUse } from './one-call.ts';

const PROVIDER =
  '{name="stub",base_url="http://127.0.0.1:PORT/v1",wire_api="responses",env_key="STUB_KEY"}';

export const codexRuns = (cmd: string): ToolUse => ({ name: 'exec_command', input: { cmd } });

export const geminiRuns = (command: string): ToolUse => ({
  name: 'run_shell_command',
  input: { command, description: 'say' },
});

export const copilotRuns = (command: string): ToolUse => ({
  name: 'bash',
  input: { command, description: 'say' },
});

export const qwenRuns = (command: string): ToolUse => ({
  name: 'run_shell_command',
  input: { command, description: 'say', is_background: false },
});

/** Codex, whose model runs these command lines. */
export const codexStart = (
  lines: readonly string[],
  SHELL = '/bin/bash',
  asksTrust = false,
): ClientStart => ({
  agent: 'codex',
  settings: '.codex/hooks.json',
  command: (client) => [
    client,
    'exec',
    '--skip-git-repo-check',
    '--dangerously-bypass-approvals-and-sandbox',
    ...(asksTrust ? [] : ['--dangerously-bypass-hook-trust']),
    ...['-c', 'model_provider="stub"', '-c', `model_providers.stub=${PROVIDER}`],
    // Otherwise it waits 5 s for hosts of its metrics that cannot be resolved here.
    ...['-c', 'analytics.enabled=false', '-c', 'features.plugins=false'],
    ...['-c', 'model="stub"', 'go'],
  ],
  env: { STUB_KEY: 'none', SHELL },
  tools: lines.map(codexRuns),
});

/** Gemini CLI, whose model runs these command lines. */
export const geminiStart = (lines: readonly string[]): ClientStart => ({
  agent: 'gemini',
  settings: '.gemini/settings.json',
  command: (client, node) => [
    ...([node, client, '--yolo', '--skip-trust', '-p', 'go'] as const),
    ...['-m', 'gemini-2.5-flash', '--output-format', 'json'],
  ],
  env: {
    GEMINI_API_KEY: 'none',
    GOOGLE_GEMINI_BASE_URL: 'http://127.0.0.1:PORT',
    GEMINI_CLI_NO_RELAUNCH: 'true',
    GEMINI_CLI_TRUST_WORKSPACE: 'true',
  },
  tools: lines.map(geminiRuns),
});

/** Settings of Gemini CLI with these hooks, in which it asks the user nothing. */
export const geminiSettings = (hooks: object, disabled: readonly string[] = []): object => ({
  security: { auth: { selectedType: 'gemini-api-key' } },
  general: { disableAutoUpdate: true },
  privacy: { usageStatisticsEnabled: false },
  hooksConfig: { disabled },
  hooks,
});

/** Copilot CLI, whose model runs these command lines. It needs no login with a model of one's own. */
export const copilotStart = (lines: readonly string[]): ClientStart => ({
  agent: 'copilot',
  settings: '.copilot/hooks/hooks.json',
  command: (client) => [
    ...([client, '-p', 'go', '--allow-all', '--trust-folder'] as const),
    ...['--no-auto-update', '--no-color'],
  ],
  env: {
    COPILOT_OFFLINE: 'true',
    COPILOT_PROVIDER_BASE_URL: 'http://127.0.0.1:PORT/v1',
    COPILOT_PROVIDER_API_KEY: 'none',
    COPILOT_MODEL: 'stub',
    // It unpacks itself, 235 MB, once for all homes.
    COPILOT_PKG_CACHE_HOME: 'CLIENT/unpacked',
  },
  tools: lines.map(copilotRuns),
});

/** Qwen Code, whose model runs these command lines. */
export const qwenStart = (lines: readonly string[]): ClientStart => ({
  agent: 'qwen',
  settings: '.qwen/settings.json',
  command: (client, node) => [
    ...([node, client, '-p', 'go', '--yolo', '--auth-type', 'openai', '-m', 'stub'] as const),
    ...['--output-format', 'json'],
  ],
  env: {
    OPENAI_API_KEY: 'none',
    OPENAI_BASE_URL: 'http://127.0.0.1:PORT/v1',
    QWEN_CODE_NO_RELAUNCH: '1',
  },
  tools: lines.map(qwenRuns),
});

/** Settings of Qwen Code with these hooks, in which it asks the user nothing. */
export const qwenSettings = (hooks: object): object => ({
  general: { enableAutoUpdate: false },
  privacy: { usageStatisticsEnabled: false },
  hooks,
});
