/*
 * Dedupe keys. Before the hook, the launcher asks the daemon whether it may run; afterwards result.c sends the result.
 * The claim ends with the connection, so a killed owner releases it. If the daemon does not answer in time, the
 * launcher asks a helper, a Node process that answers the same frames from the database. If that fails, the hook runs.
 */
#include "claim.h"
#include "begin.h"
#include "gate.h"
#include "leave.h"
#include "node.h"
#include "run.h"

#include <sys/socket.h>

enum {
    REPLY_BYTES = 9 * 1024 * 1024, /* longest verdict frame */
    HELPER_TIMEOUT_US = 2000000,   /* for the helper's answer if the hook can block; Node has to start first */
    HEADER_BYTES = 6,
    MAX_WAIT_US = 5000000,         /* for the original's result; as in src/gates/dedupe.ts */
    MAX_SILENCE_US = 3000000,      /* VERDICT_WAIT arrives once a second; after a longer silence the peer hangs */
};

void claim_disconnect(struct claim *claim)
{
    if (claim->bus >= 0) close(claim->bus);
    claim->bus = -1;
    if (claim->helper <= 0) return;
    (void)kill(claim->helper, SIGKILL);
    while (waitpid(claim->helper, NULL, 0) < 0 && errno == EINTR) continue;
    claim->helper = 0;
}

static int ms_until(int64_t deadline_us)
{
    int64_t left = deadline_us - clock_us();
    return left <= 0 ? 0 : (int)((left + 999) / 1000);
}

bool claim_send(int bus, const struct bytes *bytes, int64_t within_us)
{
    int64_t deadline_us = clock_us() + within_us;
    struct pollfd target = {.fd = bus, .events = POLLOUT};
    for (size_t at = 0; at < bytes->length;) {
        ssize_t sent = send(bus, bytes->at + at, bytes->length - at, MSG_DONTWAIT);
        if (sent > 0) at += (size_t)sent;
        else if (sent < 0 && errno != EAGAIN && errno != EINTR) return false;
        else if (clock_us() >= deadline_us || poll(&target, 1, ms_until(deadline_us)) == 0) return false;
    }
    return !bytes->failed;
}

void claim_request(struct run *run, int64_t within_us)
{
    const struct options *options = &run->options;
    const struct stream *in = &run->streams[STDIN];
    struct bytes frames = {0};
    bytes_add(&frames, run->begin.at, run->begin.length);
    size_t start = frame_begin(&frames, FRAME_CLAIM);
    field_text(&frames, CLAIM_TEMPLATE, options->dedupe_key);
    field_number(&frames, CLAIM_TTL_SECONDS, options->dedupe_ttl > 0 ? options->dedupe_ttl : run->settings.dedupe_ttl);
    field_number(&frames, CLAIM_ON_DUPLICATE, options->on_duplicate);
    if (!run->settings.shares_keys) field_text(&frames, CLAIM_SHARING, "off");
    /* By now the payload is complete. */
    field_bytes(&frames, CLAIM_PAYLOAD, in->buffer + in->at, in->length);
    field_text(&frames, CLAIM_PATH, getenv("PATH"));
    frame_end(&frames, start);
    if (!claim_send(run->claim.bus, &frames, within_us)) claim_disconnect(&run->claim);
    free(frames.at);
}

