/** A fact that HookBus reads from a payload, whatever the agent calls it. */
export type PayloadFact =
  | 'eventType'
  | 'toolName'
  | 'sessionId'
  | 'toolUseId'
  | 'promptId'
  | 'subagent'
  | 'toolInput';

/** The facts that may stand in a member for the tool call. */
export type CallFact = 'toolName' | 'toolUseId' | 'toolInput';

type Names<Fact extends string> = Readonly<Partial<Record<Fact, readonly string[]>>>;

/** An agent's names for these facts, as top-level members of its payload. */
export type PayloadFields = Names<PayloadFact> & {
  /** Members that hold a tool call, and the names in there. */
  readonly call?: Names<CallFact> & { readonly members: readonly string[] };
};
