/** A secret recognised by the name in front of it: `SECRET_NAMES`, a joint, and a quoted or bare value. */
export interface NamedRule {
  readonly name: string;
  /** What stands between the name and its value: regular expression source without groups. */
  readonly joint: string;
  /** What a bare value looks like; sticky. */
  readonly bare: RegExp;
  /** Bare values that are code or prose instead. */
  readonly notBare: RegExp;
  /** What a quoted value looks like. */
  readonly quoted: RegExp;
}

const KEYS =
  'access|account|api|app|application|auth|client|consumer|deploy|encryption|license|licence|master|private|secret|server|service|session|shared|signing|ssh|storage|webhook|hmac|cipher|crypto|jwt|rsa|rpc|function|host|primary|secondary';

/** Words for a password in other languages, each as text and as Latin-1, in which bytes are read. */
const OTHER_LANGUAGES = [
  ...[
    'contraseña',
    'contrasena',
    'clave_secreta',
    'clave de acceso',
    'mot[ _-]de[ _-]passe',
    'motdepasse',
    'mdp',
  ],
  ...[
    'passwort',
    'kennwort',
    'zugangscode',
    'geheimnis',
    'senha',
    'palavra-passe',
    'wachtwoord',
    'hasło',
    'haslo',
  ],
  ...[
    'lösenord',
    'losenord',
    'salasana',
    'adgangskode',
    'kodeord',
    'passord',
    'heslo',
    'jelszó',
    'jelszo',
    'parolă',
  ],
  ...[
    'parola',
    'parole',
    'şifre',
    'sifre',
    'лозинка',
    'пароль',
    'парола',
    'κωδικός',
    'סיסמה',
    'סיסמא',
    'كلمة المرور',
  ],
  ...[
    'पासवर्ड',
    'รหัสผ่าน',
    'mật khẩu',
    'kata[ _]sandi',
    'パスワード',
    '暗証番号',
    '密码',
    '密碼',
    '口令',
    '비밀번호',
    '암호',
  ],
];
const asLatin1 = (text: string): string =>
  Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join('');

const ALL_LANGUAGES: readonly string[] = [...OTHER_LANGUAGES, ...OTHER_LANGUAGES.map(asLatin1)];

/** What may follow a name: which one of several it is, or what it is for. */
const WHICH = String.raw`(?:[_-]?(?:\d{1,2}|v\d)|[_.-]?(?:base|prod|production|dev|development|staging|test|testing|live|old|new|hash|digest|confirmation|confirm|primary|secondary|backup|plain|plaintext|value|b64|base64|enc|encrypted|current|previous|next|again|repeat|data|pem|private))?`;

/**
 * How the name of a secret ends, in any case. `tokens`, `token_count` and `public_key` do not match.
 * Lookbehinds check what must come first, so that the search is for something literal.
 */
export const SECRET_NAMES = [
  `(?:pass(?:word|wd|wort|phrase|code)|secret|token(?<!next_?page_?token|csrf_?token))${WHICH}`,
  'pass(?<=[_.-]pass)|passw|pwd|psswd|pswd|creds?(?<![a-z]creds?)(?![a-z])|mnemonic|seed[_ -]?phrase|totp(?:[_-]?secret)?|psk',
  'credentials?|authorization|cookie|bearer|jwt',
  `key${WHICH}`,
  'key[_-]?data(?<=client[_-]key[_-]?data)|security[_-]?code|access[_-]?code',
  String.raw`_auth(?<!\w_auth)`,
  ...ALL_LANGUAGES,
].join('|');

/** What must come before `key`, which proves nothing alone. */
export const BEFORE_KEY = new RegExp(`(?:${KEYS})[_.-]?$`, 'i');

/** Each name begins with one of these, in lower case. */
export const NAME_STARTS: readonly string[] = [
  ...['pass', 'pwd', 'psswd', 'pswd', 'secret', 'token', 'cred', 'mnemonic', 'seed', 'totp', 'psk'],
  ...['authorization', 'cookie', 'bearer', 'jwt', 'key', 'security', 'access', '_auth'],
  ...ALL_LANGUAGES.map((word) => word.split('[')[0]?.toLowerCase() ?? ''),
];

