/**
 * What a secret looks like: formats that their issuers publish and that secret scanners look for.
 *
 * A pattern must take linear time on any input: it begins with something literal, and what follows cannot fail, is bounded,
 * or is tried once per word; and it must not run out of stack. It may take a backslash only together with what that escapes, so that JSON stays JSON.
 * White space is spelled out, since `\s` would split the UTF-8 that `redactBytes` passes in as Latin-1.
 */
export interface RedactionRule {
  /** Stands in `[redacted:<name>]`. */
  readonly name: string;
  /** One of these is in every text that the pattern matches, once that is in lower case; none: try it on any text. */
  readonly hints: readonly string[];
  /** What it begins with, where that says it all. */
  readonly prefixes?: readonly string[];
  /** Global. Its first group, if it has one, is what stays in front of the secret. */
  readonly pattern: RegExp;
}

/** Not inside a word, where a JSON escape such as `\n` is no part of the word behind it. */
export const START = String.raw`(?:(?<![\w-])|(?<=\\(?:[bfnrt]|u[0-9a-fA-F]{4})))`;

/** Not `{min,}`, for which V8 keeps a stack that tens of megabytes overflow. */
const atLeast = (min: number, characters: string): string => `${characters}{${min}}${characters}*`;

/** At least `min` of these characters; fewer where the text is cut off, as long as they do not look like a mere word. */
export function run(characters: string, min: number): string {
  const cutOff = `(?=[a-z_-]{0,64}[A-Z0-9])${atLeast(10, characters)}$`;
  return `(?:${atLeast(min, characters)}|${cutOff})`;
}

/** One of these prefixes, wherever it stands, and the rest. */
export function token(name: string, prefixes: readonly string[], rest: string): RedactionRule {
  return {
    ...{ name, hints: lowerCase(prefixes), prefixes },
    pattern: new RegExp(anyOf(prefixes) + rest, 'g'),
  };
}

/** Prefixes that words may contain too. The look back comes behind them, so that the search is for something literal. */
function word(name: string, prefixes: readonly string[], rest: string, before = ''): RedactionRule {
  const prefix = before + anyOf(prefixes);
  const pattern = new RegExp(`${prefix}(?<=${START}${prefix})${rest}`, 'g');
  return { name, hints: lowerCase(prefixes), prefixes, pattern };
}

/** As `run`, where a capital or a digit is among them, and not words with signs between them. */
const digits = (characters: string, min: number): string =>
  `(?=[a-z_.=-]{0,80}[A-Z0-9])(?!(?:[a-z]{2,20}[._-]){2}|[A-Z]{2,20}_[A-Z]{2})${run(characters, min)}`;

const anyOf = (texts: readonly string[]): string =>
  `(?:${texts.join('|').replace(/[.$]/g, String.raw`\$&`)})`;
const lowerCase = (texts: readonly string[]): string[] => texts.map((text) => text.toLowerCase());

const ALNUM = '[A-Za-z0-9]';
const URL_SAFE = '[A-Za-z0-9_-]';
const HEX = '[a-f0-9]';
const UUID = `${HEX}{8}-${HEX}{4}-${HEX}{4}-${HEX}{4}-${HEX}{12}`;
const NO_MORE = '(?![A-Za-z0-9])';

/** Prefixes that need no more than that: the least length of what follows, and all that have it. */
type Prefixes = Readonly<Record<number, string>>;

function words(name: string, prefixes: Prefixes, characters: string): RedactionRule[] {
  return Object.entries(prefixes).map(([min, list]) =>
    word(name, list.split(' '), digits(characters, Number(min))),
  );
}

