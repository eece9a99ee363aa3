import { type Draw, join, type Sample, token } from './secrets.ts';

/** Texts with «secrets» in them; each word says what kind to draw. */
const NAMES: readonly string[] = [
  'X-Auth-Key: «hex»',
  'DD_APP_KEY=«hex»',
  '{"auths":{"x.io":{"auth":"«basic»"}}}',
  'token: «mixed»',
  'machine x.io login bob password «password»',
  'machine x.io\n  login bob\n  password «word»\n',
  'db.example.com:5432:app:bob:«password»',
  '*:*:*:postgres:«word»',
  '<server user="x" password="«word»"/>',
  '<add key="DbPassword" value="«password»" />',
  '<key>Password</key>\n<string>«word»</string>',
  '<property><name>db.password</name><value>«word»</value></property>',
  '<password>«word»</password>',
  'https://x.blob.core.windows.net/c?sv=2022&sig=«signature»&se=1',
  'https://x.s3.amazonaws.com/k?X-Amz-Expires=60&X-Amz-Signature=«hex»',
  'https://x/y?X-Goog-Signature=«hex»',
  '{"name":"DB_PASSWORD","value":"«password»"}',
  '{"value":"«word»","name":"DB_PASSWORD"}',
  '- name: DB_PASSWORD\n  value: «word»\n',
  '- name: API_TOKEN\n  value: "«mixed»"\n',
  '{"tokens":["«mixed»","«mixed»"]}',
  '{"apiKeys":{"prod":"«mixed»","dev":"«mixed»"}}',
  '{"secret":{"value":"«word»"}}',
  '{"Password":{"S":"«word»"}}',
  '{"secrets":{"DB":"«mixed»"}}',
  'password: «letters»',
  'password: «letters»\nuser: x',
  '{"text":"password: «letters»"}',
  'passphrase: «phrase»',
  'password = "«phrase»"',
  "PASSPHRASE='«phrase»'",
  '{"passphrase":"«phrase»"}',
  'name,password\nbob,«password»\nann,«password»\n',
  'id;user;secret\n1;bob;«mixed»\n',
  '| user | password |\n|------|----------|\n| bob | «password» |\n| ann | «word» |\n',
  ' user | api_key \n------+---------\n bob  | «mixed»\n',
  'NAME   TOKEN\nbob    «mixed»\n',
  'user\tpassword\nbob\t«password»\n',
  '{"out":"user,token\\nbob,«mixed»\\n"}',
  'git clone https://«mixed»@git.example.com/x.git',
  'https://oauth2:«mixed»@gitlab.com/x',
  'postgres://u:«password»@db/x',
  'contraseña: «letters»',
  'Passwort: «password»',
  'mot de passe : «password»',
  'senha: «letters»',
  'пароль: «password»',
  '密码：«password»',
  'パスワード: «password»',
  'wachtwoord=«password»',
  'hasło: «letters»',
  '{"contraseña":"«word»"}',
  '{"password":"«word»"}',
  '{"a":"{\\"client_secret\\":\\"«word»\\"}"}',
  'PASSWORD=«word»',
  'export API_TOKEN="«mixed»"',
  "password => '«word»'",
  "'password' => '«word»',",
  'spring.datasource.password=«word»',
  'db.password: «password»',
  'SECRET_KEY_BASE=«hex»',
  'JWT_SECRET=«word»',
  'API_KEY_PROD=«mixed»',
  'password2: «password»',
  'MYSQL_ROOT_PASSWORD: «word»',
  'Authorization: Bearer «mixed»',
  'Authorization: «mixed»',
  'authorization: token «mixed»',
  'Proxy-Authorization: Basic «basic»',
  'Cookie: sid=«mixed»; x=y',
  'Set-Cookie: session=«mixed»; HttpOnly',
  'X-Api-Key: «mixed»',
  'X-Vault-Token: «mixed»',
  'AccountKey=«base64»==;EndpointSuffix=x',
  'Server=x;User Id=sa;Password=«password»;',
  'Endpoint=sb://x/;SharedAccessKey=«base64»=',
  '_authToken=«uuid»',
  'aws_secret_access_key = «aws»',
  '{"SecretAccessKey":"«aws»"}',
  'AWS_SESSION_TOKEN=«base64»',
  "ALTER USER x WITH PASSWORD '«word»';",
  "IDENTIFIED BY '«password»'",
  'os.environ["DB_PASSWORD"] = "«word»"',
  'const apiKey: string = "«mixed»";',
  'secret := "«word»"',
  'password: |\n  «word»\n',
  'ENV DB_PASSWORD «password»',
  'token="«mixed»"',
  '?access_token=«mixed»&x=1',
  '?api_key=«mixed»',
  'hooks.slack.com/services/T0AAAAAAA/B0AAAAAAA/«mixed»',
  'root:$6$«salt»$«hash86»:19000:0',
  'credential: «password»',
  'private_key_id: x\nprivate_key: «base64»',
  'psk="«password»"',
  'HEROKU_KEY=«uuid»',
  'heroku config: heroku_token = «uuid»',
  'datadog_key: «lower40»',
  'twilio auth_token: «hex»',
  'mnemonic: "«phrase»"',
  'The password is «password», do not share it',
  'login: bob / password: «password»',
];

