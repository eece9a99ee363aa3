/* The payload: what is read before the hook starts, and what happens to it if no hook starts. */
#include "input.h"
#include "loop.h"
#include "run.h"

#ifdef __linux__
#include <sys/mman.h>
#endif

enum {
    PRELUDE_PAUSE_MS = 7,        /* the hook starts after this long without new input */
    PAYLOAD_TIMEOUT_US = 250000, /* for a whole payload, if a dedupe key needs it */
    DRAIN_PAUSE_MS = 50,         /* after a longer pause of its caller, a skipped hook's payload is not read on */
    DRAIN_TIMEOUT_US = 1000000,  /* upper bound for reading it */
    NEXT_LINE_MS = 1000,         /* after this long without another line, none is expected */
};

/* Whether further bytes cannot matter: the payload is a complete object, or none. */
static bool is_decided(struct stream *input)
{
    stdout_kind_push(&input->kind, input->buffer + input->classified, input->length - input->classified);
    input->classified = input->length;
    return stdout_kind_is_final(&input->kind);
}

static bool is_object(struct stream *input)
{
    return is_decided(input) && stdout_kind_of(&input->kind) == KIND_JSON;
}

/*
 * Reads ahead in a file that the hook inherits, and leaves its offset alone. `total` counts only what the hook reads.
 * False if stdin is no file, or the file was not read to its end.
 */
static bool peek_file(struct stream *input)
{
    ssize_t got = -1;
    off_t at = input->file_start;
    for (size_t max; at >= 0 && input->length < MAX_HELD_BYTES && (max = stream_room(input)) > 0; at += got) {
        unsigned char *place = input->buffer + input->length;
        got = pread(STDIN, place, max, at);
        if (got <= 0) break;
        stream_measure(input, place, (size_t)got);
        input->length += (size_t)got;
    }
    if (input->file_start < 0) return false;
    input->is_incomplete = got != 0 || input->total > input->kept_length;
    input->total = 0;
    return got == 0;
}

bool input_is_unfinished(struct stream *input)
{
    return input->from >= 0 && !input->ends_with_newline && !is_decided(input);
}

static bool can_read_more(struct stream *input)
{
    return input->from >= 0 && input->total < MAX_HELD_BYTES && stream_room(input) > 0;
}

/* Reads what is there already: up to a line, an object, the end, 8 MiB, or a pause. */
void input_read_prelude(struct run *run)
{
    struct stream *input = &run->streams[STDIN];
    (void)peek_file(input);
    while (can_read_more(input) && !input->ends_with_newline)
        if (!loop_turn(run, 0) && (is_decided(input) || !loop_turn(run, PRELUDE_PAUSE_MS))) break;
}

bool input_read_payload(struct run *run)
{
    struct stream *input = &run->streams[STDIN];
    int64_t until = clock_us() + PAYLOAD_TIMEOUT_US, left;
    if (peek_file(input)) return true;
    while (can_read_more(input) && !is_object(input) && (left = until - clock_us()) > 0)
        if (!loop_turn(run, (int)(left / 1000) + 1)) break;
    return input->file_start < 0 && (input->from < 0 || is_object(input));
}

void input_drain(struct run *run)
{
    struct stream *input = &run->streams[STDIN];
    int64_t until = clock_us() + DRAIN_TIMEOUT_US;
    run->phase = PREPARING;
    while (input->total > 0 && input_is_unfinished(input) && clock_us() < until) {
        stream_discard(input);
        if (!loop_turn(run, DRAIN_PAUSE_MS)) break;
    }
}

/* Reads the rest of the input, but waits for nothing after an object. */
static void read_rest(struct run *run, struct stream *input)
{
    while (input->from >= 0 && stream_room(input) > 0) {
        if (loop_turn(run, 0)) continue;
        if (is_object(input)) return;
        if (!loop_turn(run, input->ends_with_newline ? NEXT_LINE_MS : -1)) return;
    }
}

#ifdef __linux__
/* An anonymous file with these bytes, for more than a pipe holds; -1 on failure. */
static int make_memfd(const unsigned char *bytes, size_t length)
{
    int file = memfd_create("hookbus", MFD_CLOEXEC);
    for (size_t at = 0; file >= 0 && at < length;) {
        ssize_t written = write(file, bytes + at, length - at);
        if (written > 0) at += (size_t)written;
        else if (written == 0 || errno != EINTR) return -1;
    }
    return file >= 0 && lseek(file, 0, SEEK_SET) == 0 ? file : -1;
}
#endif

void input_move_to_stdin(struct run *run)
{
    struct stream *input = &run->streams[STDIN];
    int source = run->hook_ends[STDIN];
    /* If nothing was read, the hook can have stdin itself. */
    if (source < 0 || (input->total == 0 && input->from >= 0)) return;
    /* Bare, the hook would wait for its caller here, and a signal would end it. */
    signal_restore_mask(run);
    read_rest(run, input);
#ifdef __linux__
    const unsigned char *all = input->buffer + input->at;
    size_t length = input->length;
    (void)fcntl(input->to, F_SETPIPE_SZ, length);
    stream_write(input);
    int file = input->length > 0 ? make_memfd(all, length) : -1;
    if (file >= 0) source = file;
#else
    stream_write(input);
#endif
    stream_close(input);
    (void)dup2(source, STDIN);
}
