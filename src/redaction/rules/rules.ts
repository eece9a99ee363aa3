import { COMMAND_RULES } from './commands.ts';
import { FORM_RULES } from './forms.ts';
import { type RedactionRule, run, token } from './rule.ts';

const CREDENTIAL_RULES: readonly RedactionRule[] = [
  token('age-key', ['AGE-SECRET-KEY-1'], run('[A-Z0-9]', 20)),
  {
    name: 'wallet-key',
    hints: ['xprv', 'yprv', 'zprv', 'tprv', 'nsec1'],
    pattern:
      /(?:(?<![A-Za-z0-9])|(?<=\\[nrt]))(?:[xyzt]prv[1-9A-HJ-NP-Za-km-z]{60,120}|nsec1[a-z0-9]{50,70})/y,
  },
  {
    name: 'password-hash',
    hints: [
      '$1$',
      '$2a$',
      '$2b$',
      '$2y$',
      '$5$',
      '$6$',
      '$y$',
      '$argon2',
      '$pbkdf2',
      '$scrypt',
      '$apr1$',
      '$7$',
      '$gy$',
    ],
    pattern:
      /\$(?:1|2[aby]|5|6|7|y|gy|apr1|argon2id?|argon2i|argon2d|pbkdf2(?:-sha\d{1,3})?|scrypt)\$[\w./$=,+*-]{20,400}/y,
  },
  {
    name: 'jwk', // the private numbers of a JSON web key
    hints: ['"kty', "'kty", '"d\\', '"d"', "'d'"],
    pattern: /((?<![\w])(?:d|p|q|dp|dq|qi|k)\\*["'][ \t\r\n]*:[ \t\r\n]*\\*["'])[\w-]{30}[\w-]*/g,
  },
  {
    name: 'putty-key',
    hints: ['private-mac', 'private-hash'],
    pattern: /(Private-(?:MAC|Hash):[ \t]*)[a-f0-9]{20,128}/y,
  },
  {
    name: 'docker-auth',
    hints: ['"auth', "'auth"],
    pattern:
      /(["']auth\\*["'][ \t\r\n]*:[ \t\r\n]*\\*["'])(?=[A-Za-z0-9+/\\]{0,80}[A-Z])(?=[A-Za-z0-9+/\\]{0,200}[\d=+])(?:[A-Za-z0-9+]|\\{0,8}\/){8,4096}={0,2}/y,
  },
  {
    name: 'netrc',
    hints: ['machine', 'login', 'default'],
    pattern:
      /((?:machine(?:[ \t\r\n]|\\{1,8}[nrt]){1,8}[\w.:-]{1,100}|default|login(?:[ \t\r\n]|\\{1,8}[nrt]){1,8}[^ \t\r\n"\\]{1,100})(?:[ \t\r\n]|\\{1,8}[nrt]){1,8}(?:login(?:[ \t\r\n]|\\{1,8}[nrt]){1,8}[^ \t\r\n"\\]{1,100}(?:[ \t\r\n]|\\{1,8}[nrt]){1,8})?password(?:[ \t\r\n]|\\{1,8}[nrt]){1,8})(?!\[redacted:)[^ \t\r\n"\\]+/y,
  },
  {
    name: 'pgpass',
    hints: [':5432:', ':*:', ':3306:', ':6432:', ':5433:', ':6543:', ':5434:'],
    pattern:
      /((?:^|[ \t\r\n"'`]|\\[nrt])(?:[\w.*-]{1,120}|\/[\w./-]{1,120}):(?:\d{2,5}|\*):(?:[\w*-]{1,64}):(?:[\w*.@-]{1,64}):)(?!\[redacted:)[^ \t\r\n"'\\:]+/g,
  },
  {
    name: 'signature',
    hints: ['sig=', 'signature='],
    pattern:
      /((?<![A-Za-z])(?:sig|signature)=)(?!\[redacted:)[^& \t\r\n"'\\<>;,]{16}[^& \t\r\n"'\\<>;,]*/iy,
  },
  {
    name: 'authorization',
    hints: ['authorization'],
    pattern:
      /(authorization(?:\\*["'])?[ \t]*[:=][ \t]*\[?(?:\\*["'])?(?:bearer|basic|token|apikey|api-key|negotiate|ntlm|digest|hmac|sharedkey|sso-key|bot|dpop|splunk|genie-?key|ghost|key|aws4-hmac-sha256|pvdb|oauth|klaviyo-api-key|discogs|[a-z][a-z0-9-]{1,30}(?=[ \t]+[^ \t\r\n"'\\]{0,64}\d[^ \t\r\n"'\\]{15}))[ \t]+)(?![$<{[])[^ \t\r\n"'\\]+/iy,
  },
  {
    name: 'bearer',
    hints: ['bearer'],
    pattern: /(bearer[ \t]+)(?=[a-z._~+/-]{0,64}\d)[a-z0-9._~+/-]{16}[a-z0-9._~+/-]*={0,2}/iy,
  },
  {
    name: 'basic',
    hints: ['basic'],
    pattern: /(basic[ \t]+)(?=[a-z+/]{0,200}[\d=])[a-z0-9+/]{12}[a-z0-9+/]*={0,2}/iy,
  },
  {
    name: 'cookie',
    hints: ['cookie:'],
    pattern: /(cookie:[ \t]*)[\w!#$%&*+.^|~-]{1,80}=[^\r\n"'\\]+/iy,
  },
  {
    name: 'url-password',
    hints: ['://', ':\\'],
    pattern:
      /(:(?:\\{0,8}\/){2}[^ \t\r\n:/@"'\\]{0,100}:)(?!\$[\w{(]|\[redacted:)[^ \t\r\n/?#"'\\]{1,256}(?=@)/y,
  },
  {
    name: 'url-token',
    hints: ['://', ':\\'],
    pattern:
      /(:(?:\\{0,8}\/){2})(?=[A-Za-z_-]{0,80}\d)(?!\[redacted:)[\w-]{20,256}(?=@|:(?:x-oauth-basic)?@)/y,
  },
  {
    name: 'sql-password',
    hints: [
      "password '",
      "identified by '",
      "password('",
      "password = '",
      "password='",
      "password n'",
      "password=n'",
      'identified by "',
      "password e'",
      "encrypted password '",
      'password $$',
    ],
    pattern:
      /((?:password(?:[ \t]+|[ \t]*[=(][ \t]*)|identified by )[NE]?(?:'|\$\$))(?!\[redacted:)[^'"\\\r\n$]+(?=')/iy,
  },
  {
    name: 'secret-pair', // {"value":"…","name":"DB_PASSWORD"}
    hints: ['value"', "value'", 'value\\'],
    pattern:
      /(value\\*["'][ \t\r\n]*:[ \t\r\n]*\\*["'])(?!\[redacted:)[^"'\\\r\n]{1,500}(?=\\*["'][ \t\r\n]*,[ \t\r\n]*\\*["'](?:name|key|id|label)\\*["'][ \t\r\n]*:[ \t\r\n]*\\*["'][\w.-]{0,60}(?:password|passwd|secret|token|api_?key)\\*["'])/iy,
  },
  {
    name: 'said-password', // the password is …
    hints: [
      'password is',
      'password was',
      'passphrase is',
      'passcode is',
      'password to',
      'passwort ist',
      'passwort lautet',
      'contraseña es',
    ],
    pattern:
      /((?:pass(?:word|phrase|code|wort)|contrase\S{1,2}a) (?:is|was|to|ist|lautet|es):?[ \t]+(?:\\*["'`])?)(?=[^ \t\r\n]{0,64}[\d!@#$%^&*])(?=[^ \t\r\n]{0,64}[A-Za-z])(?!\[redacted:|(?:base|sha|md|utf|aes|rsa|at|in)[-_]?\d|\d+[- ])[^ \t\r\n"'`\\,;]{6,200}/iy,
  },
  {
    name: 'docker-env', // ENV DB_PASSWORD …
    hints: ['env ', 'arg '],
    pattern:
      /((?:(?<![\w])|(?<=\\[nrt]))(?:ENV|ARG)[ \t]+\w{0,60}(?:PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|ACCESS_KEY|PRIVATE_KEY)[ \t]+)(?!\$|\[redacted:)[^ \t\r\n"'\\]+/y,
  },
  {
    name: 'java-property', // -Dsonar.login=…
    hints: ['login='],
    pattern: /(-D[\w.]{1,60}\.login=)(?=[^ \t]{0,60}\d)(?!\[redacted:)[\w-]{16}[\w-]*/g,
  },
  {
    name: 'sql-password', // crypt('…', gen_salt(…))
    hints: ["crypt('"],
    pattern: /(crypt\(')(?!\[redacted:)[^'"\\\r\n]{3,200}(?=')/iy,
  },
];

/** The order matters: rules that know a secret's form come before those that know the words around it. */
export const REDACTION_RULES: readonly RedactionRule[] = [
  ...FORM_RULES,
  ...COMMAND_RULES,
  ...CREDENTIAL_RULES,
];

/** Prefixes of tokens that are enough to recognise a token. */
export const PREFIXES: readonly string[] = FORM_RULES.flatMap(
  ({ prefixes = [] }) => prefixes,
).filter((prefix) => prefix.length > 3 && /[_.-]$|^AKIA$|^AIza$|^ATATT$/.test(prefix));
