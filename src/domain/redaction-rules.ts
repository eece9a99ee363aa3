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
  /** Global. Its first group, if it has one, is what stays in front of the secret. */
  readonly pattern: RegExp;
}

/** A secret known by the name in front of it: `SECRET_NAMES`, a joint, and a value in quotes or a bare one. */
export interface NamedRule {
  readonly name: string;
  /** What joins the name with its value: regular expression source without groups. */
  readonly joint: string;
  /** What a value without quotes looks like; sticky. */
  readonly bare: RegExp;
  /** Bare values that are code or prose instead. */
  readonly notBare: RegExp;
  /** What a value in quotes looks like. */
  readonly quoted: RegExp;
}

/** Not inside a word, where a JSON escape such as `\n` is no part of the word behind it. */
const START = String.raw`(?:(?<![\w-])|(?<=\\(?:[bfnrt]|u[0-9a-fA-F]{4})))`;

/** Not `{min,}`, for which V8 keeps a stack that tens of megabytes overflow. */
const atLeast = (min: number, characters: string): string => `${characters}{${min}}${characters}*`;

/** At least `min` of these characters; fewer where the text is cut off, as long as they do not look like a mere word. */
function run(characters: string, min: number): string {
  const cutOff = `(?=[a-z_-]{0,64}[A-Z0-9])${atLeast(10, characters)}$`;
  return `(?:${atLeast(min, characters)}|${cutOff})`;
}

/** One of these prefixes, wherever it stands, and the rest. */
function token(name: string, prefixes: readonly string[], rest: string): RedactionRule {
  return { name, hints: lowerCase(prefixes), pattern: new RegExp(anyOf(prefixes) + rest, 'g') };
}

/** Prefixes that words may contain too. The look back comes behind them, so that the search is for something literal. */
function word(name: string, prefixes: readonly string[], rest: string): RedactionRule {
  const prefix = anyOf(prefixes);
  const pattern = new RegExp(`${prefix}(?<=${START}${prefix})${rest}`, 'g');
  return { name, hints: lowerCase(prefixes), pattern };
}

const anyOf = (texts: readonly string[]): string => `(?:${texts.join('|').replace(/\./g, '\\.')})`;
const lowerCase = (texts: readonly string[]): string[] => texts.map((text) => text.toLowerCase());

const ALNUM = '[A-Za-z0-9]';
const URL_SAFE = '[A-Za-z0-9_-]';
const HEX = '[a-f0-9]';
const NO_MORE = '(?![A-Za-z0-9])';

const AI_RULES: readonly RedactionRule[] = [
  word('anthropic-key', ['sk-ant-'], run(URL_SAFE, 20)),
  word('openrouter-key', ['sk-or-v1-'], run(HEX, 32)),
  word('openai-key', ['sk-proj-', 'sk-svcacct-', 'sk-admin-'], run(URL_SAFE, 20)),
  word('openai-key', ['sk-'], run(ALNUM, 20)),
  word('groq-key', ['gsk_'], run(ALNUM, 40)),
  word('xai-key', ['xai-'], run(ALNUM, 60)),
  word('perplexity-key', ['pplx-'], run(ALNUM, 40)),
  word('hugging-face-token', ['hf_', 'api_org_'], run(ALNUM, 30)),
];

const GITLAB = ['glpat-', 'gldt-', 'glrt-', 'glcbt-', 'glptt-', 'glft-', 'glimt-', 'glsoat-'];

