import { type Draw, join, type Sample } from './secrets.ts';

/** Private keys, and how agents' tools and shells show them. */
type Shown = (lines: readonly string[]) => string;

const numbered = (lines: readonly string[], between: string): string =>
  lines.map((line, index) => `${String(index + 1).padStart(6)}${between}${line}`).join('\n');
const each = (lines: readonly string[], change: (line: string, index: number) => string): string =>
  lines.map(change).join('\n');

const SHOWN: Readonly<Record<string, Shown>> = {
  'as it is': (lines) => lines.join('\n'),
  CRLF: (lines) => lines.join('\r\n'),
  'in JSON': (lines) => JSON.stringify({ text: lines.join('\n') }),
  'in JSON in JSON': (lines) => JSON.stringify({ a: JSON.stringify({ text: lines.join('\n') }) }),
  'in JSON, three levels': (lines) =>
    JSON.stringify({ a: JSON.stringify({ b: JSON.stringify({ text: lines.join('\n') }) }) }),
  'numbered with a tab': (lines) => numbered(lines, '\t'),
  'numbered with an arrow': (lines) => numbered(lines, '→'),
  'numbered with an arrow, in JSON': (lines) => JSON.stringify({ c: numbered(lines, '→') }),
  'numbered with a bar': (lines) => numbered(lines, ' | '),
  'numbered by grep': (lines) => each(lines, (line, index) => `${index + 1}:${line}`),
  'with the name of the file': (lines) => each(lines, (line) => `deploy/id_rsa:${line}`),
  quoted: (lines) => each(lines, (line) => `> ${line}`),
  'commented out': (lines) => each(lines, (line) => `# ${line}`),
  'commented out with slashes': (lines) => each(lines, (line) => `// ${line}`),
  'in a doc comment': (lines) => each(lines, (line) => ` * ${line}`),
  'in a box': (lines) => each(lines, (line) => `│ ${line.padEnd(66)} │`),
  'in colours': (lines) => each(lines, (line) => `\x1b[32m${line}\x1b[0m`),
  'in colours, in JSON': (lines) =>
    JSON.stringify({ out: each(lines, (line) => `\x1b[1;32m+${line}\x1b[m`) }),
  'added in a diff': (lines) => each(lines, (line) => `+${line}`),
  'removed in a diff': (lines) => each(lines, (line) => `-${line}`),
  'in YAML': (lines) => `tls:\n  key: |\n${each(lines, (line) => `    ${line}`)}\nnext: x`,
  'in .env': (lines) => `KEY="${lines.join('\\n')}"\nNEXT=1`,
  'in JavaScript': (lines) => `const key = ${each(lines, (line) => `  '${line}\\n' +`)}\n  '';`,
  'in JavaScript, in JSON': (lines) =>
    JSON.stringify({ code: `const key = ${each(lines, (line) => `"${line}\\n" +`)}` }),
  'in Python': (lines) => `key = (\n${each(lines, (line) => `    b"${line}\\n"`)}\n)`,
  'as a list in JSON': (lines) => JSON.stringify({ lines }),
  'on one line': (lines) => lines.join(' '),
  'on one line without blanks': (lines) => lines.join(''),
  'in XML': (lines) => `<key>\n${lines.join('\n')}\n</key>`,
  'in Terraform': (lines) => `  key = <<-EOT\n${each(lines, (line) => `    ${line}`)}\n  EOT`,
  'without its header': (lines) => lines.slice(1).join('\n'),
  'without header and end': (lines) => `$ tail\n${lines.slice(2, -1).join('\n')}\nTraceback`,
  'without its end': (lines) =>
    `${lines.slice(0, -1).join('\n')}\nTraceback (most recent call last)`,
  'truncated in a line': (lines) => lines.slice(0, -3).join('\n').slice(0, -20),
  'its unicode escaped': (lines) =>
    JSON.stringify({ k: lines.join('\n') }).replace(/[+]/g, String.raw`\u002B`),
  'its slashes escaped': (lines) => JSON.stringify({ k: lines.join('\n') }).replaceAll('/', '\\/'),
};

const BEGIN = '-----BEGIN';
const linesOf = (text: string, width: number): string[] =>
  text.match(new RegExp(`.{1,${width}}`, 'g')) ?? [];

