/* The end of a claim: the owner sends its result to the daemon, and a duplicate replays it. claim.c has the start. */
#include "result.h"
#include "loop.h"
#include "node.h"
#include "run.h"

/* Replays an output; a caller that does not read blocks it until a signal comes, as it would block the hook. */
static void replay_output(struct run *run, int which, struct text text)
{
    struct stream *stream = &run->streams[which];
    const struct stream *target = &run->streams[run->is_merged ? STDOUT : which];
    if (text.length == 0) return;
    stream_measure(stream, (const unsigned char *)text.at, text.length);
    stream->to_socket = target->to_socket;
    stream->to_pipe = target->to_pipe;
    stream->to = which;
    stream->flow = PASSING;
    stream->buffer = (unsigned char *)(uintptr_t)text.at;
    stream->length = text.length;
    run->phase = REPLAYING;
    for (stream_write(stream); stream->length > 0;) (void)loop_turn(run, -1);
}

void result_replay(struct run *run)
{
    static char reason[128];
    struct claim *claim = &run->claim;
    size_t length = claim->original_id.length < 64 ? claim->original_id.length : 64;
    if (claim->verdict == VERDICT_REPLAY) {
        replay_output(run, STDOUT, claim->out);
        replay_output(run, STDERR, claim->err);
        run->exit_code = claim->exit_code;
    }
    /* src/domain/skipped-guard.ts parses it. */
    bool is_refused = claim->verdict == VERDICT_REPLAY && claim->refuses;
    const char *prefix = is_refused ? "refused again, as a " : "", *original = length > 0 ? claim->original_id.at : "";
    (void)FORMAT(reason, sizeof reason, "%sduplicate of %.*s", prefix, (int)length, original);
    run->reason = reason;
    run->kind = DEDUPE_SKIP;
}

/* Whether the launcher forwarded the output, and kept all of it within the limits. */
static bool is_fully_kept(const struct run *run, int which)
{
    const struct stream *stream = &run->streams[which];
    return run->hook_ends[which] >= 0 && stream->total == stream->kept_length && stream->total <= RESULT_BYTES &&
           stream->total <= run->settings.max_bytes;
}

/* A hook that was asked to end, or whose output is incomplete, may be unfinished, whatever its exit code. */
static bool has_result(const struct run *run)
{
    const struct stream *out = &run->streams[STDOUT];
    bool has_answered = run->kind == EXITED && (run->exit_code == 0 || run->exit_code == 2);
    if (!has_answered || run->was_asked_to_end || out->is_incomplete || run->streams[STDERR].is_incomplete) return false;
    if (run->claim.wants_outputs) return is_fully_kept(run, STDOUT) && is_fully_kept(run, STDERR);
    /* A decision that was not kept cannot be replayed. */
    return is_fully_kept(run, STDOUT) || stdout_kind_of(&out->kind) != KIND_JSON;
}

/* If only refusals are replayed, sends nothing else. The daemon decides what is one. */
static void encode_result(const struct run *run, struct bytes *bytes)
{
    const struct stream *out = &run->streams[STDOUT], *err = &run->streams[STDERR];
    bool is_result = has_result(run), may_refuse = run->exit_code == 2 || stdout_kind_of(&out->kind) == KIND_JSON;
    bool has_outputs = is_fully_kept(run, STDOUT) && is_fully_kept(run, STDERR);
    if (claim_replays_refusals_only(run) && !(is_result && may_refuse)) return;
    size_t start = frame_begin(bytes, FRAME_RESULT);
    field_text(bytes, RESULT_EXECUTION_ID, run->execution_id);
    field_text(bytes, RESULT_HOOK_NAME, run->options.name);
    field_bytes(bytes, RESULT_KEY, run->claim.key.at, run->claim.key.length);
    if (is_result) field_number(bytes, RESULT_EXIT_CODE, (uint64_t)run->exit_code);
    if (is_result && has_outputs && (run->claim.wants_outputs || may_refuse)) {
        field_bytes(bytes, RESULT_STDOUT, out->kept, out->kept_length);
        field_bytes(bytes, RESULT_STDERR, err->kept, err->kept_length);
    }
    frame_end(bytes, start);
}

bool result_send(struct run *run)
{
    struct claim *claim = &run->claim;
    struct bytes frames = {0};
    if (!claim->is_owner) return false;
    encode_result(run, &frames);
    bool is_result = frames.length > 0;
    if (!claim->helper) node_encode_notify(&frames);
    bool is_sent = frames.length > 0 && claim_send(claim->bus, &frames, ANSWER_TIMEOUT_US);
    /* The helper stores the result; the daemon, if there is one, is notified separately. */
    if (claim->helper > 0) {
        if (is_sent) claim_await_helper(claim, HELPER_FINISH_US);
        is_sent = is_result = false;
    }
    claim_disconnect(claim);
    if (is_result && !is_sent && (claim->bus = node_connect(run)) >= 0) {
        /* A new daemon has replaced the one that granted the claim, so it needs the begin frame first. */
        is_sent = claim_send(claim->bus, &run->begin, ANSWER_TIMEOUT_US) &&
                  claim_send(claim->bus, &frames, ANSWER_TIMEOUT_US);
        claim_disconnect(claim);
    }
    free(frames.at);
    return is_sent;
}