const CODE_RULES: readonly RedactionRule[] = [
  token('github-token', ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'], run('\\w', 36)),
  token('github-token', ['github_pat_'], run('\\w', 36)),
  token('gitlab-token', [...GITLAB, 'glagent-', 'glffct-', 'gloas-'], run('[\\w.-]', 20)),
  word('npm-token', ['npm_'], run(ALNUM, 36)),
  token('pypi-token', ['pypi-AgEI'], run(URL_SAFE, 16)),
  word('linear-key', ['lin_api_', 'lin_oauth_'], run(ALNUM, 32)),
  word('notion-token', ['ntn_', 'secret_'], run(ALNUM, 40)),
  token('sentry-token', ['sntrys_', 'sntryu_'], run('[\\w+/=-]', 40)),
  word('doppler-token', ['dp.pt.', 'dp.st.', 'dp.ct.', 'dp.sa.', 'dp.scim.'], run('[\\w.-]', 40)),
  word('vault-token', ['hvs.', 'hvb.', 'hvr.'], run(URL_SAFE, 24)),
];

const CLOUD_RULES: readonly RedactionRule[] = [
  word('aws-key-id', ['AKIA', 'ASIA', 'ABIA', 'ACCA'], `[A-Z2-7]{16}${NO_MORE}`),
  {
    name: 'aws-secret-key',
    hints: ['secretkey', 'secret_key', 'secretaccesskey', 'secret_access_key'],
    pattern:
      /(secret_?(?:access_?)?key(?:\\*["'])?[ \t]*[:=][ \t]*(?:\\*["'])?)(?:[a-z0-9+]|\\*\/){40}(?![a-z0-9+/=])/gi,
  },
  word('aws-bedrock-key', ['ABSK'], `${run('[A-Za-z0-9+/]', 100)}={0,2}`),
  token('google-key', ['AIza'], run(URL_SAFE, 35)),
  token('google-oauth', ['GOCSPX-', 'ya29.'], run(URL_SAFE, 20)),
  {
    name: 'azure-storage-key',
    hints: ['accountkey=', 'accesskey='],
    pattern: /((?:Account|Access)Key=)(?:[A-Za-z0-9+]|\\*\/){20,256}={0,2}/g,
  },
  {
    name: 'azure-client-secret',
    hints: ['q~'],
    pattern: /[\w~.]{3}\dQ~[\w~.-]{31,34}/g,
  },
  token('digitalocean-token', ['dop_v1_', 'doo_v1_', 'dor_v1_'], run(HEX, 64)),
  word('databricks-token', ['dapi'], `${HEX}{32}(?:-\\d)?${NO_MORE}`),
  word('cloudflare-token', ['cfut_', 'cfat_', 'cfk_'], run(ALNUM, 40)),
  word('cloudflare-token', ['v1.0-'], `${HEX}{24}-${run(HEX, 100)}`),
];

const SLACK = ['xoxa-', 'xoxb-', 'xoxe-', 'xoxo-', 'xoxp-', 'xoxr-', 'xoxs-', 'xoxe.xox', 'xapp-'];

const SERVICE_RULES: readonly RedactionRule[] = [
  token('slack-token', SLACK, run('[A-Za-z0-9-]', 10)),
  {
    name: 'slack-webhook',
    hints: ['hooks.slack.com'],
    pattern: /(hooks\.slack\.com\\*\/(?:services|workflows|triggers)\\*\/)(?:[\w+-]|\\*\/){8,256}/g,
  },
  {
    name: 'discord-webhook',
    hints: ['webhooks'],
    pattern: /(discord(?:app)?\.com\\*\/api\\*\/webhooks\\*\/\d{1,20}\\*\/)[\w-]{20}[\w-]*/g,
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
  token('stripe-key', ['sk_live_', 'sk_test_', 'rk_live_', 'rk_test_'], run(ALNUM, 16)),
  word('stripe-webhook-secret', ['whsec_'], run('[A-Za-z0-9+/=]', 20)),
  {
    name: 'twilio-key',
    hints: [],
    pattern: new RegExp(`(?:SK|AC)${HEX}{32}(?<=${START}\\w{34})${NO_MORE}`, 'g'),
  },
  word('sendgrid-key', ['SG.'], String.raw`[\w-]{16,64}\.${run(URL_SAFE, 16)}`),
  token('shopify-token', ['shpat_', 'shpca_', 'shppa_', 'shpss_'], run('[A-Fa-f0-9]', 32)),
  word('jwt', ['eyJ'], String.raw`[\w-]{10}[\w-]*\.(?:[\w-]{10}[\w-]*(?:\.[\w-]*){1,3}|[\w-]*$)`),
];

/** A line of a key, or a header in front of its lines; no two hyphens in a row, so that no two keys are one. */
const PEM_BODY = String.raw`(?:[A-Za-z0-9+/=:,.() \t\r\n]|-(?!-)|\\{1,16}[nrt/]){0,65536}`;
const PEM_BREAK = String.raw`(?:[ \t\r\n]|\\{1,16}[nrt]){1,64}`;
const PEM_END = '-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----';

const CREDENTIAL_RULES: readonly RedactionRule[] = [
  {
    // Whole; or without its end, where only long lines tell a key from the prose behind a mention of one.
    name: 'private-key',
    hints: ['private key'],
    pattern: new RegExp(
      `${PEM_END.replace('END', 'BEGIN')}(?:${PEM_BODY}${PEM_END}` +
        `|(?:${PEM_BREAK}${atLeast(16, '[A-Za-z0-9+/=]')}){1,16384}(?:${PEM_BREAK}[A-Za-z0-9+/=]{1,15}$)?)`,
      'g',
    ),
  },
  token('age-key', ['AGE-SECRET-KEY-1'], run('[A-Z0-9]', 20)),
  {
    name: 'authorization',
    hints: ['authorization'],
    pattern:
      /(authorization(?:\\*["'])?[ \t]*[:=][ \t]*\[?(?:\\*["'])?(?:bearer|basic|token|apikey|negotiate)[ \t]+)(?![$<{[])[^ \t\r\n"'\\]+/gi,
  },
  {
    name: 'bearer',
    hints: ['bearer'],
    pattern: /(bearer[ \t]+)(?=[a-z._~+/-]{0,64}\d)[a-z0-9._~+/-]{16}[a-z0-9._~+/-]*={0,2}/gi,
  },
  {
    name: 'basic',
    hints: ['basic'],
    pattern: /(basic[ \t]+)(?=[a-z+/]{0,200}[\d=])[a-z0-9+/]{12}[a-z0-9+/]*={0,2}/gi,
  },
  {
    name: 'cookie',
    hints: ['cookie:'],
    pattern: /(cookie:[ \t]*)[\w!#$%&*+.^|~-]{1,80}=[^\r\n"'\\]+/gi,
  },
  {
    name: 'url-password',
    hints: ['://', ':\\'],
    pattern:
      /(:(?:\\*\/){2}[^ \t\r\n:/@"'\\]{0,100}:)(?!\$[\w{(]|\[redacted:)[^ \t\r\n/?#@"'\\]{1,256}(?=@)/g,
  },
  {
    name: 'curl-user',
    hints: ['curl '],
    pattern:
      /(curl [^|;\r\n]{0,120}?(?:-u|--user|--proxy-user)[ =]?(?:\\*["'])?[\w.@+-]{1,64}:)(?!\$[\w{(]|\[redacted:)[^ \t\r\n"'\\]+/g,
  },
  {
    name: 'client-password',
    hints: ['sshpass', 'mysql'],
    pattern:
      /((?:sshpass -p ?|mysql(?:dump|admin)? [^|;\r\n]{0,120}? -p)(?:\\*["'])?)(?!\$[\w{(]|\[redacted:)[^ \t\r\n"'\\=]+/g,
  },
  {
    name: 'sql-password',
    hints: ["password '", "identified by '"],
    pattern: /((?:password|identified by) ')(?!\[redacted:)[^'"\\\r\n]+(?=')/gi,
  },
];

/** Order counts: what is known by its own form comes before what is known by the words around it. */
export const REDACTION_RULES: readonly RedactionRule[] = [
  ...AI_RULES,
  ...CODE_RULES,
  ...CLOUD_RULES,
  ...SERVICE_RULES,
  ...CREDENTIAL_RULES,
];

const KEYS = 'access|account|api|encryption|master|private|secret|service|shared|signing';

/**
 * How the name of a secret ends, in any case. `tokens`, `token_count` and `public_key` do not.
 * What has to stand in front is looked back for, so that the search is for something literal.
 */
export const SECRET_NAMES = [
  'pass(?:word|wd|phrase|code)|pass(?<=[_.-]pass)|pwd',
  'secret|token|credentials?|authorization|cookie',
  `key(?<=(?:${KEYS})[_.-]?key)`,
  String.raw`_auth(?<!\w_auth)`,
].join('|');

/** A word as shells and configuration files have it; a backslash belongs to it unless it begins an escape of JSON's. */
const WORD = String.raw`(?:[^ \t\r\n"'\x60\\;&|<>(),]|,(?![\w.-]{1,40}=)(?=[^ \t\r\n"'\\])|\\{1,16}[^nrtbfu"'\x60\\ \t\r\n])`;

const ANY = /^/;
const CODE = [
  '(?:true|false|null|none|nil|undefined|yes|no|on|off|bearer|basic|token)$',
  String.raw`\$\w+$|[a-z_][\w.]*\[|\{|(?:id|type|src|env)=|\d+\]`,
  String.raw`(?:self|this|os|process|req|request|config|settings|options|args|env|ctx|props)\.[a-z_]`,
].join('|');
const HELP_WORDS =
  'to|is|and|or|for|in|from|with|the|an?|as|flag|options?|arguments?|value|string|if|when|must|should|can|will|not|are|was|by';

export const NAMED_RULES: readonly NamedRule[] = [
  {
    name: 'secret-field', // "password": "…", also as JSON in a JSON string, and 'password' => '…'
    joint: String.raw`\\*["'][ \t\r\n]*(?::|=>)[ \t\r\n]*\[?[ \t\r\n]*`,
    bare: /-?\d[\d.eE+-]*(?=[ \t\r\n,}\]\\]|$)/y,
    notBare: /(?!)/,
    quoted: ANY,
  },
  {
    name: 'secret-assignment', // PASSWORD=…, token=…, --api-key=…
    joint: '=(?![=~>])',
    bare: new RegExp(`${WORD}{1,65536}`, 'y'),
    notBare: new RegExp(`^(?:${CODE})`, 'i'),
    quoted: /^(?![$]\w+$)/,
  },
  {
    name: 'secret-flag', // --password …
    joint: String.raw`(?<=(?:^|[^\w-]|\\[nrt])--?[A-Za-z][\w-]{0,40})[ \t]+(?![=:])`,
    bare: new RegExp(`(?!-)${WORD}{1,65536}`, 'y'),
    notBare: new RegExp(`^(?:${CODE}|(?:${HELP_WORDS})$|[A-Z]+(?:_[A-Z]+)*$)`),
    quoted: /^(?![$]\w+$)/,
  },
  {
    name: 'secret-setting', // password: …, token = …: prose and code look so too, so only what looks like a secret
    joint: String.raw`(?:\\*["']\])?[ \t]*(?::[ \t]*[A-Za-z]{1,12}[ \t]*)?(?::=|=(?![=~>]))[ \t]*|:[ \t]+`,
    bare: new RegExp(
      String.raw`(?=[^ \t\r\n]{0,64}\d)(?=[\d\W_]{0,64}[A-Za-z])${WORD}{7,65536}`,
      'y',
    ),
    notBare: new RegExp(`^(?:${CODE})`, 'i'),
    quoted: /^(?![$]\w+$)[\w$/!@#%^&*~-][^ \t\r\n]{3}[^ \t\r\n]*$/,
  },
  {
    name: 'secret-element', // <password>…</password>
    joint: '>',
    bare: /[^<>"\\\r\n]{1,500}(?=<\\*\/)/y,
    notBare: /(?!)/,
    quoted: /(?!)/,
  },
];
