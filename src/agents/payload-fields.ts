/** A fact that HookBus reads from a payload, whatever the agent calls it. */
export type PayloadFact =
  | 'eventType'
  | 'toolName'
  | 'sessionId'
  | 'toolUseId'
  | 'promptId'
  | 'subagent';

/** An agent's names for these facts, as top-level members of its payload. */
export type PayloadFields = Readonly<Partial<Record<PayloadFact, string>>>;
