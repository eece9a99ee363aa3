/* begin.c: what is known before the hook starts. */
#pragma once

#include "text.h"

struct run;

struct trace_parent {
    char trace_id[33], span_id[17], flags[3];
};

/* Reads a W3C `traceparent`; false when it is absent or not valid. */
bool begin_parse_trace(const char *text, struct trace_parent *parent);
/* The correlation id of everything with this cause; twin of src/domain/correlation.ts. */
void begin_correlation(struct text session, struct text tool_use, struct text prompt, struct text event, char id[33]);
void begin_make_ids(struct run *run);
void begin_describe(struct run *run);
/* To the end of `begin`. */
void begin_encode(struct run *run, struct bytes *begin);
/* Whether the rest of a payload that came late names what the record lacks. */
bool begin_learn_late(struct run *run);
/* Known once the run is described; of no length where nobody told it. */
struct text begin_event(const struct run *run);
/* The event that the payload names, as far as it has come by now. Overwrites the run's fields. */
struct text begin_named_event(struct run *run);
