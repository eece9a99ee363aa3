import { flag, oneOf, pairs, text, whole } from '../file/config-setting.ts';

/** Where to send spans, metrics and logs over OTLP/HTTP. */
export const opentelemetry = {
  enabled: flag(false),
  endpoint: text(
    'http://127.0.0.1:4318',
    'a URL such as http://127.0.0.1:4318, without user, query or fragment',
    isEndpoint,
  ),
  protocol: oneOf(['http/protobuf', 'http/json']),
  compression: oneOf(['none', 'gzip']),
  headers: pairs(
    'an object of header names and their values, such as {"api-key": "…"}',
    (name, value) =>
      /^[\w!#$%&'*+.^`|~-]{1,200}$/.test(name) && /^[\t\x20-\x7e]{0,4096}$/.test(value),
  ),
  service_name: text(
    'hookbus',
    'a text of 1 to 100 characters',
    (name) => name.length > 0 && name.length <= 100,
  ),
  traces: flag(true),
  metrics: flag(true),
  /** One record per execution, with error text and reason. */
  logs: flag(false),
  metrics_interval_seconds: whole(60, 'seconds', { min: 1, max: 3600 }),
  timeout_seconds: whole(10, 'seconds', { min: 1, max: 60 }),
  /** Maximum number of spans that wait for a collector; the oldest ones above it are dropped. */
  queue: whole(2048, 'spans', { min: 1, max: 65_536 }),
};

/** Refuses a password in the URL, since the URL is shown in many places; a header is the place for it. */
function isEndpoint(value: string): boolean {
  if (!URL.canParse(value) || value.length > 2000) return false;
  const { protocol, username, password, search, hash } = new URL(value);
  return /^https?:$/.test(protocol) && username + password + search + hash === '';
}