static uint32_t length_at(const unsigned char *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

bool claim_read_verdict(struct claim *claim, const unsigned char *body, size_t length)
{
    uint64_t kind = UINT64_MAX;
    claim->key = claim->original_id = claim->out = claim->err = (struct text){0};
    claim->wants_outputs = claim->refuses = false;
    claim->exit_code = -1;
    for (size_t at = 0; at < length;) {
        if (length - at < 5) return false;
        int tag = body[at];
        size_t size = length_at(body + at + 1);
        const unsigned char *value = body + at + 5;
        if (size > length - at - 5) return false;
        uint64_t number = size == 8 && length_at(value + 4) == 0 ? length_at(value) : UINT64_MAX;
        if (tag == VERDICT_KIND) kind = number;
        struct text text = {(const char *)value, size};
        if (tag == VERDICT_KEY) claim->key = text;
        if (tag == VERDICT_OF) claim->original_id = text;
        if (tag == VERDICT_STDOUT) claim->out = text;
        if (tag == VERDICT_STDERR) claim->err = text;
        if (tag == VERDICT_EXIT_CODE) claim->exit_code = number > 255 ? 255 : (int)number;
        if (tag == VERDICT_REFUSES) claim->refuses = number == 1;
        if (tag == VERDICT_WANTS_OUTPUTS) claim->wants_outputs = number == 1;
        at += 5 + size;
    }
    claim->verdict = (enum verdict)kind;
    return kind <= VERDICT_WAIT;
}

/* Receives one verdict frame; false on a timeout or an invalid frame. A signal ends the launcher. */
static bool receive_verdict(struct run *run, int64_t deadline_us)
{
    unsigned char piece[4096];
    struct bytes *reply = &run->claim.reply;
    struct pollfd fds[] = {{.fd = run->claim.bus, .events = POLLIN}, {.fd = run->signals, .events = POLLIN}};
    size_t wanted = HEADER_BYTES;
    reply->length = 0;
    while (reply->length < wanted) {
        int ready = poll(fds, 2, ms_until(deadline_us));
        if (ready == 0 || (ready < 0 && errno != EINTR)) return false;
        if (ready > 0 && fds[1].revents != 0) leave_before_hook(run);
        if (ready < 0 || fds[0].revents == 0) continue;
        size_t left = wanted - reply->length;
        ssize_t got = read(run->claim.bus, piece, left < sizeof piece ? left : sizeof piece);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
        if (got > 0) bytes_add(reply, piece, (size_t)got);
        /* A peer that sends a byte now and then must not extend the deadline. */
        if (got <= 0 || reply->failed || (reply->length < wanted && clock_us() >= deadline_us)) return false;
        if (reply->length != HEADER_BYTES || wanted != HEADER_BYTES) continue;
        wanted += length_at(reply->at + 2);
        if (reply->at[0] != FRAME_VERSION || reply->at[1] != FRAME_VERDICT || wanted > REPLY_BYTES) return false;
    }
    return claim_read_verdict(&run->claim, reply->at + HEADER_BYTES, reply->length - HEADER_BYTES);
}

bool claim_replays_refusals_only(const struct run *run)
{
    return gate_can_block(begin_event(run)) && run->options.on_duplicate != ON_DUPLICATE_REPLAY;
}

/* Whether the result can be a refusal at all: a daemon that is wrong about this would silence a guard. */
static bool is_refusal(const struct claim *claim)
{
    struct stdout_kind kind = {0};
    stdout_kind_push(&kind, (const unsigned char *)claim->out.at, claim->out.length);
    return claim->refuses && (claim->exit_code == 2 || stdout_kind_of(&kind) == KIND_JSON);
}

/*
 * Whether this run obeys the verdict. If the hook can block, a duplicate neither waits nor is skipped, and only a
 * refusal is replayed, unless the user asked for replay.
 */
static bool is_usable(const struct run *run)
{
    const struct claim *claim = &run->claim;
    bool is_result = claim->exit_code == 0 || claim->exit_code == 2;
    if (claim->verdict == VERDICT_RUN) return true;
    if (claim->verdict == VERDICT_REPLAY) return is_result && (is_refusal(claim) || !claim_replays_refusals_only(run));
    return claim->verdict == VERDICT_SKIP ? !gate_can_block(begin_event(run)) : !claim_replays_refusals_only(run);
}

/* Waits for a verdict, and after VERDICT_WAIT for the original's result; false if none arrives in time. */
static bool wait_for_answer(struct run *run, int64_t silence_us)
{
    struct claim *claim = &run->claim;
    bool is_answered;
    if (claim->bus < 0) return false;
    do {
        int64_t silent_until_us = clock_us() + silence_us;
        is_answered = receive_verdict(run, silent_until_us < claim->deadline_us ? silent_until_us : claim->deadline_us);
        silence_us = MAX_SILENCE_US;
    } while (is_answered && claim->verdict == VERDICT_WAIT && is_usable(run) && clock_us() < claim->deadline_us);
    return is_answered;
}

static bool ask_daemon(struct run *run)
{
    struct claim *claim = &run->claim;
    /* There was no daemon, but by now there is a state directory that one can start in. */
    if (claim->bus < 0 && (claim->bus = node_connect(run)) >= 0) claim_request(run, ANSWER_TIMEOUT_US);
    return wait_for_answer(run, ANSWER_TIMEOUT_US);
}

void claim_start_helper(struct run *run)
{
    claim_disconnect(&run->claim);
    run->claim.helper = node_start_helper(run->settings.home, &run->claim.bus);
}

void claim_await_helper(struct claim *claim, int64_t limit_us)
{
    struct pollfd source = {.fd = claim->bus, .events = POLLIN};
    if (claim->bus >= 0 && shutdown(claim->bus, SHUT_WR) == 0) (void)poll(&source, 1, (int)(limit_us / 1000));
    claim_disconnect(claim);
}

static bool ask_helper(struct run *run)
{
    struct claim *claim = &run->claim;
    /* A guard may run twice without harm. Any other hook should run once, even on a busy machine. */
    int64_t timeout_us = claim_replays_refusals_only(run) ? HELPER_TIMEOUT_US : MAX_WAIT_US;
    if (clock_us() >= claim->deadline_us) return false;
    claim_start_helper(run);
    if (claim->bus >= 0) claim_request(run, timeout_us);
    return wait_for_answer(run, timeout_us);
}

/* The owner keeps this much of its outputs for duplicates. */
static void keep_outputs(struct run *run)
{
    size_t max = run->settings.max_bytes < RESULT_BYTES ? (size_t)run->settings.max_bytes : RESULT_BYTES;
    for (int i = STDOUT; i < STREAMS; i++)
        if (run->streams[i].kept_max < max) run->streams[i].kept_max = max;
}

enum verdict claim_receive(struct run *run)
{
    struct claim *claim = &run->claim;
    int64_t timeout_us = run->options.timeout_us, limit_us = MAX_WAIT_US;
    claim->deadline_us = clock_us() + (timeout_us > 0 && timeout_us < limit_us ? timeout_us : limit_us);
    bool is_answered = ask_daemon(run) || ask_helper(run);
    if (!is_answered || claim->verdict == VERDICT_WAIT || !is_usable(run)) {
        claim->verdict = VERDICT_RUN;
        claim->key = (struct text){0};
    }
    claim->is_owner = claim->verdict == VERDICT_RUN && claim->key.length > 0;
    if (claim->is_owner) keep_outputs(run);
    else claim_disconnect(claim);
    return claim->verdict;
}
