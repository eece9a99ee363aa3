/* begin.c: what is known before the hook starts. */
#pragma once

#include "text.h"

struct run;

struct trace_parent {
    char trace_id[33], span_id[17], flags[3];
};

/* Parses a W3C `traceparent`; false if it is absent or invalid. */
bool begin_parse_trace(const char *text, struct trace_parent *parent);
/* Why an execution happens; `is_partial`: what is missing here may come yet. */
struct cause {
    struct text session, tool_use, prompt, event, tool, input;
    bool is_partial;
};
/*
 * Derives the correlation id that executions with one cause share; false if nothing shows what belongs together.
 * TypeScript port: src/domain/correlation.ts.
 */
bool begin_correlation(const struct cause *cause, char id[33]);
void begin_make_ids(struct run *run);
void begin_describe(struct run *run);
/* Whether the agent adds plain text on stdout to its context on this event; as in src/domain/events.ts. */
bool begin_takes_text(const struct run *run);
/* Appends the begin frame to `begin`. */
void begin_encode(struct run *run, struct bytes *begin);
/* Scans the rest of a late payload; true if the record needs a new begin frame. */
bool begin_rescan(struct run *run);
/* Valid after `begin_describe`; length 0 if nothing names the event. */
struct text begin_event(const struct run *run);
/* Whether the payload is one of Cline, where a hook can refuse after a tool, too. As `agentOf` in src/agents/recognize.ts. */
bool begin_is_cline(const struct run *run);
/* The event that the payload names, as far as it has arrived. Overwrites `run->fields`. */
struct text begin_named_event(struct run *run);
