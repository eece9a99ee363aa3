import { type RedactionRule, rule, START } from './rule.ts';

/** Parts of a word on a command line. A secret is not a reference, and not redacted yet. */
const NO_REFERENCE = String.raw`(?!\$[\w{(]|\[redacted:|<)`;
const OPEN = String.raw`(?:\\*["'])?`;
const TO_END = String.raw`[^ \t\r\n"'\\|;&]+`;

/** `program … option SECRET`, for options that prove nothing by themselves. */
function command(
  programs: string,
  options: string,
  secret = TO_END,
  hints: readonly string[] = namesOf(programs),
): RedactionRule {
  const between = String.raw`(?![\w-])[^|;\r\n]{0,200}?(?<=[ \t"',])`;
  return rule(
    'command-password',
    hints,
    `(${START}(?:${programs})${between}(?:${options})${OPEN})${NO_REFERENCE}${secret}`,
    'iy',
  );
}

/** The program names; short ones with the character after them, since two letters occur in many words. */
const namesOf = (programs: string): string[] =>
  programs
    .split('|')
    .flatMap((name) =>
      name.length > 2 ? [name] : [' ', '\t', '"', "'", '\\'].map((end) => name + end),
    );

const GAP = String.raw`(?:[ \t]+|\\*["'],[ \t]*)`;

