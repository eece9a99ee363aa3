/*
 * A dedupe key: the daemon is asked before the hook whether it may run, and told after it what came of it. The claim ends
 * with the connection, so that whoever is killed gives it up.
 */
#include "launcher.h"

#include <sched.h>
#include <sys/socket.h>

enum {
    ANSWER_US = 100000,               /* for the first answer, and for all of a result to be taken */
    REPLY_BYTES = 9 * 1024 * 1024,    /* longest answer */
    RESULT_BYTES = 4 * 1024 * 1024,   /* most that is kept of each output, whatever the cap; as src/gates/dedupe.ts */
    HEADER_BYTES = 6,
    MAX_WAIT_US = 5000000,            /* for the first one's result; as src/gates/dedupe.ts */
    SILENCE_US = 3000000,             /* once a second we are told to wait: longer than that, and somebody is stuck */
    SOON_US = 1000,                   /* most answers come within this */
    CROWDED_US = 100,                 /* another process had the processor meanwhile, and there may be more of them */
};

void call_bus(struct run *run)
{
    run->claim.bus = connect_bus(run);
    /* The number of a stream that the caller closed is for what stands in for it. */
    if (run->claim.bus <= STDERR) hang_up(&run->claim);
}

void hang_up(struct claim *claim)
{
    if (claim->bus >= 0) close(claim->bus);
    claim->bus = -1;
}

static int ms_until(int64_t deadline_us)
{
    int64_t left = deadline_us - now_us();
    return left <= 0 ? 0 : (int)((left + 999) / 1000);
}

/* Sends all of it in time; false where that was not possible. */
static bool send_all(int bus, const struct bytes *bytes)
{
    int64_t deadline_us = now_us() + ANSWER_US;
    struct pollfd target = {.fd = bus, .events = POLLOUT};
    for (size_t at = 0; at < bytes->length;) {
        ssize_t sent = send(bus, bytes->at + at, bytes->length - at, MSG_DONTWAIT);
        if (sent > 0) at += (size_t)sent;
        else if (sent < 0 && errno != EAGAIN && errno != EINTR) return false;
        else if (now_us() >= deadline_us || poll(&target, 1, ms_until(deadline_us)) == 0) return false;
    }
    return !bytes->failed;
}

void ask_for_key(struct run *run)
{
    const struct options *options = &run->options;
    const struct stream *in = &run->streams[STDIN];
    struct bytes frames = {0};
    run->claim.deadline_us = now_us() + ANSWER_US;
    bytes_add(&frames, run->begin.at, run->begin.length);
    size_t start = frame_begin(&frames, FRAME_CLAIM);
    field_text(&frames, CLAIM_TEMPLATE, options->dedupe_key);
    field_number(&frames, CLAIM_TTL_SECONDS, options->dedupe_ttl > 0 ? options->dedupe_ttl : run->settings.dedupe_ttl);
    field_number(&frames, CLAIM_ON_DUPLICATE, options->on_duplicate);
    if (!run->settings.shares_keys) field_text(&frames, CLAIM_SHARING, "off");
    /* As far as it was read, which is all of it. */
    field_bytes(&frames, CLAIM_PAYLOAD, in->buffer + in->at, in->length);
    field_text(&frames, CLAIM_PATH, getenv("PATH"));
    frame_end(&frames, start);
    if (!send_all(run->claim.bus, &frames)) hang_up(&run->claim);
    free(frames.at);
}