const AI_PREFIXES: Prefixes = {
  20: 'fw_ csk- r8_ jina_ tgp_v1_ pcsk_ wandb_v1_ e2b_ llx- cpk_ esecret_ rpa_ m0- crsr_ bb_live_',
  24: 'voyage- pa- fc- apify_api_ xau_ vtwn_ ddp_ ddo_ tr_dev_ tr_prod_ sk-ws- sk-cp- retool_',
};
const CODE_PREFIXES: Prefixes = {
  20:
    'dckr_pat_ dckr_oat_ rubygems_ CLOJARS_ PMAK- pul- CCIPAT_ CCIPRJ_ bkua_ bkaj_ bkct_ ' +
    'GR1348941 sgp_ slk_ sqa_ squ_ sqp_ AKCp figd_ figo_ figu_ figuh_ phx_ phs_ phc_ ' +
    'snyk_uat. snyk_sat. n8n_api_ rdme_ ico- pnu_ pnb_ tfp_ ATTA ops_ sha256~ glc_ glsa_',
  24: 'hcaik_ hcbik_ hcxik_ hcalk_ dt0c01. dt0s01. dt0s16. dt0e01. CFPAT- cal_live_ signkey-',
  26: 'cio oy2 cmVmd API- sntrya_ sntryi_ gitea_ gto_ mint_dsc_ dnkey- jfrt_',
};
const CLOUD_PREFIXES: Prefixes = {
  20:
    'sbp_ sb_secret_ nfp_ nfc_ nfo_ nfu_ nfb_ rnd_ napi_ vercel_blob_rw_ vck_ vcp_ vci_ vca_ ' +
    'pscale_tkn_ pscale_pw_ pscale_oauth_ tskey- HRKU- mdb_sa_sk_ CCDB1_ AQVN tk-us-',
  32: 'ory_at_ ory_pat_ IQoJb3JpZ2lu FwoGZXIv p8e- y0_',
};
const SERVICE_PREFIXES: Prefixes = {
  12: 'FLWSECK- FLWSECK_TEST- access-sandbox- access-development- access-production- WPL_AP1.',
  14: 'pat-na1- pat-na2- pat-eu1- A21AA svix_ testsk_ mlsn. rzp_live_ rzp_test_ b_live_',
  20: 'xkeysib- xsmtpsib- shippo_live_ shippo_test_ EZAK EZTK duffel_live_ duffel_test_ fio-u-',
  30: 'live_pub_ test_pub_ APA91b AQE lob_live_ pdl_live_ pdl_sdbx_',
};

/** Prefixes of tokens, what may follow, and how much of it at least; what is in other lists too is looser here. */
const AI_RULES: readonly RedactionRule[] = [
  word('anthropic-key', ['sk-ant-'], run(URL_SAFE, 20)),
  word('openrouter-key', ['sk-or-v1-'], run(HEX, 32)),
  word('openai-key', ['sk-proj-', 'sk-svcacct-', 'sk-admin-'], run(URL_SAFE, 20)),
  word('openai-key', ['sk-'], run(ALNUM, 20)),
  word('ai-key', ['sk-lf-', 'sk-helicone-', 'sk-kimi-', 'sess-'], run(URL_SAFE, 30)),
  word('groq-key', ['gsk_'], run(ALNUM, 40)),
  word('xai-key', ['xai-'], run(ALNUM, 60)),
  word('perplexity-key', ['pplx-'], run(ALNUM, 40)),
  word('hugging-face-token', ['hf_', 'api_org_'], run(ALNUM, 30)),
  word('google-key', ['AQ.'], run(URL_SAFE, 30)),
  word('nvidia-key', ['nvapi-'], run(URL_SAFE, 40)),
  word('langsmith-key', ['lsv2_pt_', 'lsv2_sk_', 'ls__'], run('\\w', 30)),
  word('tavily-key', ['tvly-'], run(URL_SAFE, 24)),
  word('elevenlabs-key', ['sk_'], `${HEX}{40}${HEX}{0,24}${NO_MORE}`),
  ...words('ai-key', AI_PREFIXES, URL_SAFE),
];

const GITLAB = ['glpat-', 'gldt-', 'glrt-', 'glcbt-', 'glptt-', 'glft-', 'glimt-', 'glsoat-'];

