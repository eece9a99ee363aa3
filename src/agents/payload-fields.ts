/** What HookBus reads of a payload, whatever the agent calls it. */
export type PayloadFact = 'eventType' | 'toolName' | 'sessionId' | 'toolUseId' | 'promptId';

/** The names an agent has for each fact, as top-level members of its payload. */
export type PayloadFields = Readonly<Partial<Record<PayloadFact, string>>>;
