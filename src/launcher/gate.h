/* gate.c: what keeps a hook from running. */
#pragma once

#include "text.h"

struct run;

/*
 * Whether a gate keeps the hook from running; says why in `reason`. Before the event is known, a breaker's is
 * left open, and `awaits_event` says so.
 */
bool gate_is_closed(struct run *run, bool is_event_known);
/* Whether a hook on this event may stop what the agent is about to do; on doubt it may. */
bool gate_can_block(struct text event);
