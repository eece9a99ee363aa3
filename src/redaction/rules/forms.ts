import { LONG_WORD } from '../scan.ts';
import {
  ALNUM,
  digits,
  HEX,
  NO_MORE,
  type RedactionRule,
  rule,
  run,
  START,
  token,
  URL_SAFE,
  UUID,
  word,
} from './rule.ts';
import { SHAPE_RULES } from './shapes.ts';

/** Prefixes that need only a minimum length after them: that length, and all prefixes that share it. */
type Prefixes = Readonly<Record<number, string>>;

function words(name: string, prefixes: Prefixes, characters: string): RedactionRule[] {
  return Object.entries(prefixes).map(([min, list]) =>
    word(name, list.split(' '), digits(characters, Number(min))),
  );
}

const AI_PREFIXES: Prefixes = {
  20:
    'fw_ csk- r8_ jina_ tgp_v1_ pcsk_ wandb_v1_ e2b_ llx- cpk_ esecret_ rpa_ m0- crsr_ bb_live_ ' +
    'dtn_ sgamp_user_ sk-None-',
  24: 'voyage- pa- fc- apify_api_ xau_ vtwn_ ddp_ ddo_ tr_dev_ tr_prod_ sk-ws- sk-cp- retool_',
};
const CODE_PREFIXES: Prefixes = {
  20:
    'dckr_pat_ dckr_oat_ rubygems_ CLOJARS_ PMAK- pul- CCIPAT_ CCIPRJ_ bkua_ bkaj_ bkct_ ' +
    'GR1348941 sgp_ slk_ sqa_ squ_ sqp_ AKCp figd_ figo_ figu_ figuh_ phx_ phs_ phc_ ' +
    'snyk_uat. snyk_sat. n8n_api_ rdme_ ico- pnu_ pnb_ tfp_ ATTA ops_ sha256~ glc_ glsa_ ' +
    'jsrp_ packagist_uut_ packagist_out_ packagist_ort_ packagist_orr_ hcamk_ dbtc_ dbtu_ dbts_ ' +
    'zpka_ unkey_ rootly_ waka_ xaat- xapt- tss_ PMAT- BBFF-',
  24: 'hcaik_ hcbik_ hcxik_ hcalk_ dt0c01. dt0s01. dt0s16. dt0e01. CFPAT- cal_live_ signkey-',
  26: 'cio oy2 cmVmd API- sntrya_ sntryi_ gitea_ gto_ mint_dsc_ dnkey- jfrt_',
};
const CLOUD_PREFIXES: Prefixes = {
  20:
    'sbp_ sb_secret_ nfp_ nfc_ nfo_ nfu_ nfb_ rnd_ napi_ vercel_blob_rw_ vck_ vcp_ vci_ vca_ ' +
    'pscale_tkn_ pscale_pw_ pscale_oauth_ tskey- HRKU- mdb_sa_sk_ CCDB1_ AQVN tk-us-',
  16: 'AVNS_ akab-',
  32: 'ory_at_ ory_rt_ ory_st_ ory_ac_ ory_pat_ p8e- y0_ t1.9eu',
};
const SERVICE_PREFIXES: Prefixes = {
  12: 'FLWSECK- FLWSECK_TEST- access-sandbox- access-development- access-production- WPL_AP1.',
  14: 'pat-na1- pat-na2- pat-eu1- A21AA svix_ testsk_ mlsn. rzp_live_ rzp_test_ b_live_ skey_live_ skey_test_',
  20:
    'secret-live- secret-test- Mid-server- persona_production_ ' +
    'persona_sandbox_ api_live. api_sandbox. sec-c- cnvca cnvat lin_wh_ xkeysib- xsmtpsib- shippo_live_ shippo_test_ EZAK EZTK duffel_live_ duffel_test_ fio-u-',
  30: 'live_pub_ test_pub_ APA91b lob_live_ pdl_live_ pdl_sdbx_',
};

