import { createRandom } from '../support/random.ts';

/**
 * Made-up secrets in the places where hooks see real ones. Each is drawn at random, and assembled from parts, so that no
 * secret scanner takes this file for a leak.
 */
export interface Sample {
  readonly group: Group;
  readonly kind: string;
  readonly text: string;
  /** No part of these may remain. */
  readonly secrets: readonly string[];
}

export const GROUPS = ['tokens', 'keys', 'names', 'encodings', 'boundaries', 'commands'] as const;
type Group = (typeof GROUPS)[number];

export type Draw = ReturnType<typeof drawFrom>;

const LOWER = 'abcdefghijklmnopqrstuvwxyz';
const UPPER = LOWER.toUpperCase();
const DIGITS = '0123456789';

export function drawFrom(seed: number) {
  const random = createRandom(seed);
  const of =
    (characters: string) =>
    (length: number): string =>
      Array.from({ length }, () => characters[random(characters.length)]).join('');
  const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T;
  const alnum = of(LOWER + UPPER + DIGITS);
  const base64 = of(`${LOWER}${UPPER}${DIGITS}+/`);
  return {
    random,
    pick,
    alnum,
    base64,
    hex: of('0123456789abcdef'),
    digits: of(DIGITS),
    lower: of(LOWER),
    upper: of(UPPER),
    lowerAlnum: of(LOWER + DIGITS),
    upperAlnum: of(UPPER + DIGITS),
    urlSafe: (length: number) => of(`${LOWER}${UPPER}${DIGITS}_-`)(length - 1) + alnum(1),
    uuid: () => [8, 4, 4, 4, 12].map(of('0123456789abcdef')).join('-'),
    /** As people make them: letters of both cases, digits and signs that need no quotes. */
    password: () =>
      `${of(UPPER)(1)}${of(LOWER)(5)}${pick(['!', '#', '@', '_', '-'])}${of(DIGITS)(3)}${of(LOWER)(3)}`,
    word: () => of('bcdfghklmnprstvz')(1) + of('aeiou')(1) + of(LOWER)(7),
  };
}

type Maker = (draw: Draw) => string;
const join = (...parts: readonly string[]): string => parts.join('');