/** The names of passwords, which may consist of plain words. */
export const PASSWORD_NAME = new RegExp(
  `(?:pass(?:word|wd|wort|phrase|code|w)?|pwd|psswd|pswd|mnemonic|phrase|${ALL_LANGUAGES.join('|')})${WHICH}$`,
  'i',
);

/** Names of lists and objects of secrets, and how they begin. */
export const PLURAL_NAMES = `keys(?<=(?:${KEYS})[_.-]?keys)|(?<![a-z]-)tokens|secrets|passwords|passphrases|credentials|mnemonics|codes(?<=(?:backup|recovery|scratch)[_-]?codes)`;
export const PLURAL_WORDS =
  'keys tokens secrets passwords passphrases credentials mnemonics codes'.split(' ');

/** A word in shells and configuration files. A backslash belongs to it, unless it begins a JSON escape. */
const WORD = String.raw`(?:[^ \t\r\n"'\x60\\;&|<>(),]|,(?![\w.-]{1,40}=)(?=[^ \t\r\n"'\\])|\\{1,16}[^nrtbfu"'\x60\\ \t\r\n])`;

const ANY = /^/;
const CODE = [
  '(?:true|false|null|none|nil|undefined|yes|no|on|off|bearer|basic|token)$',
  String.raw`\$\w+$|[a-z_][\w.]*\[|\{|(?:id|type|src|env)=|\d+\]`,
  String.raw`(?:self|this|os|process|req|request|config|settings|options|args|env|ctx|props)\.[a-z_]`,
].join('|');
const HELP_WORDS =
  'to|is|and|or|for|in|from|with|the|an?|as|flag|options?|arguments?|value|string|if|when|must|should|can|will|not|are|was|by';

const BLANK = String.raw`[ \t\r\n]*`;
const LINE_BREAK = String.raw`(?:\r?\n|(?:\\{1,8}r)?\\{1,8}n)`;
const VALUE = '(?:value|val|content|default|plaintext|secretstring|string|text|s)';

export const NAMED_RULES: readonly NamedRule[] = [
  {
    name: 'secret-pair', // {"name":"DB_PASSWORD","value":"…"} and {"secret":{"value":"…"}}
    joint: `\\\\*["']${BLANK}(?:,|:${BLANK}\\{)${BLANK}\\\\*["']${VALUE}\\\\*["']${BLANK}:${BLANK}`,
    bare: /-?\d[\d.eE+-]*(?=[ \t\r\n,}\]\\]|$)/y,
    notBare: /(?!)/,
    quoted: ANY,
  },
  {
    name: 'secret-attribute', // <add key="Password" value="…"/>
    joint: `\\\\*["'][ \\t\\r\\n]+${VALUE}[ \\t]*=[ \\t]*`,
    bare: /(?!)/y,
    notBare: /(?!)/,
    quoted: ANY,
  },
  {
    name: 'secret-entry', // - name: DB_PASSWORD, and on the next line value: …
    joint: `\\\\*["']?[ \\t]*${LINE_BREAK}[ \\t]*\\\\*["']?${VALUE}\\\\*["']?:[ \\t]+`,
    bare: new RegExp(`${WORD}{1,65536}`, 'y'),
    notBare: new RegExp(`^(?:${CODE})`, 'i'),
    quoted: ANY,
  },
  {
    name: 'secret-entry', // password: | and the secret on the next line
    joint: `:[ \\t]*[|>][+-]?[ \\t]*${LINE_BREAK}[ \\t]+`,
    bare: new RegExp(`${WORD}{1,65536}`, 'y'),
    notBare: /(?!)/,
    quoted: ANY,
  },
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
    name: 'secret-setting', // password: …, token = …: prose and code look alike, so the value must look like a secret
    joint: String.raw`(?:\\*["']\])?[ \t]*(?::[ \t]*[A-Za-z]{1,12}[ \t]*)?(?:\.=|:=|=>|=(?![=~>]))[ \t]*|[ \t]?:[ \t]+|(?:：|\xef\xbc\x9a)[ \t]*`,
    bare: new RegExp(
      String.raw`(?=[^ \t\r\n]{0,64}\d)(?=[\d\W_]{0,64}[A-Za-z])${WORD}{7,65536}`,
      'y',
    ),
    notBare: new RegExp(`^(?:${CODE}|0x[0-9a-f]{1,8};?$)`, 'i'),
    quoted: /^(?![$]\w+$)[\w$/!@#%^&*~-][^ \t\r\n]{3}[^ \t\r\n]*$/,
  },
  {
    name: 'secret-element', // <password>…</password>, <key>Password</key><string>…</string>
    joint: `(?:<\\\\*/[a-z]{1,20}>(?:[ \\t\\r\\n]|\\\\{1,8}[nrt]){0,40}<[a-z]{1,20})?>(?:[ \\t\\r\\n]|\\\\{1,8}[nrt]){0,40}`,
    bare: /[^<>"\\\r\n]{1,500}(?=(?:[ \t\r\n]|\\{1,8}[nrt]){0,40}<\\*\/)/y,
    notBare: /(?!)/,
    quoted: /(?!)/,
  },
];

