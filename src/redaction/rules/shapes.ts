import { LONG_WORD } from '../scan.ts';
import {
  ALNUM,
  HEX,
  NO_MORE,
  type RedactionRule,
  rule,
  START,
  URL_SAFE,
  UUID,
  word,
} from './rule.ts';

/** Letters of both cases and a digit that is no version, and not words joined by signs. */
const MIXED =
  '(?=[\\w-]{0,40}[A-Z])(?=[\\w-]{0,40}[a-z])(?=[\\w-]{0,40}(?<![Vv])\\d)(?!(?:[A-Z]?[a-z]{2,20}[._-]){2})';
const HAS_DIGIT = '(?=[A-Za-z]{0,40}\\d)';
const LOWER = '[a-z0-9]';
const UPPER = '[A-Z0-9]';
const BASE32 = '[A-Z2-7]';
const PLAIN_BASE64 = '(?:[A-Za-z0-9+]|\\\\{0,8}/)';

const longWord = (name: string, shape: string): RedactionRule =>
  rule(name, [LONG_WORD], START + shape + NO_MORE, 'y');

/** What says of a word that it begins a token: `sk_org_live_`, `polar_oat_`, `kpat_`, `secret-`. */
const KINDS =
  '(?:sk|ak|[ks]?pat|sat|oat|aat|tok|[a-z]{0,8}(?:key|token|secret))|(?:sk|pk|rk|ek|ak|api)_(?:[a-z]{2,8}_)?(?:live|test|prod|dev|sbox|user)';

/** Tokens whose prefix is short or common, so that their length and characters have to match too. */
export const SHAPE_RULES: readonly RedactionRule[] = [
  longWord(
    'prefixed-token',
    `(?:[a-z][a-z0-9]{0,15}[_-])?(?:${KINDS})(?:[_-][a-z]{2,10}){0,2}[_-](?:${UUID}|${HEX}{32}${HEX}*|(?=[a-z]{0,20}\\d[a-z]{0,20}\\d)${LOWER}{24}${LOWER}*|${MIXED}${URL_SAFE}{20}${URL_SAFE}*)`,
  ),
  word('ai-key', ['ak-', 'as-'], `${MIXED}${ALNUM}{22}${NO_MORE}`),
  word('ai-key', ['fk-'], `${URL_SAFE}{20}-${URL_SAFE}{43}${NO_MORE}`),
  longWord('ai-key', `(?:secret_[a-z0-9-]{1,40}_)?${HEX}{32}\\.(?:${MIXED}${ALNUM}{16,32})`),
  word('service-token', ['pi_', 'seti_', 'cs_'], `${ALNUM}{16,64}_secret_${ALNUM}{16,64}`),
  word('service-token', ['pk_'], `(?:${HEX}{34}|\\d{6,10}_${UPPER}{32})${NO_MORE}`),
  word('service-token', ['md-'], `${MIXED}${URL_SAFE}{22}${NO_MORE}`),
  word('service-token', ['live_'], `${MIXED}${URL_SAFE}{40}${NO_MORE}`),
  word('service-token', ['NF-'], `${HAS_DIGIT}${ALNUM}{32}${NO_MORE}`),
  word('service-token', ['lip_', 'lio_'], `${HAS_DIGIT}${ALNUM}{20}${NO_MORE}`),
  word('service-token', ['console-'], `${MIXED}${ALNUM}{40}`),
  rule('developer-token', ['endr+'], `${START}endr\\+${ALNUM}{16}${NO_MORE}`, 'y'),
  word('service-token', ['cu_'], `${HEX}{32}${NO_MORE}`),
  longWord('service-token', `KEY${UPPER}{32}_${ALNUM}{22}`),
  word('cloud-token', ['SCW'], `(?=[A-Z]{0,16}\\d)${UPPER}{17}${NO_MORE}`),
  word('cloud-token', ['YCN', 'YCO', 'YCP', 'YCM'], `${MIXED}${URL_SAFE}{37}${NO_MORE}`),
  word('service-token', ['dG9rO'], `(?:${ALNUM}){40,80}={0,2}`),
  longWord('service-token', `sk${MIXED}${ALNUM}{80,200}`),
  word('cloud-token', ['essu_'], `${PLAIN_BASE64}{40,120}={0,2}`),
  word('cloud-token', ['cflt'], `(?=[A-Za-z+/]{0,40}\\d)${PLAIN_BASE64}{60}${NO_MORE}`),
  word('ai-key', ['apk_user_', 'cog_'], `(?=[A-Za-z+/]{0,40}\\d)${PLAIN_BASE64}{40,120}={0,2}`),
  word('cloud-token', ['IQoJb3JpZ2lu', 'FwoGZXIv', 'FQoGZXIv'], `${PLAIN_BASE64}{64,4096}={0,2}`),
  word('service-token', ['AQE'], `(?=[A-Za-z+/]{0,20}\\d)${PLAIN_BASE64}{60,300}`),
  word('cloud-token', ['AKLT'], `(?=[A-Za-z]{0,30}\\d)${ALNUM}{30,60}`),
  word('cloud-token', ['bce-v3/'], `ALTAK-${ALNUM}{16,32}/${HEX}{40}`),
  word('developer-token', ['st.'], `${HEX}{24}\\.${HEX}{32}\\.${HEX}{32}`),
  word(
    'developer-token',
    ['pat.', 'sat.'],
    `${URL_SAFE}{22}\\.${HEX}{24}\\.${ALNUM}{20}${NO_MORE}`,
  ),
  word('developer-token', ['0.'], `${UUID}\\.${ALNUM}{30}:${PLAIN_BASE64}{22}==`),
  word('service-token', ['b10ck5.'], `${HEX}{32}\\.${UUID}`),
  word('cloud-token', ['token-', 'kubeconfig-'], `[a-z0-9-]{5,40}:${LOWER}{54}${NO_MORE}`),
  word('service-token', ['secret-token:'], `[\\w%~.-]{16,256}`),
  word('developer-token', ['agent:', 'user:'], `(?:[\\w-]{1,60}:)?${HEX}{32}${NO_MORE}`),
  word('service-token', ['oauth:'], `(?=[a-z]{0,29}\\d)${LOWER}{30}${NO_MORE}`),
  word(
    'developer-token',
    ['A3-'],
    `${UPPER}{6}-(?:${UPPER}{11}|${UPPER}{6}-${UPPER}{5})(?:-${UPPER}{5}){3}${NO_MORE}`,
  ),
  longWord('wallet-key', `S[UAONCX]${BASE32}{56}`),
  longWord('wallet-key', `S(?=[A-Z]{0,55}[2-7])${BASE32}{55}`),
  longWord('service-token', `${HEX}{24}:${HEX}{64}`),
  longWord('developer-token', `${HEX}{24}\\.${HEX}{32}`),
  longWord('cloud-token', `2(?=[a-z0-9]{0,25}[A-Z])${ALNUM}{26}_${ALNUM}{20,22}`),
  word('service-token', ['00D'], `${ALNUM}{12,15}!AQ[\\w.]{60,200}`),
  {
    name: 'service-token',
    hints: ['hooks.zapier.com'],
    pattern: /(hooks\.zapier\.com\\{0,8}\/hooks\\{0,8}\/catch\\{0,8}\/)(?:\w|\\{0,8}\/){8,64}/y,
  },
];
