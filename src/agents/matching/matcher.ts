import type { AgentName } from '../settings/agent-settings.ts';
import { testPattern } from './bounded-pattern.ts';
import { type MatchedValue, matchedValue } from './matched-value.ts';
import { no, quoted, unknown, type Verdict, yes } from './verdict.ts';

/** Compares a matcher with the names in a payload, by the rules of one agent and event. */
type Rule = (matcher: string, values: readonly string[], event: string) => boolean;

const RULES: Readonly<Record<AgentName, Rule>> = {
  claude: (matcher, values, event) => {
    // These two know no other separator, and no blank or hyphen in a name.
    const isNarrow = event === 'FileChanged' || event === 'StopFailure';
    const isList = (isNarrow ? /^[A-Za-z0-9_|]*$/ : /^[A-Za-z0-9_\-\s,|]*$/).test(matcher);
    if (!isList) return matchesPattern(matcher, values);
    return matcher.split(/[|,]/).some((name) => values.includes(name.trim()));
  },
  codex: (matcher, values) =>
    /^[A-Za-z0-9_|]*$/.test(matcher)
      ? matcher.split('|').some((name) => values.includes(name))
      : matchesPattern(matcher, values),
  gemini: (matcher, values, event) => {
    const text = matcher.trim();
    if (!/Tool$/.test(event)) return values.includes(text);
    return isPattern(text) ? matchesPattern(text, values) : values.includes(text);
  },
  copilot: (matcher, values, event) => {
    if (/^[a-z]/.test(event)) return matchesPattern(`^(?:${matcher})$`, values);
    if (/^[\w|-]*$/.test(matcher)) return matcher.split('|').some((name) => values.includes(name));
    return matchesPattern(`^(?:${matcher})$`, values);
  },
  cursor: matchesPattern,
  qwen: (matcher, values) =>
    matcher.split('|').some((name) => values.includes(name.trim())) ||
    matchesPattern(matcher, values),
  droid: (matcher, values) =>
    matcher.split('|').some((name) => values.includes(name)) || matchesPattern(matcher, values),
  auggie: matchesPattern,
  // Its hooks have no matchers.
  cline: () => true,
};

/** Matchers that stand for everything. */
const EVERYTHING: Readonly<Record<AgentName, readonly string[]>> = {
  claude: ['', '*'],
  codex: ['', '*'],
  gemini: ['', '*'],
  copilot: ['', '*', '**'],
  cursor: ['', '*'],
  qwen: ['', '*', '.*'],
  droid: ['', '*', '.*'],
  auggie: ['', '.*'],
  cline: [],
};

/** Whether the matcher of a hook lets it run for a payload. */
export function testMatcher(
  agent: AgentName,
  event: string,
  matcher: string | undefined,
  payload: Readonly<Record<string, unknown>>,
): Verdict {
  if (matcher === undefined) return yes('it has no matcher');
  const written = `matcher ${quoted(matcher)}`;
  if (EVERYTHING[agent].includes(matcher.trim())) return yes(`${written} matches everything`);
  const value: MatchedValue = matchedValue(agent, event, payload);
  if (value.kind === 'none') return yes(`${written} has no effect on ${event}`);
  if (value.kind === 'unknown') return unknown(`${written}: what it is compared with is not known`);
  const [first] = value.values;
  if (first === undefined)
    return unknown(
      `${written}: no ${/^tool_?name$/i.test(value.field) ? 'tool' : value.field} is given`,
    );
  if (RULES[agent](matcher, value.values, event)) return yes(`${written} matches ${quoted(first)}`);
  const why = isPattern(matcher) ? 'does not match' : 'is no valid pattern, so it never matches';
  return no(`${written} ${why}${isPattern(matcher) ? ` ${quoted(first)}` : ''}`);
}

/** @throws CostlyPattern */
function matchesPattern(pattern: string, values: readonly string[]): boolean {
  if (!isPattern(pattern)) return false;
  const compiled = new RegExp(pattern);
  return values.some((value) => testPattern(compiled, value));
}

function isPattern(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}
