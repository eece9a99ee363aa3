import gitleaks from '../gitleaks/rules.json' with { type: 'json' };
import { NO_MORE, type RedactionRule, rule, START } from './rule.ts';

interface ListedForm {
  readonly id: string;
  readonly hints: readonly string[];
  readonly pattern: string;
  /** The hints are keywords, not the beginning of the pattern. */
  readonly isAnywhere?: boolean;
  readonly isWord?: boolean;
  readonly ignoreCase?: boolean;
}

/** What stands between a name and its value, including the quotes of JSON inside strings. */
const BETWEEN = String.raw`(?:[ \t\w.-]{0,20})(?:[ \t\r\n'"]|\\{1,8}["'nrt]){0,4}(?:=>|:{1,3}=|\|\||[?:=,>])(?:[ \t\r\n'"\x60=]|\\{1,8}["'nrt]){0,5}`;

const forms = (gitleaks.forms as readonly ListedForm[]).map(
  ({ id, hints, pattern, isAnywhere, isWord, ignoreCase }): RedactionRule =>
    rule(
      id,
      hints,
      (isWord ? START : '') + pattern + NO_MORE,
      (isAnywhere ? 'g' : 'y') + (ignoreCase ? 'i' : ''),
    ),
);

const named = gitleaks.named.map(
  ({ id, words, value }): RedactionRule =>
    rule(
      id,
      hintsOf(words),
      `((?:${words})${BETWEEN})(?=[^ \\t\\r\\n]{0,200}[\\d:])(?!\\d{1,15}(?![\\w-]))${value}${NO_MORE}`,
      'iy',
    ),
);

/** The words themselves, up to their first character that is not literal. */
function hintsOf(words: string): string[] {
  return words
    .replace(/\[([A-Za-z])[A-Za-z]\]/g, '$1')
    .replace(/\(\?:|\)/g, '')
    .split('|')
    .map((word) => (/^[\w-]+/.exec(word.replace(/,$/, ''))?.[0] ?? '').toLowerCase())
    .filter((word) => word.length > 2);
}

/** The gitleaks rules that JavaScript can run in linear time (scripts/convert-gitleaks.js). */
export const LISTED_RULES: readonly RedactionRule[] = [...forms, ...named];
