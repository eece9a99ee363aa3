import type { ConfigSetting } from '../file/config-setting.ts';

/** In bytes. A shorter secret could be guessed with the help of what the server stores. */
const MIN_SECRET = 16;
const MAX_SECRET = 1024;

/** Machines share dedupe keys if both are set. */
export const dedupe = {
  /** The URL of the key server, including its password; empty: none. */
  url: {
    default: '',
    isSecret: true,
    expected: 'a URL that begins with redis:// or rediss://',
    read: (value) =>
      typeof value === 'string' && (value === '' || /^rediss?:\/\/\S+$/.test(value))
        ? value
        : undefined,
    fromText: (text) => text.trim(),
  } satisfies ConfigSetting<string>,
  /** What the machines know and the server does not. */
  secret: {
    default: '',
    isSecret: true,
    isHidden: true,
    expected: `a text of ${MIN_SECRET} to ${MAX_SECRET} bytes, such as \`openssl rand -hex 32\` makes`,
    read: (value) =>
      typeof value === 'string' && (value === '' || isSecret(value)) ? value : undefined,
    fromText: (text) => text.trim(),
  } satisfies ConfigSetting<string>,
};

function isSecret(text: string): boolean {
  const bytes = Buffer.byteLength(text);
  return bytes >= MIN_SECRET && bytes <= MAX_SECRET && text === text.trim();
}