function pem(draw: Draw, kind: string, start: string, length: number, width = 64): string[] {
  const body = linesOf(start + draw.base64(length - start.length), width);
  return [
    `${BEGIN} ${kind}PRIVATE ${'KEY'}-----`,
    ...body,
    `-----END ${kind}PRIVATE ${'KEY'}-----`,
  ];
}

const KINDS: Readonly<Record<string, (draw: Draw) => string[]>> = {
  RSA: (d) => pem(d, 'RSA ', join('MIIEpAI', 'BAAKCAQEA'), 1588),
  PKCS8: (d) => pem(d, '', join('MIIEvQI', 'BADANBgkqhkiG9w0BAQEFAASC'), 1620),
  EC: (d) => pem(d, 'EC ', join('MHcC', 'AQEEI'), 164),
  OpenSSH: (d) => pem(d, 'OPENSSH ', join('b3BlbnNza', 'C1rZXktdjEAAAAA'), 1820, 70),
};

export function keySamples(draw: Draw): Sample[] {
  const sample = (kind: string, text: string, lines: readonly string[]): Sample => ({
    group: 'keys',
    kind,
    text,
    secrets: lines.filter((line) => line.length > 3 && !line.includes('-----')),
  });
  const shown = Object.entries(SHOWN).map(([how, show]) => {
    const kind = draw.pick(['RSA', 'PKCS8', 'OpenSSH']);
    const lines = KINDS[kind]?.(draw) ?? [];
    const text = show(lines);
    const isThere = (line: string): boolean => text.includes(line);
    return sample(`${kind} ${how}`, text, lines.filter(isThere));
  });
  const others = Object.entries(KINDS).map(([kind, make]) => {
    const lines = make(draw);
    return sample(`${kind} printed by a hook`, `reading key\n${lines.join('\n')}\nfailed`, lines);
  });
  return [...shown, ...others, ...otherKeys(draw, sample)];
}

function otherKeys(
  draw: Draw,
  sample: (kind: string, text: string, lines: readonly string[]) => Sample,
): Sample[] {
  const body = linesOf(draw.base64(800), 64);
  const d = draw.urlSafe(43);
  const wide = draw.urlSafe(342);
  const oneLine = join('MC4CAQ', 'AwBQYDK2VwBCIEI', draw.base64(43));
  const encoded = Buffer.from(pem(draw, '', join('MIIEvQI', 'BADANBgkq'), 900).join('\n'));
  const pgp = linesOf(draw.base64(640), 64);
  const mac = draw.hex(40);
  return [
    sample(
      'PuTTY',
      `PuTTY-User-Key-File-2: ssh-rsa\nEncryption: none\nComment: x\nPrivate-Lines: 13\n${body.join('\n')}\nPrivate-MAC: ${mac}`,
      [...body, mac],
    ),
    sample('JWK, EC', JSON.stringify({ kty: 'EC', crv: 'P-256', d }), [d]),
    sample(
      'JWK, RSA',
      JSON.stringify({ j: JSON.stringify({ kty: 'RSA', e: 'AQAB', d: wide, p: d }) }),
      [wide, d],
    ),
    sample('Ed25519 without header', `key ${oneLine} end`, [oneLine]),
    sample('PEM in base64 (kubeconfig)', `    client-key-data: ${encoded.toString('base64')}`, [
      encoded.toString('base64'),
    ]),
    sample(
      'PEM in base64 of 76 columns',
      linesOf(encoded.toString('base64'), 76).join('\n'),
      linesOf(encoded.toString('base64'), 76),
    ),
    sample('PEM in hex', `hex ${encoded.toString('hex')}`, [encoded.toString('hex')]),
    sample(
      'PGP',
      `${BEGIN} PGP PRIVATE ${'KEY'} BLOCK-----\nVersion: GnuPG v2\n\n${pgp.join('\n')}\n=aB3d\n-----END PGP PRIVATE ${'KEY'} BLOCK-----`,
      pgp,
    ),
    sample(
      'encrypted RSA',
      `${BEGIN} RSA PRIVATE ${'KEY'}-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,${draw.hex(32).toUpperCase()}\n\n${body.join('\n')}\n-----END RSA PRIVATE ${'KEY'}-----`,
      body,
    ),
    sample(
      'WireGuard',
      `[Interface]\nPrivateKey = ${mac}aB+${d.slice(0, 1)}=\nAddress = 10.0.0.1`,
      [mac],
    ),
  ];
}
