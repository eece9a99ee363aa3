/* gate.c: disables a hook. */
#pragma once

#include "text.h"

struct run;

/* Whether a gate disables the hook; sets `reason`. A breaker's gate sets `awaits_event` until the event is known. */
bool gate_is_closed(struct run *run, bool is_event_known);
/* Whether a hook on this event can stop the agent's action; true for an unknown event. */
bool gate_can_block(struct text event);
