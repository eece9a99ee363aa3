/* The payload: what is taken of it before the hook starts, and what becomes of it where no hook can be started. */
#include "launcher.h"

#ifdef __linux__
#include <sys/mman.h>
#endif

enum {
    SILENCE_MS = 7,             /* with no news of the payload, the hook starts with what has come */
    PAYLOAD_US = 250000,        /* for all of a payload, where a dedupe key is made of it */
    PAUSE_MS = 50,              /* after so long, a caller whose hook is left out is not heard out any more */
    HEAR_US = 1000000,          /* most that it is heard out */
    LINE_MS = 1000,             /* after so long without another line, there is none to come */
};

/* Whether nothing that is still to come of the payload could tell anything: it is one whole object, or is none. */
static bool is_whole(struct stream *input)
{
    stdout_kind_push(&input->kind, input->buffer + input->checked, input->length - input->checked);
    input->checked = input->length;
    return stdout_kind_is_settled(&input->kind);
}

/*
 * A file stays the hook's own, and so does the place where the hook begins to read: what is in it is read beside that.
 * It counts as read as far as the hook has come. False where there is none, or not all of it was read.
 */
static bool look_into_file(struct stream *input)
{
    ssize_t got = -1;
    off_t at = input->starts_at;
    for (size_t most; at >= 0 && (most = stream_room(input)) > 0; at += got) {
        unsigned char *place = input->buffer + input->length;
        got = pread(STDIN, place, most, at);
        if (got <= 0) break;
        stream_measure(input, place, (size_t)got);
        input->length += (size_t)got;
    }
    if (input->starts_at < 0) return false;
    input->is_cut = got != 0 || input->total > input->kept_length;
    input->total = 0;
    return got == 0;
}

void input_count_file(struct stream *input)
{
    off_t at = input->starts_at >= 0 ? lseek(STDIN, 0, SEEK_CUR) : -1;
    if (at > input->starts_at) input->total = (uint64_t)(at - input->starts_at);
}

bool input_is_unfinished(struct stream *input)
{
    return input->from >= 0 && !input->ends_line && !is_whole(input);
}

static bool takes_more(struct stream *input)
{
    return input->from >= 0 && input->total < HOLD_BYTES && stream_room(input) > 0;
}

/* Takes what comes within that time; false where nothing does. */
static bool take_within(struct stream *input, int wait_ms)
{
    struct pollfd source = {.fd = input->from, .events = POLLIN};
    int ready = poll(&source, 1, wait_ms);
    if (ready > 0) stream_read(input);
    return ready > 0 || (ready < 0 && errno == EINTR);
}

/* Takes what is already there of the payload: a line, an object, all of it, 8 MiB, or what comes without a pause. */
void input_take_prelude(struct stream *input)
{
    input->is_held = true;
    (void)look_into_file(input);
    while (takes_more(input) && !input->ends_line)
        if (!take_within(input, 0) && (is_whole(input) || !take_within(input, SILENCE_MS))) break;
    input->is_held = false;
}

bool input_take_payload(struct stream *input)
{
    int64_t until = now_us() + PAYLOAD_US, left;
    input->is_held = input->is_followed = true;
    bool has_all = look_into_file(input);
    while (takes_more(input) && stdout_kind_of(&input->kind) != KIND_JSON && (left = until - now_us()) > 0)
        if (!take_within(input, (int)(left / 1000) + 1)) break;
    if (input->starts_at < 0) has_all = input->from < 0 || stdout_kind_of(&input->kind) == KIND_JSON;
    input->is_held = input->is_followed = false;
    input->checked = input->length;
    return has_all;
}

void input_hear_out(struct run *run)
{
    struct stream *input = &run->streams[STDIN];
    int64_t until = now_us() + HEAR_US;
    bool has_begun = input->total > 0 && input_is_unfinished(input);
    stream_close(input);
    input->is_followed = true;
    while (has_begun && input->from >= 0 && !input->ends_line && !stdout_kind_is_settled(&input->kind) && now_us() < until)
        if (!take_within(input, PAUSE_MS)) break;
}

/* All of the input that there is, or will be before the caller ends it: but behind an object nothing is waited for. */
static void take_rest(struct stream *input)
{
    input->is_stalled = true;
    while (input->from >= 0 && stream_room(input) > 0) {
        if (take_within(input, 0)) continue;
        if (is_whole(input) && stdout_kind_of(&input->kind) == KIND_JSON) return;
        if (!take_within(input, input->ends_line ? LINE_MS : -1)) return;
    }
}

#ifdef __linux__
/* A file without a name with these bytes, for what is more than a pipe holds; -1 where there can be none. */
static int file_of(const unsigned char *bytes, size_t length)
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
    int source = run->theirs[STDIN];
    /* What has not been touched needs nobody to pass it on. */
    if (source < 0 || (input->total == 0 && input->from >= 0)) return;
    /* To wait for the caller is what the hook would do now, and a signal would end it. */
    restore_mask(run);
    take_rest(input);
#ifdef __linux__
    const unsigned char *all = input->buffer + input->at;
    size_t length = input->length;
    (void)fcntl(input->to, F_SETPIPE_SZ, length);
    stream_write(input);
    int file = input->length > 0 ? file_of(all, length) : -1;
    if (file >= 0) source = file;
#else
    stream_write(input);
#endif
    stream_close(input);
    (void)dup2(source, STDIN);
}