const CODE_RULES: readonly RedactionRule[] = [
  token('github-token', ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'], run('\\w', 36)),
  token('github-token', ['github_pat_'], run('\\w', 36)),
  token('gitlab-token', [...GITLAB, 'glagent-', 'glffct-', 'gloas-'], run('[\\w.-]', 20)),
  word('npm-token', ['npm_'], run(ALNUM, 36)),
  token('pypi-token', ['pypi-AgE'], run(URL_SAFE, 16)),
  word('linear-key', ['lin_api_', 'lin_oauth_'], run(ALNUM, 32)),
  word('notion-token', ['ntn_', 'secret_'], run(ALNUM, 40)),
  token('sentry-token', ['sntrys_', 'sntryu_'], run('[\\w+/=-]', 40)),
  word(
    'doppler-token',
    ['dp.pt.', 'dp.st.', 'dp.ct.', 'dp.sa.', 'dp.scim.', 'dp.audit.'],
    run('[\\w.-]', 40),
  ),
  word('vault-token', ['hvs.', 'hvb.', 'hvr.'], run(URL_SAFE, 24)),
  word('vault-token', ['s.'], `(?=[a-zA-Z]{0,23}\\d)(?=[a-z0-9]{0,23}[A-Z])${ALNUM}{24}${NO_MORE}`),
  word('atlassian-token', ['ATATT', 'ATCTT', 'ATBB', 'ATOAUTH', 'BBDC-'], run('[\\w=+/-]', 20)),
  word('terraform-token', ['atlasv1.'], run(URL_SAFE, 40), String.raw`[A-Za-z0-9]{14}\.`),
  ...words('developer-token', CODE_PREFIXES, '[\\w.-]'),
];

const CLOUD_RULES: readonly RedactionRule[] = [
  word('aws-key-id', ['AKIA', 'ASIA', 'ABIA', 'ACCA'], `[A-Z2-7]{16}${NO_MORE}`),
  {
    name: 'aws-secret-key',
    hints: ['secretkey', 'secret_key', 'secretaccesskey', 'secret_access_key'],
    pattern:
      /(secret_?(?:access_?)?key(?:\\*["'])?(?:[ \t]*[:=][ \t]*|[ \t]+)(?:\\*["'])?)(?:[a-z0-9+]|\\*\/){40}(?![a-z0-9+/=])/gi,
  },
  word('aws-bedrock-key', ['ABSK'], `${run('[A-Za-z0-9+/]', 100)}={0,2}`),
  word('aws-bedrock-key', ['bedrock-api-key-'], run('[A-Za-z0-9+/=_-]', 40)),
  token('google-key', ['AIza'], run(URL_SAFE, 35)),
  token('google-oauth', ['GOCSPX-', 'ya29.'], run('[\\w.-]', 20)),
  word('google-oauth', ['1//0', '4/0A'], run(URL_SAFE, 30)),
  {
    name: 'azure-storage-key',
    hints: ['accountkey=', 'accesskey='],
    pattern: /((?:Account|Access)Key=)(?:[A-Za-z0-9+]|\\*\/){20,256}={0,2}/gi,
  },
  {
    name: 'azure-client-secret',
    hints: ['q~'],
    pattern: /[\w~.]{3}\dQ~[\w~.-]{31,34}/g,
  },
  {
    name: 'azure-key',
    hints: [
      'aaaa',
      'azeh',
      'azdo',
      'acog',
      'acdb',
      'asth',
      'aioe',
      'azfu',
      'azse',
      '+acr',
      '+amc',
      '+asb',
      '+aeh',
      '+ast',
      '+aba',
      'aiot',
      'aphp',
    ],
    pattern:
      /(?:(?<![A-Za-z0-9+/])|(?<=\\[nrt]))(?:[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}|[A-Za-z0-9]{52}(?:AzSe[A-Z]|JQQJ99)[A-Za-z0-9]{5,30}|(?:[A-Za-z0-9+]|\\*\/){30,84}(?:\+(?:ASb|AEh|ARm|ASt|ABa|AMC|ACR)|ACDb|AIoT|AzFu|AAAAAC)[A-Za-z0-9+/]{4,24}={0,2})(?![A-Za-z0-9+/])/g,
  },
  token('digitalocean-token', ['dop_v1_', 'doo_v1_', 'dor_v1_'], run(HEX, 64)),
  word('databricks-token', ['dapi', 'dose'], `${HEX}{32}(?:-\\d)?${NO_MORE}`),
  word('cloudflare-token', ['cfut_', 'cfat_', 'cfk_'], run(ALNUM, 40)),
  word('cloudflare-token', ['v1.0-'], `${HEX}{24}-${run(HEX, 100)}`),
  word('alibaba-key', ['LTAI'], `(?=[A-Za-z]{0,23}\\d)${ALNUM}{12,24}${NO_MORE}`),
  word('tencent-key', ['AKID'], `(?=[A-Za-z]{0,40}\\d)${ALNUM}{32,40}${NO_MORE}`),
  word('flyio-token', ['fo1_', 'fm1r_', 'fm1a_', 'fm2_'], run('[\\w+/=,-]', 40)),
  ...words('cloud-token', CLOUD_PREFIXES, '[\\w.=-]'),
];

const SLACK = [
  'xoxa-',
  'xoxb-',
  'xoxc-',
  'xoxd-',
  'xoxe-',
  'xoxo-',
  'xoxp-',
  'xoxr-',
  'xoxs-',
  'xoxe.xox',
  'xapp-',
  'xwfp-',
];

const SERVICE_RULES: readonly RedactionRule[] = [
  token('slack-token', SLACK, run('[A-Za-z0-9%-]', 10)),
  {
    name: 'slack-webhook',
    hints: ['hooks.slack.com'],
    pattern: /(hooks\.slack\.com\\*\/(?:services|workflows|triggers)\\*\/)(?:[\w+-]|\\*\/){8,256}/g,
  },
  {
    name: 'discord-webhook',
    hints: ['webhooks'],
    pattern:
      /(discord(?:app)?\.com\\*\/api\\*\/(?:v\d{1,2}\\*\/)?webhooks\\*\/\d{1,20}\\*\/)[\w-]{20}[\w-]*/g,
  },
  {
    name: 'teams-webhook',
    hints: ['webhook.office.com', 'incomingwebhook'],
    pattern: /(incomingwebhook\\*\/)[a-f0-9]{16}(?:[\w-]|\\*\/){0,200}/gi,
  },
  {
    name: 'discord-token',
    hints: [],
    pattern: new RegExp(
      String.raw`[MNO][\w-]{23,27}\.[\w-]{6}\.(?<=${START}[MNO][\w-]{23,27}\.[\w-]{6}\.)[\w-]{27,40}`,
      'g',
    ),
  },
  {
    name: 'telegram-token',
    hints: [':aa'],
    pattern: /(?<!\d)\d{8,10}:AA[\w-]{32,33}(?![\w-])/g,
  },
  token(
    'stripe-key',
    ['sk_live_', 'sk_test_', 'rk_live_', 'rk_test_', 'sk_prod_', 'rk_prod_'],
    run(ALNUM, 16),
  ),
  word('stripe-webhook-secret', ['whsec_'], run('[A-Za-z0-9+/=]', 20)),
  {
    name: 'twilio-key',
    hints: [],
    pattern: new RegExp(`(?:SK|AC)${HEX}{32}(?<=${START}\\w{34})${NO_MORE}`, 'g'),
  },
  word('sendgrid-key', ['SG.'], String.raw`[\w-]{16,64}\.${run(URL_SAFE, 16)}`),
  token('shopify-token', ['shpat_', 'shpca_', 'shppa_', 'shpss_'], run('[A-Fa-f0-9]', 32)),
  word('launchdarkly-key', ['sdk-', 'mob-', 'api-'], `${UUID}${NO_MORE}`),
  word('mailgun-key', ['key-'], `${HEX}{32}${NO_MORE}`),
  {
    name: 'mailgun-key',
    hints: [],
    pattern: new RegExp(`${HEX}{32}-${HEX}{8}-${HEX}{8}(?<=${START}[a-f0-9-]{50})${NO_MORE}`, 'g'),
  },
  {
    name: 'mailchimp-key',
    hints: ['-us'],
    pattern: new RegExp(`${HEX}{32}-us\\d{1,2}${NO_MORE}`, 'g'),
  },
  word(
    'mapbox-token',
    ['sk.eyJ', 'pk.eyJ', 'tk.eyJ'],
    String.raw`[\w-]{10,400}\.${run(URL_SAFE, 10)}`,
  ),
  word('airtable-token', ['pat'], String.raw`${ALNUM}{14}\.${run(HEX, 40)}`),
  word('resend-key', ['re_'], String.raw`${ALNUM}{6,12}_${digits(ALNUM, 20)}`),
  word('square-token', ['EAAA', 'sq0atp-', 'sq0csp-', 'sq0idp-'], digits(URL_SAFE, 22)),
  word('facebook-token', ['EAA', 'IGQV', 'IGAA'], digits(ALNUM, 80)),
  word('dropbox-token', ['sl.', 'sl.u.'], digits(URL_SAFE, 60)),
  word(
    'new-relic-key',
    ['NRAK-', 'NRII-', 'NRJS-', 'NRRA-', 'NRBR-', 'NRSP-', 'NRAA-'],
    run('[\\w-]', 19),
  ),
  {
    name: 'new-relic-key',
    hints: ['nral'],
    pattern: new RegExp(`(?:eu01xx)?[a-f0-9]{30,36}NRAL${NO_MORE}`, 'g'),
  },
  word('twitter-token', ['AAAAAAAAAAAAAAAAAAAAA'], run('[A-Za-z0-9%]', 60)),
  {
    name: 'braintree-token',
    hints: ['access_token$'],
    pattern: /access_token\$(?:production|sandbox)\$[a-z0-9]{16}\$[a-f0-9]{32}/g,
  },
  {
    name: 'asana-token',
    hints: ['1/', '2/', '0/'],
    pattern:
      /(?<![\w/.-])(?:[01]\\*\/\d{12,16}:[a-f0-9]{32}|2\\*\/\d{12,17}\\*\/\d{12,17}:[a-f0-9]{32}|0\\*\/[a-f0-9]{32})(?!\w)/g,
  },
  ...words('service-token', SERVICE_PREFIXES, '[\\w.=-]'),
  word('jwt', ['eyJ'], String.raw`[\w-]{10}[\w-]*\.(?:[\w-]{10}[\w-]*(?:\.[\w-]*){1,3}|[\w-]*$)`),
];

export const FORM_RULES: readonly RedactionRule[] = [
  ...AI_RULES,
  ...CODE_RULES,
  ...CLOUD_RULES,
  ...SERVICE_RULES,
];
