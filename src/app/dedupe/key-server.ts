import type { Config } from '../../config/file/config-file.ts';
import { isReachedDirectly } from '../../network/no-proxy.ts';
import { type Finding, problem } from '../doctor/finding.ts';

/** What is wrong with the key server in config.json. */
export function keyServerFindings({ url, secret }: Config['dedupe']): Finding[] {
  if (url === '') return [];
  return [...(secret === '' ? [NO_SECRET] : []), ...plainFindings(url)];
}

const NO_SECRET = problem(
  'config.json has dedupe.url but no dedupe.secret, so no dedupe keys are shared',
  'Without a secret that only your machines know, whoever runs the server could answer for hooks.',
  'Make one, and set it on every machine: openssl rand -hex 32 | hookbus config set dedupe.secret -',
);

function plainFindings(text: string): Finding[] {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'redis:' || url.searchParams.has('path')) return [];
  if (url.hostname === '' || isReachedDirectly(url.hostname.toLowerCase(), [])) return [];
  return [
    problem(
      `the key server ${url.host} is reached without encryption (redis://)`,
      'Anyone on the network path can read its password and keep machines from sharing keys.',
      'Use rediss:// for dedupe.url in config.json.',
    ),
  ];
}