const COMMANDS: readonly string[] = [
  'redis-cli -h x -a «word» ping',
  'docker login -u bob -p «word» x.io',
  'az login -u bob@x -p «password»',
  'ldapsearch -x -D cn=a -w «word» -b dc=x',
  '7z a -p«word» x.7z f',
  'zip -P «word» x.zip f',
  'unzip -P «word» x.zip',
  'openssl enc -aes-256-cbc -passin pass:«word» -in f',
  'openssl rsa -passout pass:«word»',
  'curl -b "sid=«mixed»" https://x',
  "echo '«word»' | sudo -S ls",
  'echo «word» | sudo -S -k ls',
  'aws configure set aws_secret_access_key «aws»',
  'curl -u bob:«word» https://x',
  'curl --user "bob:«word»" https://x',
  "curl -H 'Authorization: Bearer «mixed»' https://x",
  "curl -H 'X-Api-Key: «mixed»' https://x",
  'curl -d \'{"password":"«word»"}\' https://x',
  'curl --oauth2-bearer «mixed» https://x',
  'mysql -u root -p«word» db',
  'mysqldump --password=«word» db',
  'sshpass -p «word» ssh x',
  "sshpass -p '«word»' ssh x",
  'PGPASSWORD=«word» psql -h x',
  'psql postgres://u:«word»@h/db',
  'mongosh -u a -p «word» x',
  'mongodump --uri mongodb://a:«word»@x/y',
  'sqlcmd -S x -U sa -P «word»',
  'smbclient //x/y -U bob%«word»',
  'lftp -u bob,«word» x',
  'wget --password=«word» https://x',
  'wget --http-password=«word» https://x',
  'http -a bob:«word» https://x',
  'keytool -list -storepass «word» -keystore k',
  'jarsigner -keypass «word» x.jar a',
  'ssh-keygen -t rsa -N «word» -f k',
  'htpasswd -b -c f bob «word»',
  'snmpwalk -v3 -A «word» x',
  'vault login «mixed»',
  'vault kv put secret/x password=«word»',
  'kubectl create secret generic x --from-literal=pin=«word»',
  'kubectl config set-credentials x --token=«mixed»',
  'helm install x --set db.password=«word»',
  'terraform apply -var db_password=«word»',
  'docker run -e DB_PASSWORD=«word» x',
  'docker build --build-arg NPM_TOKEN=«mixed» .',
  'git -c http.extraheader="AUTHORIZATION: basic «basic»" fetch',
  'git remote set-url origin https://bob:«word»@x/y',
  'git clone https://«mixed»@x/y',
  'npm config set //x/:_authToken «mixed»',
  'gpg --batch --passphrase «word» -d f',
  'ngrok config add-authtoken «mixed»',
  'tailscale up --authkey=«mixed»',
  'twine upload -u x -p «word» d',
  'node guard.js --api-key «mixed»',
  'guard --token=«mixed»',
  'guard --secret «word»',
  'python3 g.py --db-password «word»',
  'ipmitool -H x -U a -P «word» power',
  'mosquitto_pub -u a -P «word» -t x',
  'rar a -hp«word» x.rar f',
  'qpdf --password=«word» a b',
  'echo «word» | docker login -u a --password-stdin',
  'echo "bob:«word»" | chpasswd',
  'mc alias set x https://y bob «word»',
  'rabbitmqctl add_user bob «word»',
  'sqlplus bob/«word»@db',
  'bw login bob@x.io «password»',
  'snyk auth «uuid»',
  'dotnet nuget push x -k «mixed»',
  'vercel deploy --token «mixed»',
  'java -Ddb.password=«word» -jar x',
  'mvn -Dsonar.login=«hex» x',
  'xfreerdp /u:a /p:«word» /v:x',
  'nmcli dev wifi connect x password «word»',
  'security add-generic-password -a x -w «word»',
  'env API_TOKEN=«mixed» guard',
  'guard --header "Cookie: sid=«mixed»"',
  'sudo -S ls <<< «word»',
  'cqlsh -u a -p «word» x',
  'useradd -p «password» bob',
  'wpa_passphrase net «password»',
  'guard «github»',
  'influx -username a -password «word»',
];

