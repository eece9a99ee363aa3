/* `--fail-open`: discards the output and exit code of a failed hook, if neither can be a decision. */
#include "fail_open.h"
#include "begin.h"
#include "gate.h"
#include "run.h"

static bool can_block(const struct run *run, struct text event)
{
    return begin_is_cline(run) || gate_can_block(event);
}

/* If the hook can block, or the event is unknown, a failure may be a refusal. src/bus/begin.ts has the same rule. */
void fail_open_note(struct run *run)
{
    const char *named = run->options.event == NULL ? "" : run->options.event;
    struct text event = {named, strlen(named)};
    if (!run->options.fail_open) return;
    if (event.length == 0 || !gate_can_block(event)) event = begin_event(run);
    run->can_forgive = !can_block(run, event);
    if (!run->can_forgive) text_add_warning(&run->warnings, (struct text){"--fail-open", 11}, event);
}

/* Agents read JSON on stdout, some in any line, and one at the start of stderr, whatever the exit code. */
static bool may_be_decision(const struct run *run)
{
    const struct stream *out = &run->streams[STDOUT], *err = &run->streams[STDERR];
    const unsigned char *start = err->buffer + err->at, *end = start + err->length;
    if (out->length > 0 && memchr(out->buffer + out->at, '{', out->length) != NULL) return true;
    while (start < end && strchr(" \t\r\n", *start) != NULL) start++;
    return start < end && *start == '{';
}

bool fail_open_forgives(struct run *run)
{
    bool has_answered = run->kind == EXITED && (run->exit_code == 0 || run->exit_code == 2);
    if (!run->can_forgive || has_answered || may_be_decision(run)) return false;
    struct text event = begin_named_event(run);
    return !begin_is_cline(run) && (event.at == NULL || !gate_can_block(event));
}
