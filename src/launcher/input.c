/* The payload: what is taken of it before the hook starts, and what becomes of it where no hook can be started. */
#include "input.h"
#include "loop.h"
#include "run.h"

#ifdef __linux__
#include <sys/mman.h>
#endif

enum {
    PRELUDE_PAUSE_MS = 7,        /* with no news of the payload, the hook starts with what has come */
    PAYLOAD_TIMEOUT_US = 250000, /* for all of a payload, where a dedupe key is made of it */
    DRAIN_PAUSE_MS = 50,         /* after so long, a caller whose hook is left out is not heard out any more */
    DRAIN_TIMEOUT_US = 1000000,  /* most that it is heard out */
    NEXT_LINE_MS = 1000,         /* after so long without another line, there is none to come */
};

/* Whether nothing that is still to come of the payload could tell anything: it is one whole object, or is none. */
static bool is_decided(struct stream *input)
{
    stdout_kind_push(&input->kind, input->buffer + input->classified, input->length - input->classified);
    input->classified = input->length;
    return stdout_kind_is_settled(&input->kind);
}

static bool is_object(struct stream *input)
{
    return is_decided(input) && stdout_kind_of(&input->kind) == KIND_JSON;
}

/*
 * A file stays the hook's own, and so does the place where the hook begins to read: what is in it is read beside that.
 * It counts as read as far as the hook has come. False where there is none, or not all of it was read.
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

/* Takes what is already there of the payload: a line, an object, all of it, 8 MiB, or what comes without a pause. */
void input_take_prelude(struct run *run)
{
    struct stream *input = &run->streams[STDIN];
    (void)peek_file(input);
    while (can_read_more(input) && !input->ends_with_newline)
        if (!loop_turn(run, 0) && (is_decided(input) || !loop_turn(run, PRELUDE_PAUSE_MS))) break;
}

bool input_take_payload(struct run *run)
{
    struct stream *input = &run->streams[STDIN];
    int64_t until = clock_us() + PAYLOAD_TIMEOUT_US, left;
    if (peek_file(input)) return true;
    while (can_read_more(input) && !is_object(input) && (left = until - clock_us()) > 0)
        if (!loop_turn(run, (int)(left / 1000) + 1)) break;
    return input->file_start < 0 && (input->from < 0 || is_object(input));
}

void input_hear_out(struct run *run)
{
    struct stream *input = &run->streams[STDIN];
    int64_t until = clock_us() + DRAIN_TIMEOUT_US;
    run->phase = PREPARING;
    while (input->total > 0 && input_is_unfinished(input) && clock_us() < until) {
        stream_drop(input);
        if (!loop_turn(run, DRAIN_PAUSE_MS)) break;
    }
}

/* All of the input that there is, or will be before the caller ends it: but behind an object nothing is waited for. */
static void read_rest(struct run *run, struct stream *input)
{
    while (input->from >= 0 && stream_room(input) > 0) {
        if (loop_turn(run, 0)) continue;
        if (is_object(input)) return;
        if (!loop_turn(run, input->ends_with_newline ? NEXT_LINE_MS : -1)) return;
    }
}

#ifdef __linux__
/* A file without a name with these bytes, for what is more than a pipe holds; -1 where there can be none. */
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

void input_leave(struct run *run)
{
    struct stream *input = &run->streams[STDIN];
    int source = run->hook_ends[STDIN];
    /* What has not been touched needs nobody to pass it on. */
    if (source < 0 || (input->total == 0 && input->from >= 0)) return;
    /* To wait for the caller is what the hook would do now, and a signal would end it. */
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