/** `password: onlyletters` at the end of a line; also a short one with a digit or a sign. */
export const BARE_PASSWORD = new RegExp(
  String.raw`(?:[A-Za-z\x80-\uffff]{5,64}(?=[ \t]*(?:[\r\n]|$|\\{1,8}[nr]|\\*["']))|` +
    String.raw`(?=[^ \t\r\n]{0,16}\d)${WORD}{4,7}|(?=[\w]{1,64}[!@#%^*~+]\w)${WORD}{6,65536})`,
  'y',
);

/** Words that code, schemas and messages have in this place. */
export const NO_PASSWORD =
  /^(?:(?:str|string|text|varchar|char|secretstr|boolean|bool|number|int|integer|bytes?|buffer|any|unknown|never|object|field|input|value|optional|required|nullable|yes|true|false|none|null|nil|undefined|empty|missing|invalid|incorrect|wrong|expired|changed|updated|reset|denied|redacted|hidden|masked|protected|prompt|vault|default|example|placeholder|disabled|enabled|unset|unknown|failed|accepted|rejected|sent|email|username|admin|secret|private|public|readonly|writeonly|plain|plaintext|encrypted|hashed)$|.*(?:pass|pwd|secret|token|credential))/i;
const CAMEL = /^[a-z]+[A-Z]/;

/** Several words that are not a sentence, as people choose for passphrases. */
export function isPassphrase(text: string, min: number): boolean {
  const words = text.split(/[ -]/);
  return (
    words.length >= min &&
    words.length <= 24 &&
    words.every((word) => /^[a-z]{3,12}$/i.test(word) && !CAMEL.test(word)) &&
    !words.some((word) => SENTENCE.test(word))
  );
}

const SENTENCE =
  /^(?:the|and|for|are|was|were|not|but|you|your|its|this|that|these|those|with|from|must|should|can|cannot|will|has|have|had|does|did|may|please|enter|here|when|where|which|what|who|how|why|use|used|using|set|pass\w*|secret|token|key|required|needed|invalid|wrong|incorrect|missing|empty|least|most|characters?|confirm\w*|match|new|old|your|into|than|then|too|via|per|each|all|any|only|also|all|our|their|his|her|them|they|one|two|been|being|off|out)$/i;

export const PASSPHRASE =
  /[A-Za-z]{3,12}(?:[ -][A-Za-z]{3,12}){2,23}(?=[ \t]*(?:[\r\n]|$|\\{1,8}[nr]|\\*["'`<]))/y;

/** A quoted value with blanks: it has a sign or a digit and is not a sentence. */
export const isPassphraseWithSigns = (text: string): boolean =>
  text.length < 100 &&
  /[\d!@#$%^&*+~]/.test(text) &&
  !text.split(/[^A-Za-z]+/).some((word) => SENTENCE.test(word));