export function placeSamples(draw: Draw): Sample[] {
  const of = (group: 'names' | 'commands', texts: readonly string[]): Sample[] =>
    texts.map((text) => ({ group, kind: text.replaceAll('\n', '⏎'), ...filled(text, draw) }));
  return [...of('names', NAMES), ...of('commands', COMMANDS)];
}

function filled(template: string, draw: Draw): { text: string; secrets: string[] } {
  const secrets: string[] = [];
  const text = template.replace(/«(\w+)»/g, (_all, what: string) => {
    const secret = made(what, draw);
    secrets.push(secret);
    return secret;
  });
  return { text, secrets };
}

function made(what: string, draw: Draw): string {
  const makers: Readonly<Record<string, () => string>> = {
    word: () => draw.word() + draw.digits(2),
    password: () => draw.password(),
    letters: () => draw.word(),
    mixed: () => `${draw.lower(3)}${draw.digits(2)}${draw.alnum(27)}`,
    hex: () => draw.hex(32),
    uuid: () => draw.uuid(),
    aws: () => `${draw.alnum(20)}/${draw.alnum(19)}`,
    basic: () => Buffer.from(`bob:${draw.alnum(18)}`).toString('base64'),
    base64: () => draw.base64(86),
    signature: () => `${draw.alnum(40)}%3D`,
    phrase: () => [1, 2, 3, 4].map(() => draw.word().slice(0, 6)).join(' '),
    salt: () => draw.alnum(8),
    hash86: () => draw.alnum(86),
    lower40: () => `${draw.lowerAlnum(38)}7a`,
    github: () => token(draw),
  };
  return makers[what]?.() ?? what;
}

