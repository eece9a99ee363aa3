/* One stream between the caller and the hook: what comes is measured, and passed on or kept for a while. */
#include "stream.h"
#include "process.h"

#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#ifdef __linux__
#include <sys/syscall.h>
#endif

enum {
    MAX_BYTES = 64 * 1024 * 1024, /* that are taken for a hook that does not read them */
    DIGEST_BYTES = 64 * 1024,
};

static size_t least(size_t one, size_t other)
{
    return one < other ? one : other;
}

/* The beginning of what goes by, as far as it is wanted. */
static void keep(struct stream *stream, const unsigned char *bytes, size_t length)
{
    size_t part = least(length, stream->kept_most - stream->kept_length);
    if (part > 0 && stream->kept == NULL) stream->kept = malloc(stream->kept_most);
    if (part == 0 || stream->kept == NULL) return;
    memcpy(stream->kept + stream->kept_length, bytes, part);
    stream->kept_length += part;
}

void stream_measure(struct stream *stream, const unsigned char *bytes, size_t length)
{
    if (stream->number == STDOUT) {
        stdout_kind_push(&stream->kind, bytes, length);
        if (stream->total < DIGEST_BYTES)
            sha256_add(&stream->digest, bytes, least(length, DIGEST_BYTES - (size_t)stream->total));
    }
    if (stream->number != STDIN) {
        size_t part = least(length, TAIL_BYTES), stays = least(stream->tail_length, TAIL_BYTES - part);
        memmove(stream->tail, stream->tail + stream->tail_length - stays, stays);
        memcpy(stream->tail + stays, bytes + length - part, part);
        stream->tail_length = stays + part;
    }
    stream->total += length;
    stream->ends_line = bytes[length - 1] == '\n';
    keep(stream, bytes, length);
}

void stream_keep_late(struct stream *stream)
{
    if (stream->kept_most >= LATE_BYTES) return;
    /* All that came still waits in the buffer. */
    free(stream->kept);
    stream->kept = NULL;
    stream->kept_length = 0;
    stream->kept_most = LATE_BYTES;
    keep(stream, stream->buffer + stream->at, stream->length);
}

void stream_count_file(struct stream *stream)
{
    off_t at = stream->starts_at >= 0 ? lseek(STDIN, 0, SEEK_CUR) : -1;
    if (at > stream->starts_at) stream->total = (uint64_t)(at - stream->starts_at);
}

/* More memory for what waits. Where there is none, what comes next waits with its writer. */
static bool grow(struct stream *stream)
{
    size_t wanted = 2 * stream->capacity;
    if (stream->at >= stream->capacity / 2) {
        memmove(stream->buffer, stream->buffer + stream->at, stream->length);
        stream->at = 0;
        return true;
    }
    if (wanted > MAX_BYTES) return false;
    unsigned char *more = realloc(stream->buffer, wanted);
    if (more == NULL) return false;
    stream->buffer = more;
    stream->capacity = wanted;
    return true;
}

size_t stream_room(struct stream *stream)
{
    size_t most = (size_t)(stream->goal - stream->total < CHUNK_BYTES ? stream->goal - stream->total : CHUNK_BYTES);
    if (stream->length == 0) return most;
    /* A goal is set once the hook has exited: it waits for nobody any more, and the record wants all that it wrote. */
    if (stream->flow == PASSING && stream->goal == UINT64_MAX) return 0;
    size_t end = stream->at + stream->length;
    if (end == stream->capacity && !grow(stream)) return 0;
    return least(most, stream->capacity - stream->at - stream->length);
}

void stream_read(struct stream *stream)
{
    if (stream->length == 0) stream->at = 0;
    size_t most = stream_room(stream);
    if (most == 0) return;
    unsigned char *place = stream->buffer + stream->at + stream->length;
    ssize_t got = read(stream->from, place, most);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (got <= 0) {
        if (stream->number != STDIN) close(stream->from);
        stream->from = -1;
        return;
    }
    stream_measure(stream, place, (size_t)got);
    if (stream->to < 0) return;
    if (stream->length == 0) stream->moved_us = clock_us();
    stream->length += (size_t)got;
}

/*
 * How much of what waits goes to the caller's pipe at once. A page of it that was begun is filled up first, as it may
 * have been by the hook: in pieces as they come here less would fit, and the hook's exit would wait for a reader. Whether
 * the page `is_ours`, so that what fills it up is taken at once, though `poll` calls a pipe full whose last page is begun.
 */
static size_t first_part(struct stream *stream, bool *is_ours)
{
    uint64_t given = stream->total - stream->length;
    int unread = -1;
    *is_ours = false;
    if (given == stream->page_at) return stream->length;
    if (ioctl(stream->to, FIONREAD, &unread) == 0 && unread == 0) stream->page_at = given;
    size_t left = PIPE_BUF - (size_t)((given - stream->page_at) % PIPE_BUF);
    *is_ours = left < PIPE_BUF && (uint64_t)unread == given - stream->page_at;
    return least(stream->length, left == PIPE_BUF ? stream->length : left);
}

/* Writes as much as can be without waiting; -1 where that is nothing. */
static ssize_t put(struct stream *stream)
{
    const unsigned char *from = stream->buffer + stream->at;
    ssize_t sent = stream->to_socket ? send(stream->to, from, stream->length, MSG_DONTWAIT) : -1;
    /* Sandboxes that keep a hook from the network refuse the call itself. */
    if (stream->to_socket && (sent >= 0 || (errno != EPERM && errno != EACCES && errno != ENOSYS))) return sent;
    if (!stream->to_pipe && !stream->to_socket) return write(stream->to, from, stream->length);
    bool is_ours;
    size_t length = first_part(stream, &is_ours);
    /* The caller's pipe or terminal, whose flags are not ours to change. Since 6.5 Linux can do without waiting. */
#ifdef SYS_pwritev2
    struct iovec piece = {(void *)(uintptr_t)from, length};
    ssize_t given = syscall(SYS_pwritev2, stream->to, &piece, 1L, -1L, -1L, 8L /* RWF_NOWAIT */);
    if (given >= 0 || errno == EAGAIN) return given;
#endif
    /* Once it can be written to it takes PIPE_BUF bytes. */
    struct pollfd target = {.fd = stream->to, .events = POLLOUT};
    if (poll(&target, 1, 0) > 0 || is_ours) return write(stream->to, from, least(length, PIPE_BUF));
    errno = EAGAIN;
    return -1;
}

bool stream_is_waiting(const struct stream *stream)
{
    return stream->length > 0 && stream->to >= 0 && stream->flow != HOLDING;
}

void stream_write(struct stream *stream)
{
    while (stream->length > 0 && stream->to >= 0) {
        ssize_t given = put(stream);
        if (given < 0 && (errno == EAGAIN || errno == EINTR)) return;
        if (given < 0) {
            stream_close(stream);
            return;
        }
        stream->moved_us = clock_us();
        stream->at += (size_t)given;
        stream->length -= (size_t)given;
        if (stream->length == 0) stream_drop(stream);
    }
}

void stream_drop(struct stream *stream)
{
    stream->at = stream->length = stream->checked = 0;
    if (stream->flow == ABSORBING) stream->flow = PASSING;
}

/*
 * For an output, closing our end gives the hook the SIGPIPE that it would have had. Of the input we go on reading,
 * so that the caller gets none.
 */
void stream_close(struct stream *stream)
{
    stream_drop(stream);
    if (stream->to >= 0) close(stream->to);
    stream->to = -1;
    if (stream->number == STDIN || stream->from < 0) return;
    close(stream->from);
    stream->from = -1;
    stream->is_cut = true;
}