/** Secrets on command lines, by the programs that take them. */
export const COMMAND_RULES: readonly RedactionRule[] = [
  command('redis-cli|keydb-cli|valkey-cli', `-a${GAP}|--pass${GAP}`),
  command(
    'docker|podman|nerdctl|helm|oc|skopeo|crane|buildah',
    `login[^|;\\r\\n]{0,160}?[ \\t](?:-p|--creds)(?:${GAP}|=)?`,
  ),
  command(
    'az|twine|mongo|mongosh|mongodump|mongorestore|cqlsh|beeline|rdesktop|mosquitto_pub|mosquitto_sub|pg_dump|vncviewer|sshpass|nexus|sftp|oc|lpass|ldapsearch|cadaver|argocd|flux',
    `-p${GAP}|-P${GAP}`,
  ),
  command('sshpass', `-p[ ]?`),
  command('xfreerdp|xfreerdp3|wfreerdp|mstsc', `/(?:p|pth|gp):`),
  command(
    'ldapsearch|ldapadd|ldapmodify|ldapdelete|ldappasswd|ldapwhoami|ldapcompare',
    `-[ws](?:${GAP})?`,
  ),
  command('7z|7za|7zz|7zr|rar|unrar', `-h?p(?=[^ \\t]{2})`),
  command(
    'zip|unzip|zipcloak|sqlcmd|bcp|ipmitool|mosquitto_pub|mosquitto_sub|sqlplus|hydra|isql|tsql',
    `-P(?:${GAP})?|--password[ =]`,
  ),
  // Any address contains `http`.
  command('http|https', `(?:-a|--auth)(?:=|${GAP})${OPEN}[\\w.@+%-]{0,64}:`, TO_END, [
    'http -',
    'https -',
  ]),
  command(
    'openssl',
    `-(?:pass|passin|passout|passwd|srppass)${GAP}${OPEN}pass:|-(?:k|K|hmac|psk)${GAP}`,
  ),
  command(
    'curl|xh|wget',
    `-b${GAP}${OPEN}(?=[\\w.-]{1,80}=)(?![\\w./-]{0,80}(?:[ \\t"'\\\\]|$))|--cookie(?:=|${GAP})(?![\\w./-]{0,80}(?:[ \\t"'\\\\]|$))`,
    String.raw`[^"'\\\r\n]+`,
  ),
  command(
    'curl|xh',
    `(?:-[uU]|--user|--proxy-user|-a|--auth)(?:=|${GAP})?${OPEN}[\\w.@+%-]{0,64}:`,
  ),
  command(
    'curl|xh|wget',
    `--oauth2-bearer(?:=|${GAP})|--(?:http-|ftp-|proxy-)?password=|--pass(?:=|${GAP})`,
  ),
  command('aws', `configure[ \\t]+set[^|;\\r\\n]{0,60}?(?:secret_access_key|session_token)${GAP}`),
  command(
    'mysql|mysqldump|mysqladmin|mariadb|mariadb-dump|mysqlimport|mysqlsh|xtrabackup',
    `-p(?=[^ \\t=])`,
  ),
  command('smbclient|rpcclient|mount.cifs|smbget', `-U${GAP}?${OPEN}[\\w.\\\\/-]{1,64}%`),
  command('lftp|ncftp|ncftpput', `-u${GAP}${OPEN}[\\w.@-]{1,64},`),
  command(
    'keytool|jarsigner|apksigner',
    `-(?:src|dest)?(?:store|key|new)pass${GAP}${OPEN}(?:pass:)?`,
  ),
  command('ssh-keygen', `-[NP]${GAP}`),
  command(
    'htpasswd',
    `-[A-Za-z]{0,4}b[A-Za-z]{0,4}${GAP}(?:-\\w+[ \\t]+)*(?!-)[^ \\t]{1,100}[ \\t]+[^ \\t]{1,100}[ \\t]+`,
  ),
  command('htpasswd', `-[A-Za-z]*nb[A-Za-z]*${GAP}[^ \\t]{1,100}[ \\t]+`),
  command('snmpwalk|snmpget|snmpset|snmpbulkwalk', `-[AXc]${GAP}`),
  command(
    'vault|doppler|snyk|cargo|ngrok|infisical|hcp|dvc',
    `(?:login|unlock|auth|authtoken|add-authtoken)${GAP}(?!-|[a-z]+(?:[ \\t]|$))`,
  ),
  command('bw', `login${GAP}[^ \\t]{1,100}@[^ \\t]{1,100}[ \\t]+|unlock${GAP}(?!-)`),
  command(
    'mc',
    `(?:alias[ \\t]+set|config[ \\t]+host[ \\t]+add)${GAP}[^ \\t]{1,80}[ \\t]+[^ \\t]{1,200}[ \\t]+[^ \\t]{1,100}[ \\t]+`,
  ),
  command(
    'rabbitmqctl',
    `(?:add_user|change_password|authenticate_user)${GAP}[^ \\t]{1,100}[ \\t]+`,
  ),
  command('wpa_passphrase', `(?:[^ \\t"'\\\\]{1,100}|\\\\*["'][^"'\\\\]{1,100}\\\\*["'])[ \\t]+`),
  command('useradd|usermod', `-p${GAP}|--password[ =]`),
  command('qpdf|pdftk|gs', `(?:user_pw|owner_pw|input_pw)${GAP}|-sPDFPassword=|--encrypt${GAP}`),
  command('nuget|dotnet|choco', `-(?:ApiKey|k|-api-key)${GAP}`),
  command(
    'vercel|flyctl|fly|doctl|firebase|netlify|surge|codecov|railway|gitlab-runner|pulumi|influx|buildkite-agent',
    `(?:-t|--auth|-r)(?:=|${GAP})(?=[\\w.-]{0,80}\\d)`,
  ),
  command('npm|yarn|pnpm', `set${GAP}[^ \\t]{1,200}[ \\t]+(?=[\\w-]{0,80}\\d[\\w-]{8})`),
  command(
    'heroku|wrangler|gh|glab',
    `(?:--with-token|secret[ \\t]+put[^|;\\r\\n]{0,80}?)[ \\t]*<<<[ \\t]*`,
  ),
  command('nmcli', `password${GAP}`),
  command('security|secret-tool|keyring', `-w${GAP}`),
  command('kubectl|oc', `--from-literal(?:=|${GAP})[\\w.-]{1,80}=`),
  command('borg|restic|gpg|gpg2|duplicity|age', `--passphrase(?:=|${GAP})`),
  command(
    'sqlplus|sqlldr|expdp|impdp|rman',
    `[\\w$#]{1,40}/(?=[^ \\t/@]{1,80}@)`,
    String.raw`[^ \t@"'\\]+`,
  ),
  command('cmdkey|runas|psexec|wmic|winrs|schtasks', `/(?:pass|p|password|rp)[: ]|-p${GAP}`),
  {
    name: 'command-password', // a piped password
    hints: ['echo', 'printf'],
    pattern:
      /((?:echo|printf)(?:[ \t]+-[neE]+)*[ \t]+(?:\\*["'](?:%s(?:\\{1,4}n)?\\*["'][ \t]+\\*["']?)?)?(?:[\w.-]{1,40}:)?)(?!\$[\w{(]|\[redacted:|-)[^"'\\|;&\r\n]{1,200}?(?=(?:\\{1,4}n)*\\*["']?[ \t]*\|[ \t]*(?:sudo[ \t]+(?:-\w+[ \t]+)*(?:-\w*S|chpasswd|smbpasswd|-S)|chpasswd|kinit|cryptsetup|gpg|smbpasswd|passwd|(?:[\w./-]{1,40}[ \t]+){1,6}?--?(?:password-stdin|with-token|passwd-stdin|stdin)))/y,
  },
  {
    name: 'command-password', // and here-strings
    hints: ['<<<'],
    pattern:
      /((?:sudo|su|kinit|passwd|docker|gh|vault|gpg|cryptsetup)[ \t][^|;\r\n]{0,120}?<<<[ \t]*(?:\\*["'])?)(?!\$[\w{(]|\[redacted:)[^ \t\r\n"'\\]+/g,
  },
];