/** Prefixes of tokens, the characters after them, and the minimum length. Rules in other lists may be stricter. */
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
  token('github-token', ['ghs_'], String.raw`\d{1,12}_eyJ[\w-]{10}[\w-]*(?:\.[\w-]+){1,2}`),
  token('github-token', ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'], run('\\w', 36)),
  token('github-token', ['github_pat_'], run('\\w', 36)),
  token('gitlab-token', [...GITLAB, 'glagent-', 'glffct-', 'gloas-', 'glwt-'], run('[\\w.-]', 20)),
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
  word(
    'atlassian-token',
    ['ATATT', 'ATCTT', 'ATSTT', 'ATBB', 'ATOAUTH', 'BBDC-'],
    run('[\\w=+/-]', 20),
  ),
  rule(
    'terraform-token',
    ['.atlasv1.'],
    String.raw`(?:(?<![A-Za-z0-9])|(?<=\\[nrt]))${ALNUM}{14}\.atlasv1\.${run(URL_SAFE, 40)}`,
    'g',
  ),
  ...words('developer-token', CODE_PREFIXES, '[\\w.-]'),
];

const CLOUD_RULES: readonly RedactionRule[] = [
  word('aws-key-id', ['AKIA', 'ASIA', 'ABIA', 'ACCA'], `[A-Z2-7]{16}${NO_MORE}`),
  {
    name: 'aws-secret-key',
    hints: ['secretkey', 'secret_key', 'secretaccesskey', 'secret_access_key'],
    pattern:
      /(secret_?(?:access_?)?key(?:\\*["'])?(?:[ \t]*[:=][ \t]*|[ \t]+)(?:\\*["'])?)(?:[a-z0-9+]|\\{0,8}\/){40}(?![a-z0-9+/=])/iy,
  },
  word('aws-bedrock-key', ['ABSK'], `${run('[A-Za-z0-9+/]', 100)}={0,2}`),
  word('aws-bedrock-key', ['bedrock-api-key-'], run('[A-Za-z0-9+/=_-]', 40)),
  token('google-key', ['AIza'], run(URL_SAFE, 35)),
  token('google-oauth', ['GOCSPX-', 'ya29.'], run('[\\w.-]', 20)),
  word('google-oauth', ['1//0', '4/0A'], run(URL_SAFE, 30)),
  {
    name: 'azure-storage-key',
    hints: ['accountkey=', 'accesskey='],
    pattern: /((?:Account|Access)Key=)(?:[A-Za-z0-9+]|\\{0,8}\/){20,256}={0,2}/iy,
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
      'jqqj99',
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
      /(?:(?<![A-Za-z0-9+/])|(?<=\\[nrt]))(?:[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}|[A-Za-z0-9]{52}(?:AzSe[A-Z]|JQQJ99)[A-Za-z0-9]{5,30}|(?:[A-Za-z0-9+]|\\{0,8}\/){30,84}(?:\+(?:ASb|AEh|ARm|ASt|ABa|AMC|ACR)|ACDb|AIoT|AzFu|AAAAAC)[A-Za-z0-9+/]{4,24}={0,2})(?![A-Za-z0-9+/])/g,
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
    pattern:
      /(hooks\.slack\.com\\{0,8}\/(?:services|workflows|triggers)\\{0,8}\/)(?:[\w+-]|\\{0,8}\/){8,256}/y,
  },
  {
    name: 'discord-webhook',
    hints: ['discord.com', 'discordapp.com'],
    pattern:
      /(discord(?:app)?\.com\\{0,8}\/api\\{0,8}\/(?:v\d{1,2}\\{0,8}\/)?webhooks\\{0,8}\/\d{1,20}\\{0,8}\/)[\w-]{20}[\w-]*/y,
  },
  {
    name: 'teams-webhook',
    hints: ['incomingwebhook'],
    pattern: /(incomingwebhook\\{0,8}\/)[a-f0-9]{16}(?:[\w-]|\\{0,8}\/){0,200}/iy,
  },
  rule(
    'discord-token',
    [LONG_WORD],
    String.raw`${START}[MNO][\w-]{23,27}\.[\w-]{6}\.[\w-]{27,40}`,
    'y',
  ),
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
  rule('twilio-key', [LONG_WORD], `${START}(?:SK|AC)${HEX}{32}${NO_MORE}`, 'y'),
  word('sendgrid-key', ['SG.'], String.raw`[\w-]{16,64}\.${run(URL_SAFE, 16)}`),
  token(
    'shopify-token',
    ['shpat_', 'shpca_', 'shppa_', 'shpss_', 'shpua_'],
    run('[A-Fa-f0-9]', 32),
  ),
  word('launchdarkly-key', ['sdk-', 'mob-', 'api-'], `${UUID}${NO_MORE}`),
  word('mailgun-key', ['key-'], `${HEX}{32}${NO_MORE}`),
  rule('mailgun-key', [LONG_WORD], `${START}${HEX}{32}-${HEX}{8}-${HEX}{8}${NO_MORE}`, 'y'),
  rule('mailchimp-key', [LONG_WORD], `${START}${HEX}{32}-us\\d{1,2}${NO_MORE}`, 'y'),
  word(
    'mapbox-token',
    ['sk.eyJ', 'pk.eyJ', 'tk.eyJ'],
    String.raw`[\w-]{10,400}\.${run(URL_SAFE, 10)}`,
  ),
  word('airtable-token', ['pat'], String.raw`${ALNUM}{14}\.${run(HEX, 40)}`),
  word('resend-key', ['re_'], `${ALNUM}{6,12}_${digits(ALNUM, 20)}`),
  word('square-token', ['EAAA', 'sq0atp-', 'sq0csp-', 'sq0idp-'], digits(URL_SAFE, 22)),
  word('facebook-token', ['EAA', 'IGQV', 'IGAA'], digits(ALNUM, 80)),
  word('dropbox-token', ['sl.', 'sl.u.'], digits(URL_SAFE, 60)),
  word(
    'new-relic-key',
    ['NRAK-', 'NRII-', 'NRJS-', 'NRRA-', 'NRBR-', 'NRSP-', 'NRAA-'],
    run('[\\w-]', 19),
  ),
  rule('new-relic-key', [LONG_WORD], `${START}(?:eu01xx)?${HEX}{30,36}NRAL${NO_MORE}`, 'y'),
  word('twitter-token', ['AAAAAAAAAAAAAAAAAAAAA'], run('[A-Za-z0-9%]', 60)),
  {
    name: 'braintree-token',
    hints: ['access_token$'],
    pattern: /access_token\$(?:production|sandbox)\$[a-z0-9]{16}\$[a-f0-9]{32}/y,
  },
  {
    name: 'asana-token',
    hints: ['1/', '2/', '0/'],
    pattern:
      /(?:(?<![\w/.-])|(?<=\\[nrt]))(?:[01]\\{0,8}\/\d{12,16}:[a-f0-9]{32}|2\\{0,8}\/\d{12,17}\\{0,8}\/\d{12,17}:[a-f0-9]{32}|0\\{0,8}\/[a-f0-9]{32})(?!\w)/y,
  },
  ...words('service-token', SERVICE_PREFIXES, '[\\w.=-]'),
  word('jwt', ['eyJ'], String.raw`[\w-]{10}[\w-]*\.(?:[\w-]{10}[\w-]*(?:\.[\w-]*){1,3}|[\w-]*$)`),
];

export const FORM_RULES: readonly RedactionRule[] = [
  ...AI_RULES,
  ...CODE_RULES,
  ...CLOUD_RULES,
  ...SERVICE_RULES,
  ...SHAPE_RULES,
];
