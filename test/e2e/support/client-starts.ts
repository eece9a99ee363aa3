import { execPath } from 'node:process';
import type { ClientStart } from './one-call.ts';

const PROVIDER =
  '{name="stub",base_url="http://127.0.0.1:PORT/v1",wire_api="responses",env_key="STUB_KEY"}';

/** Codex, whose model runs these command lines. */
export const codexStart = (lines: readonly string[], SHELL = '/bin/bash'): ClientStart => ({
  agent: 'codex',
  settings: '.codex/hooks.json',
  command: (client) => [
    client,
    'exec',
    '--skip-git-repo-check',
    '--dangerously-bypass-approvals-and-sandbox',
    '--dangerously-bypass-hook-trust',
    ...['-c', 'model_provider="stub"', '-c', `model_providers.stub=${PROVIDER}`],
    // Otherwise it waits 5 s for hosts of its metrics that cannot be resolved here.
    ...['-c', 'analytics.enabled=false', '-c', 'features.plugins=false'],
    ...['-c', 'model="stub"', 'go'],
  ],
  env: { STUB_KEY: 'none', SHELL },
  tools: lines.map((cmd) => ({ name: 'exec_command', input: { cmd } })),
});

/** Gemini CLI, whose model runs these command lines. */
export const geminiStart = (lines: readonly string[]): ClientStart => ({
  agent: 'gemini',
  settings: '.gemini/settings.json',
  command: (client) => [
    ...([execPath, client, '--yolo', '--skip-trust', '-p', 'go'] as const),
    ...['-m', 'gemini-2.5-flash', '--output-format', 'json'],
  ],
  env: {
    GEMINI_API_KEY: 'none',
    GOOGLE_GEMINI_BASE_URL: 'http://127.0.0.1:PORT',
    GEMINI_CLI_NO_RELAUNCH: 'true',
  },
  tools: lines.map((command) => ({
    name: 'run_shell_command',
    input: { command, description: 'say' },
  })),
});

/** Settings of Gemini CLI with these hooks, in which it asks the user nothing. */
export const geminiSettings = (hooks: object, disabled: readonly string[] = []): object => ({
  security: { auth: { selectedType: 'gemini-api-key' } },
  general: { disableAutoUpdate: true },
  privacy: { usageStatisticsEnabled: false },
  hooksConfig: { disabled },
  hooks,
});