type Encode = (secret: string) => string;
const escapedAll: Encode = (s) =>
  Array.from(s, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');
const utf16: Encode = (s) => Buffer.from(s, 'utf16le').toString('latin1');
const base64: Encode = (s) => Buffer.from(s).toString('base64');

const ENCODINGS: Readonly<Record<string, (secret: string, password: string) => string>> = {
  'in JSON in JSON': (s) => JSON.stringify({ a: JSON.stringify({ b: JSON.stringify({ c: s }) }) }),
  'all \\u': (s) => `{"x":"${escapedAll(s)}"}`,
  'all \\u in JSON in JSON': (s) => JSON.stringify({ a: `{"x":"${escapedAll(s)}"}` }),
  'some \\u': (s) => `{"x":"${s.slice(0, 3)}\\u005f${s.slice(4)}"}`,
  '.NET, quotes': (_s, p) => `{"c":"Password=\\u0022${p}\\u0022;"}`,
  '.NET, plus sign': (_s, p) => `{"c":"Server=x;Password=a\\u002B${p};"}`,
  '.NET, ampersand': (_s, p) => `{"u":"x?token=${p}\\u0026y=1"}`,
  '.NET, JSON in a string': (_s, p) => `{"a":"{\\u0022password\\u0022:\\u0022${p}\\u0022}"}`,
  '\\x': (s) => Array.from(s, (c) => `\\x${c.charCodeAt(0).toString(16)}`).join(''),
  percent: (_s, p) => `body=password%3D${p}%26x%3D1`,
  'percent, JSON': (_s, p) => `q=%7B%22password%22%3A%22${p}%22%7D`,
  'percent, the value': (_s, p) => `password=${p}%2B%2F%3D`,
  entities: (_s, p) => `<x data="{&quot;password&quot;:&quot;${p}&quot;}"/>`,
  'entities, numbers': (_s, p) => `password&#61;&#34;${p}&#34;`,
  'UTF-16': (s) => utf16(`token ${s} end`),
  'UTF-16, a name': (_s, p) => utf16(`PASSWORD=${p}\r\n`),
  'UTF-16 in JSON': (s) => JSON.stringify({ out: utf16(s) }),
  base64: (s) => `data ${base64(s)} end`,
  'base64 of a line': (s) => `data ${base64(`export X=${s}\n`)}`,
  'base64 of JSON': (_s, p) => `x ${base64(JSON.stringify({ user: 'bob', password: p }))}`,
  'base64 behind a name': (_s, p) => `data:\n  password: ${base64(p)}`,
  'base64 in JSON': (s) => JSON.stringify({ content: base64(s) }),
  'base64, URL safe': (s) =>
    base64(`token: ${s}`).replace(/[+]/g, '-').replace(/[/]/g, '_').replace(/=/g, ''),
  'base64 of base64': (s) => `x ${base64(base64(s))}`,
  hex: (s) => `x ${Buffer.from(s).toString('hex')}`,
  'hex in JSON': (s) => JSON.stringify({ h: Buffer.from(`token=${s}`).toString('hex') }),
  'colours around': (s) => `token \x1b[31m${s}\x1b[0m.`,
  'colours inside': (s) => `\x1b[1m${s.slice(0, 12)}\x1b[0m\x1b[31m${s.slice(12)}\x1b[0m`,
  'colours inside, in JSON': (s) =>
    JSON.stringify({ o: `${s.slice(0, 12)}\x1b[31m${s.slice(12)}` }),
  'colours between name and value': (_s, p) => `\x1b[32mpassword\x1b[0m: \x1b[33m${p}\x1b[0m`,
  'colours, grep': (s) => `x:\x1b[01;31m\x1b[K${s.slice(0, 4)}\x1b[m\x1b[K${s.slice(4)}`,
  'a line break inside': (s) => `x ${s.slice(0, 24)}\n${s.slice(24)}\n`,
  'a line break inside, in JSON': (s) =>
    JSON.stringify({ o: `x ${s.slice(0, 24)}\n${s.slice(24)}\n` }),
  'a line continued': (s) => `x=${s.slice(0, 20)}\\\n${s.slice(20)}\n`,
  'CRLF inside': (s) => `x ${s.slice(0, 24)}\r\n${s.slice(24)}\r\n`,
  'a JSON slash': (_s, p) => JSON.stringify({ u: `https://bob:${p}@x/y` }).replaceAll('/', '\\/'),
};

export function encodingSamples(draw: Draw): Sample[] {
  return Object.entries(ENCODINGS).map(([kind, encode]) => {
    const [secret, password] = [token(draw), `${draw.word()}${draw.digits(3)}`];
    const text = encode(secret, password);
    const forms = [
      secret,
      password,
      base64(secret),
      Buffer.from(secret).toString('hex'),
      base64(base64(secret)),
    ];
    const left = [...forms, secret.slice(12, 24), secret.slice(24), base64(password)].filter(
      (form) => text.includes(form),
    );
    const coded = [
      escapedAll(secret),
      utf16(secret),
      utf16(password),
      utf16(secret).slice(0, 40),
    ].filter((form) => text.includes(form));
    const letters = kind === '\\x' ? [text.slice(20, 60)] : [];
    const rest = left.length + coded.length + letters.length === 0 ? [longest(text)] : [];
    return { group: 'encodings', kind, text, secrets: [...left, ...coded, ...letters, ...rest] };
  });
}

const longest = (text: string): string =>
  (text.match(/[\w+/=-]+/g) ?? []).sort((a, b) => b.length - a.length)[0] ?? text;

/** What the limit of a capture leaves of a secret at its end. */
export function boundarySamples(draw: Draw): Sample[] {
  const cuts: readonly (readonly [string, string, number])[] = [
    ['30 characters of a token', token(draw), 30],
    ['20 characters of a token', token(draw), 20],
    ['12 characters of a token', token(draw), 12],
    ['8 characters of a token', token(draw), 8],
    ['a key of Anthropic', join('sk-', 'ant-api03-', draw.urlSafe(90)), 24],
    ['a little of one', join('sk-', 'ant-api03-', draw.urlSafe(90)), 17],
    ['a token of Slack', join('xo', 'xb-', draw.digits(12), '-', draw.alnum(24)), 14],
    ['a key of Stripe', join('sk', '_live_', draw.alnum(30)), 12],
    ['a key id of AWS', join('AK', 'IA', draw.upper(16)), 12],
    ['a key of Google', join('AI', 'za', draw.urlSafe(35)), 12],
  ];
  const tokens = cuts.map(([kind, secret, length]): Sample => {
    const cut = secret.slice(0, length);
    return { group: 'boundaries', kind, text: `{"stdout":"x ${cut}`, secrets: [cut] };
  });
  const password = draw.word();
  const named = [
    '{"password":"',
    'PASSWORD=',
    '{"a":"{\\"token\\":\\"',
    'Authorization: Bearer ',
    'postgres://u:',
  ];
  return [
    ...tokens,
    ...named.slice(0, 4).map(
      (start): Sample => ({
        ...{ group: 'boundaries', kind: `truncated after ${start}` },
        ...{ text: start + password, secrets: [password] },
      }),
    ),
  ];
}