/** Tokens by issuer. */
const TOKENS: Readonly<Record<string, Maker>> = {
  anthropic: (d) => join('sk-', 'ant-api03-', d.urlSafe(93), 'AA'),
  'anthropic oauth': (d) => join('sk-', 'ant-oat01-', d.urlSafe(95)),
  openai: (d) => join('sk-', d.alnum(48)),
  'openai project': (d) => join('sk-', 'proj-', d.urlSafe(74), 'T3Blbk', 'FJ', d.urlSafe(74)),
  openrouter: (d) => join('sk-or', '-v1-', d.hex(64)),
  gemini: (d) => join('AQ', '.Ab8RN6', d.urlSafe(44)),
  google: (d) => join('AI', 'za', d.urlSafe(35)),
  'google oauth': (d) => join('GOC', 'SPX-', d.urlSafe(28)),
  'google access': (d) => join('ya', '29.a0', d.urlSafe(150)),
  'google refresh': (d) => join('1/', '/0', d.urlSafe(60)),
  groq: (d) => join('gs', 'k_', d.alnum(52)),
  xai: (d) => join('xa', 'i-', d.alnum(80)),
  perplexity: (d) => join('pp', 'lx-', d.alnum(48)),
  'hugging face': (d) => join('h', 'f_', d.alnum(34)),
  nvidia: (d) => join('nv', 'api-', d.urlSafe(64)),
  fireworks: (d) => join('f', 'w_', d.alnum(24)),
  cerebras: (d) => join('cs', 'k-', d.lowerAlnum(48)),
  langsmith: (d) => join('lsv', '2_pt_', d.hex(32), '_', d.hex(10)),
  tavily: (d) => join('tv', 'ly-dev-', d.alnum(32)),
  elevenlabs: (d) => join('s', 'k_', d.hex(48)),
  replicate: (d) => join('r', '8_', d.alnum(37)),
  pinecone: (d) => join('pc', 'sk_', d.alnum(6), '_', d.alnum(63)),
  'github classic': (d) => join('gh', 'p_', d.alnum(36)),
  'github fine': (d) => join('github', '_pat_', d.alnum(22), '_', d.alnum(59)),
  'github server': (d) => join('gh', 's_', d.alnum(36)),
  gitlab: (d) => join('gl', 'pat-', d.urlSafe(20)),
  'gitlab runner': (d) => join('gl', 'rt-', d.urlSafe(20)),
  'gitlab registration': (d) => join('GR', '1348941', d.urlSafe(20)),
  atlassian: (d) => join('ATA', 'TT3xFfGF0', d.urlSafe(183), '=', d.hex(8).toUpperCase()),
  bitbucket: (d) => join('AT', 'BB', d.alnum(32)),
  'docker hub': (d) => join('dck', 'r_pat_', d.urlSafe(27)),
  npm: (d) => join('np', 'm_', d.alnum(36)),
  pypi: (d) => join('py', 'pi-AgEIcHlwaS5vcmc', d.urlSafe(150)),
  rubygems: (d) => join('ruby', 'gems_', d.hex(48)),
  crates: (d) => join('ci', 'o', d.alnum(32)),
  nuget: (d) => join('oy', '2', d.lowerAlnum(43)),
  postman: (d) => join('PM', 'AK-', d.hex(24), '-', d.hex(34)),
  grafana: (d) => join('gl', 'sa_', d.alnum(32), '_', d.hex(8)),
  'grafana cloud': (d) => join('gl', 'c_', d.base64(90).replace(/\W/g, 'x'), '='),
  'new relic': (d) => join('NR', 'AK-', d.upperAlnum(27)),
  'new relic license': (d) => join(d.hex(36), 'NR', 'AL'),
  planetscale: (d) => join('psc', 'ale_tkn_', d.urlSafe(43)),
  pulumi: (d) => join('pu', 'l-', d.hex(40)),
  terraform: (d) => join(d.alnum(14), '.at', 'lasv1.', d.urlSafe(67)),
  '1password': (d) => join('op', 's_eyJ', d.alnum(300)),
  tailscale: (d) => join('ts', 'key-auth-', d.alnum(17), '-', d.alnum(32)),
  supabase: (d) => join('sb', 'p_', d.hex(40)),
  'supabase secret': (d) => join('sb', '_secret_', d.urlSafe(22), '_', d.alnum(8)),
  fly: (d) => join('fm', '2_', d.base64(160)),
  netlify: (d) => join('nf', 'p_', d.alnum(40)),
  circleci: (d) => join('CCI', 'PAT_', d.alnum(22), '_', d.hex(40)),
  buildkite: (d) => join('bk', 'ua_', d.hex(40)),
  airtable: (d) => join('pa', 't', d.alnum(14), '.', d.hex(64)),
  figma: (d) => join('fi', 'gd_', d.urlSafe(40)),
  square: (d) => join('EA', 'AA', d.urlSafe(60)),
  'square old': (d) => join('sq0', 'csp-', d.urlSafe(43)),
  dropbox: (d) => join('s', 'l.', d.urlSafe(135)),
  facebook: (d) => join('EA', 'A', 'CZ', d.alnum(160)),
  mailgun: (d) => join('ke', 'y-', d.hex(32)),
  mailchimp: (d) => join(d.hex(32), '-u', 's', d.digits(1)),
  mapbox: (d) => join('s', 'k.eyJ1Ijoi', d.alnum(60), '.', d.urlSafe(22)),
  resend: (d) => join('r', 'e_', d.alnum(8), '_', d.alnum(24)),
  render: (d) => join('rn', 'd_', d.alnum(32)),
  neon: (d) => join('na', 'pi_', d.lowerAlnum(64)),
  snyk: (d) => join('snyk', '_uat.', d.hex(8), '.', d.urlSafe(80)),
  posthog: (d) => join('ph', 'x_', d.alnum(43)),
  'vercel blob': (d) => join('vercel', '_blob_rw_', d.alnum(16), '_', d.alnum(30)),
  alibaba: (d) => join('LT', 'AI5t', d.alnum(20)),
  'aws key id': (d) => join('AK', 'IA', d.upper(16)),
  'aws bedrock': (d) => join('AB', 'SK', d.base64(128)),
  'slack bot': (d) => join('xo', 'xb-', d.digits(12), '-', d.digits(13), '-', d.alnum(24)),
  'slack app': (d) => join('xa', 'pp-1-A', d.upperAlnum(10), '-', d.digits(13), '-', d.hex(64)),
  discord: (d) => join('MT', d.alnum(24), '.', d.alnum(6), '.', d.urlSafe(38)),
  telegram: (d) => join(d.digits(9), ':A', 'A', d.urlSafe(33)),
  stripe: (d) => join('sk', '_live_', d.alnum(99)),
  'stripe restricted': (d) => join('rk', '_live_', d.alnum(24)),
  twilio: (d) => join('S', 'K', d.hex(32)),
  sendgrid: (d) => join('S', 'G.', d.urlSafe(22), '.', d.urlSafe(43)),
  brevo: (d) => join('xke', 'ysib-', d.hex(64), '-', d.alnum(16)),
  shopify: (d) => join('sh', 'pat_', d.hex(32)),
  linear: (d) => join('lin', '_api_', d.alnum(40)),
  notion: (d) => join('nt', 'n_', d.digits(11), d.alnum(35)),
  sentry: (d) => join('sntr', 'yu_', d.hex(64)),
  doppler: (d) => join('dp', '.pt.', d.alnum(43)),
  vault: (d) => join('hv', 's.', d.alnum(95)),
  databricks: (d) => join('da', 'pi', d.hex(32)),
  digitalocean: (d) => join('do', 'p_v1_', d.hex(64)),
  cloudflare: (d) => join('v1', '.0-', d.hex(24), '-', d.hex(146)),
  heroku: (d) => join('HR', 'KU-AA', d.urlSafe(58)),
  hubspot: (d) => join('pat', '-na1-', d.uuid()),
  dynatrace: (d) => join('dt0', 'c01.', d.upperAlnum(24), '.', d.upperAlnum(64)),
  launchdarkly: (d) => join('sd', 'k-', d.uuid()),
  'azure client': (d) => join(d.alnum(3), '8', 'Q~', d.urlSafe(34)),
  'azure devops': (d) => join(d.alnum(76), 'AZ', 'DO', d.alnum(4)),
  contentful: (d) => join('CF', 'PAT-', d.urlSafe(43)),
  openshift: (d) => join('sha', '256~', d.urlSafe(43)),
  sonar: (d) => join('sq', 'u_', d.hex(40)),
  prefect: (d) => join('pn', 'u_', d.alnum(36)),
  razorpay: (d) => join('rzp', '_live_', d.alnum(14)),
  plaid: (d) => join('access', '-production-', d.uuid()),
  asana: (d) => join('1', '/', d.digits(16), ':', d.hex(32)),
  braintree: (d) => join('access_', 'token$production$', d.lowerAlnum(16), '$', d.hex(32)),
  'teams webhook': (d) =>
    join('https://x.webhook.office.com/webhookb2/x/Incoming', 'Webhook/', d.hex(32), '/', d.uuid()),
  tencent: (d) => join('AK', 'ID', d.alnum(36)),
  twitter: (d) => join('A'.repeat(22), d.alnum(90)),
  wallet: (d) => join('xp', 'rv', '9s21ZrQH143K', d.alnum(99).replace(/[0OIl]/g, 'a')),
  jwt: (d) => join('ey', 'J', d.alnum(33), '.ey', 'J', d.alnum(90), '.', d.urlSafe(43)),
  'github app': (d) => join('gh', 's_', d.digits(6), '_ey', 'J', d.alnum(40), '.', d.urlSafe(60)),
  'gitlab workspace': (d) => join('gl', 'wt-', d.urlSafe(20)),
  'openai old service': (d) => join('sk-', 'None-', d.alnum(48)),
  'stripe organization': (d) => join('sk', '_org_live_', d.alnum(32)),
  'stripe ephemeral': (d) => join('ek', '_live_', d.alnum(60)),
  'stripe client secret': (d) => join('pi', '_', d.alnum(24), '_sec', 'ret_', d.alnum(25)),
  'checkout.com': (d) => join('sk', '_sbox_', d.lowerAlnum(24), d.digits(3)),
  polar: (d) => join('pol', 'ar_oat_', d.alnum(43)),
  stytch: (d) => join('sec', 'ret-live-', d.urlSafe(36)),
  statsig: (d) => join('sec', 'ret-', d.alnum(43)),
  konnect: (d) => join('kp', 'at_', d.alnum(49)),
  imgix: (d) => join('a', 'k_', d.hex(64)),
  mercury: (d) => join('secret', '-token:mercury_production_', d.alnum(60)),
  omise: (d) => join('sk', 'ey_live_', d.lowerAlnum(19)),
  midtrans: (d) => join('Mid', '-server-', d.urlSafe(24)),
  gocardless: (d) => join('li', 've_', d.urlSafe(37), 'aB1'),
  mandrill: (d) => join('m', 'd-', d.alnum(20), '7X'),
  klaviyo: (d) => join('p', 'k_', d.hex(34)),
  clickup: (d) => join('p', 'k_', d.digits(8), '_', d.upperAlnum(32)),
  telnyx: (d) => join('K', 'EY', d.hex(32).toUpperCase(), '_', d.alnum(22)),
  intercom: (d) => join('dG', '9rO', d.alnum(54), '='),
  salesforce: (d) => join('00', 'D', d.alnum(12), '!AQ', d.alnum(90)),
  sanity: (d) => join('s', 'k', d.alnum(176), '1a2'),
  ghost: (d) => join(d.hex(24), ':', d.hex(64)),
  adyen: (d) => join('A', 'QE', d.base64(150)),
  'aws session': (d) => join('IQo', 'Jb3JpZ2luX2Vj', d.base64(400)),
  scaleway: (d) => join('SC', 'W', d.upperAlnum(16), '7'),
  'yandex secret': (d) => join('YC', 'N', d.urlSafe(34), 'aB1'),
  akamai: (d) => join('ak', 'ab-', d.lowerAlnum(15), '1-', d.lowerAlnum(16)),
  aiven: (d) => join('AV', 'NS_', d.urlSafe(18), 'X'),
  elastic: (d) => join('es', 'su_', d.base64(62), '=='),
  confluent: (d) => join('cf', 'lt', d.base64(60)),
  honeycomb: (d) => join('hc', 'amk_01', d.lowerAlnum(56)),
  axiom: (d) => join('xa', 'at-', d.uuid()),
  wakatime: (d) => join('wa', 'ka_', d.uuid()),
  checkly: (d) => join('c', 'u_', d.hex(32)),
  rootly: (d) => join('root', 'ly_', d.hex(64)),
  packagist: (d) => join('pack', 'agist_uut_', d.hex(68)),
  dbt: (d) => join('db', 'tc_', d.urlSafe(40)),
  ory: (d) => join('or', 'y_st_', d.alnum(32)),
  zuplo: (d) => join('zp', 'ka_', d.hex(32), '_', d.hex(8)),
  modal: (d) => join('a', 's-', d.alnum(19), 'a1B2'.slice(0, 3)),
  daytona: (d) => join('dt', 'n_', d.hex(64)),
  factory: (d) => join('f', 'k-', d.urlSafe(20), '-', d.urlSafe(43)),
  cursor: (d) => join('ke', 'y_', d.hex(64)),
  amp: (d) => join('sg', 'amp_user_01', d.upperAlnum(24), '_', d.hex(64)),
  lambda: (d) => join('sec', 'ret_my-key_', d.hex(32), '.', d.alnum(29), 'a1B'),
  volcengine: (d) => join('AK', 'LT', d.alnum(44)),
  baidu: (d) => join('bce', '-v3/ALTAK-', d.alnum(21), '/', d.hex(40)),
  infisical: (d) => join('s', 't.', d.hex(24), '.', d.hex(32), '.', d.hex(32)),
  harness: (d) => join('p', 'at.', d.urlSafe(22), '.', d.hex(24), '.', d.alnum(20)),
  bitwarden: (d) => join('0', '.', d.uuid(), '.', d.alnum(30), ':', d.base64(22), '=='),
  rancher: (d) => join('to', 'ken-', d.lowerAlnum(5), ':', d.lowerAlnum(54)),
  twitch: (d) => join('oa', 'uth:', d.lowerAlnum(29), '7'),
  nats: (d) => join('S', 'UA', d.upper(55), '7').slice(0, 58),
  ngrok: (d) => join('2', d.alnum(25), 'Q_', d.alnum(21)),
  age: (d) => join('AGE-SECRET', '-KEY-1', d.upperAlnum(58)),
};

/** The surroundings of a token: none, a log line, code, JSON. */
const PLACES: readonly ((token: string) => string)[] = [
  (token) => `got ${token} from the server`,
  (token) => `{"tool_response":{"stdout":"one\\n${token}\\ntwo"}}`,
  (token) => JSON.stringify({ a: JSON.stringify({ text: `see "${token}", please` }) }),
  (token) => `const client = new Client('${token}');`,
  (token) => `run ${token}\n`,
];

export const tokenSamples = (draw: Draw): Sample[] =>
  Object.entries(TOKENS).map(([kind, make]) => {
    const token = make(draw);
    // What precedes the secret in a URL may stay.
    const secret = token.split('IncomingWebhook/').at(-1) ?? token;
    return { group: 'tokens', kind, text: draw.pick(PLACES)(token), secrets: [secret] };
  });

export const token = (draw: Draw): string => TOKENS['github classic']?.(draw) ?? '';
export { join };