static uint32_t length_at(const unsigned char *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

bool read_verdict(struct claim *claim, const unsigned char *body, size_t length)
{
    uint64_t kind = UINT64_MAX;
    claim->key = claim->of = (struct text){0};
    claim->wants_outputs = false;
    for (size_t at = 0; at < length;) {
        if (length - at < 5) return false;
        int tag = body[at];
        size_t size = length_at(body + at + 1);
        const unsigned char *value = body + at + 5;
        if (size > length - at - 5) return false;
        uint64_t number = size == 8 && length_at(value + 4) == 0 ? length_at(value) : UINT64_MAX;
        if (tag == VERDICT_KIND) kind = number;
        if (tag == VERDICT_KEY) claim->key = (struct text){(const char *)value, size};
        if (tag == VERDICT_OF) claim->of = (struct text){(const char *)value, size};
        if (tag == VERDICT_WANTS_OUTPUTS) claim->wants_outputs = number == 1;
        at += 5 + size;
    }
    claim->verdict = (enum verdict)kind;
    return kind <= VERDICT_WAIT;
}

/*
 * Looks again and again for an answer that is about to come: to be put to sleep and woken up would cost the hook 0.1 ms.
 * No longer than nobody else wants the processor.
 */
static void look_out(int bus)
{
    struct pollfd source = {.fd = bus, .events = POLLIN};
    int64_t now = now_us(), until = now + SOON_US, before = now;
    while (poll(&source, 1, 0) == 0 && now < until && now - before < CROWDED_US) {
        (void)sched_yield();
        before = now;
        now = now_us();
    }
}

/* One frame of the daemon's; false where none comes in time or what comes is none. A signal ends us, if it counts here. */
static bool receive(struct run *run, int signals, int64_t deadline_us)
{
    unsigned char piece[4096];
    struct bytes *reply = &run->claim.reply;
    struct pollfd fds[] = {{.fd = run->claim.bus, .events = POLLIN}, {.fd = signals, .events = POLLIN}};
    size_t wanted = HEADER_BYTES;
    reply->length = 0;
    while (reply->length < wanted) {
        int ready = poll(fds, 2, ms_until(deadline_us));
        if (ready == 0 || (ready < 0 && errno != EINTR)) return false;
        if (ready > 0 && fds[1].revents != 0) die_before_the_hook(run);
        if (ready < 0 || fds[0].revents == 0) continue;
        size_t left = wanted - reply->length;
        ssize_t got = read(run->claim.bus, piece, left < sizeof piece ? left : sizeof piece);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
        if (got > 0) bytes_add(reply, piece, (size_t)got);
        /* Who says a byte now and then holds nobody up. */
        if (got <= 0 || reply->failed || (reply->length < wanted && now_us() >= deadline_us)) return false;
        if (reply->length != HEADER_BYTES || wanted != HEADER_BYTES) continue;
        wanted += length_at(reply->at + 2);
        if (reply->at[0] != FRAME_VERSION || reply->at[1] != FRAME_VERDICT || wanted > REPLY_BYTES) return false;
    }
    return read_verdict(&run->claim, reply->at + HEADER_BYTES, reply->length - HEADER_BYTES);
}

/* Nobody waits then, and nobody owns the key. */
static bool gives_refusals_only(const struct run *run)
{
    return can_block(event_of(run)) && run->options.on_duplicate != ON_DUPLICATE_REPLAY;
}

/*
 * Whether the daemon answers: at once, or as long as it says that there is somebody to wait for, and there is time. A
 * signal then ends us as it would the hook.
 */
static bool hear_daemon(struct run *run)
{
    struct claim *claim = &run->claim;
    int64_t timeout_us = run->options.timeout_us;
    int64_t until_us = now_us() + (timeout_us > 0 && timeout_us < MAX_WAIT_US ? timeout_us : MAX_WAIT_US), silent_us;
    /* Nobody was there; now at least there is a directory for a daemon to start in. */
    if (claim->bus < 0 && (claim->bus = connect_bus(run)) >= 0) ask_for_key(run);
    if (claim->bus < 0) return false;
    look_out(claim->bus);
    bool is_answered = receive(run, -1, claim->deadline_us);
    if (!is_answered || claim->verdict != VERDICT_WAIT || gives_refusals_only(run)) return is_answered;
    do {
        silent_us = now_us() + SILENCE_US;
        is_answered = receive(run, run->signals, silent_us < until_us ? silent_us : until_us);
    } while (is_answered && claim->verdict == VERDICT_WAIT && now_us() < until_us);
    return is_answered || now_us() >= until_us;
}

/* So much of its outputs the owner keeps, for a duplicate. */
static void keep_outputs(struct run *run)
{
    size_t most = run->settings.max_bytes < RESULT_BYTES ? (size_t)run->settings.max_bytes : RESULT_BYTES;
    for (int i = STDOUT; i < STREAMS; i++)
        if (run->streams[i].kept_most < most) run->streams[i].kept_most = most;
}

/* It is on record why, and there is nothing to pass on. src/domain/skipped-guard.ts reads the reason. */
static bool skip(struct run *run)
{
    static char reason[80] = "duplicate of ";
    size_t length = run->claim.of.length < 64 ? run->claim.of.length : 64;
    if (length > 0) memcpy(reason + strlen(reason), run->claim.of.at, length);
    run->reason = reason;
    run->kind = DEDUPE_SKIP;
    for (int i = STDOUT; i < STREAMS; i++) run->streams[i].from = run->streams[i].to = -1;
    return true;
}

bool is_duplicate(struct run *run)
{
    struct claim *claim = &run->claim;
    bool is_answered = hear_daemon(run), can_skip = !can_block(event_of(run));
    claim->is_owner = is_answered && claim->verdict == VERDICT_RUN && claim->key.length > 0;
    if (claim->is_owner) keep_outputs(run);
    else hang_up(claim);
    if (is_answered && claim->verdict == VERDICT_RUN) return false;
    if (is_answered && claim->verdict == VERDICT_SKIP && can_skip) return skip(run);
    claim->key = (struct text){0};
    if (!is_answered) become_node_engine(run, (struct text){"", 0});
    else if (claim->verdict == VERDICT_REPLAY)
        become_node_engine(run, (struct text){(const char *)claim->reply.at, claim->reply.length});
    return false;
}

/* Whether we have all of an output that the hook had, and it is little enough to be kept. */
static bool is_all_kept(const struct run *run, int which)
{
    const struct stream *stream = &run->streams[which];
    return run->theirs[which] >= 0 && stream->total == stream->kept_length && stream->total <= RESULT_BYTES &&
           stream->total <= run->settings.max_bytes;
}

/* A hook that was told to end, or could not say all, may have left its work undone, whatever it exits with. */
static bool has_result(const struct run *run)
{
    const struct stream *out = &run->streams[STDOUT];
    bool is_well = run->kind == EXITED && (run->exit_code == 0 || run->exit_code == 2);
    if (!is_well || run->is_told_to_end || out->is_cut || run->streams[STDERR].is_cut) return false;
    if (run->claim.wants_outputs) return is_all_kept(run, STDOUT) && is_all_kept(run, STDERR);
    /* Of a decision that is not kept nobody knows what it is. */
    return is_all_kept(run, STDOUT) || stdout_kind_of(&out->kind) != KIND_JSON;
}

/* Where only refusals are given again, anything else is nobody's business. What is one the daemon decides. */
static void encode_result(const struct run *run, struct bytes *bytes)
{
    const struct stream *out = &run->streams[STDOUT], *err = &run->streams[STDERR];
    bool is_result = has_result(run), may_refuse = run->exit_code == 2 || stdout_kind_of(&out->kind) == KIND_JSON;
    bool has_outputs = is_all_kept(run, STDOUT) && is_all_kept(run, STDERR);
    if (gives_refusals_only(run) && !(is_result && may_refuse)) return;
    size_t start = frame_begin(bytes, FRAME_RESULT);
    field_text(bytes, RESULT_EXECUTION_ID, run->execution_id);
    field_text(bytes, RESULT_HOOK_NAME, run->hook_name);
    field_bytes(bytes, RESULT_KEY, run->claim.key.at, run->claim.key.length);
    if (is_result) field_number(bytes, RESULT_EXIT_CODE, (uint64_t)run->exit_code);
    if (is_result && has_outputs && (run->claim.wants_outputs || may_refuse)) {
        field_bytes(bytes, RESULT_STDOUT, out->kept, out->kept_length);
        field_bytes(bytes, RESULT_STDERR, err->kept, err->kept_length);
    }
    frame_end(bytes, start);
}

bool tell_result(struct run *run)
{
    struct claim *claim = &run->claim;
    struct bytes frames = {0};
    if (!claim->is_owner) return false;
    encode_result(run, &frames);
    bool is_result = frames.length > 0;
    encode_poke(&frames);
    bool is_told = send_all(claim->bus, &frames);
    hang_up(claim);
    if (is_result && !is_told && (claim->bus = connect_bus(run)) >= 0) {
        /* The daemon that we asked is gone, and the next one has taken its place. */
        is_told = send_all(claim->bus, &frames);
        hang_up(claim);
    }
    free(frames.at);
    return is_told;
}
