/* One stream between the caller and the hook: measures bytes, and forwards or holds them. */
#include "stream.h"
#include "process.h"

#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#ifdef __linux__
#include <sys/syscall.h>
#endif

enum {
    MAX_BUFFER_BYTES = 64 * 1024 * 1024, /* that wait for a hook that does not read */
    DIGEST_BYTES = 64 * 1024,
};

static size_t min_size(size_t one, size_t other)
{
    return one < other ? one : other;
}

/* Keeps the beginning, up to `kept_max`. */
static void keep_head(struct stream *stream, const unsigned char *bytes, size_t length)
{
    size_t part = min_size(length, stream->kept_max - stream->kept_length);
    if (part > 0 && stream->kept == NULL) stream->kept = malloc(stream->kept_max);
    if (part == 0 || stream->kept == NULL) return;
    memcpy(stream->kept + stream->kept_length, bytes, part);
    stream->kept_length += part;
}

void stream_measure(struct stream *stream, const unsigned char *bytes, size_t length)
{
    if (stream->number == STDOUT) {
        stdout_kind_push(&stream->kind, bytes, length);
        if (stream->total < DIGEST_BYTES)
            sha256_add(&stream->digest, bytes, min_size(length, DIGEST_BYTES - (size_t)stream->total));
    }
    if (stream->number != STDIN) {
        size_t part = min_size(length, TAIL_BYTES), rest = min_size(stream->tail_length, TAIL_BYTES - part);
        memmove(stream->tail, stream->tail + stream->tail_length - rest, rest);
        memcpy(stream->tail + rest, bytes + length - part, part);
        stream->tail_length = rest + part;
    }
    stream->total += length;
    stream->ends_with_newline = bytes[length - 1] == '\n';
    keep_head(stream, bytes, length);
}

void stream_keep_late(struct stream *stream)
{
    if (stream->kept_max >= LATE_PAYLOAD_BYTES) return;
    /* The buffer still has everything. */
    free(stream->kept);
    stream->kept = NULL;
    stream->kept_length = 0;
    stream->kept_max = LATE_PAYLOAD_BYTES;
    keep_head(stream, stream->buffer + stream->at, stream->length);
}

void stream_count_file(struct stream *stream)
{
    off_t at = stream->file_start >= 0 ? lseek(STDIN, 0, SEEK_CUR) : -1;
    if (at > stream->file_start) stream->total = (uint64_t)(at - stream->file_start);
}

/* Makes room in the buffer; false if the writer has to wait. */
static bool grow(struct stream *stream)
{
    size_t wanted = 2 * stream->capacity;
    if (stream->at >= stream->capacity / 2) {
        memmove(stream->buffer, stream->buffer + stream->at, stream->length);
        stream->at = 0;
        return true;
    }
    if (wanted > MAX_BUFFER_BYTES) return false;
    unsigned char *more = realloc(stream->buffer, wanted);
    if (more == NULL) return false;
    stream->buffer = more;
    stream->capacity = wanted;
    return true;
}

size_t stream_room(struct stream *stream)
{
    uint64_t left = stream->read_limit - stream->total;
    size_t max = (size_t)(left < CHUNK_BYTES ? left : CHUNK_BYTES);
    if (stream->length == 0) return max;
    /* After the hook's exit a limit is set: buffering delays nobody then, and the record needs all of the output. */
    if (stream->flow == PASSING && stream->read_limit == UINT64_MAX) return 0;
    size_t end = stream->at + stream->length;
    if (end == stream->capacity && !grow(stream)) return 0;
    return min_size(max, stream->capacity - stream->at - stream->length);
}

void stream_read(struct stream *stream)
{
    if (stream->length == 0) stream->at = 0;
    size_t max = stream_room(stream);
    if (max == 0) return;
    unsigned char *place = stream->buffer + stream->at + stream->length;
    ssize_t got = read(stream->from, place, max);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (got <= 0) {
        if (stream->number != STDIN) close(stream->from);
        stream->from = -1;
        return;
    }
    stream_measure(stream, place, (size_t)got);
    if (stream->to < 0) return;
    if (stream->length == 0) stream->progress_us = clock_us();
    stream->length += (size_t)got;
}

/*
 * How much to write to the caller's pipe at once. A page that was begun is filled up first, as the hook's own write may
 * have been: in smaller pieces less would fit, and the hook's exit would wait for a reader. `is_own_page`: the launcher
 * began that page, so the rest of it fits although `poll` calls the pipe full.
 */
static size_t next_write_size(struct stream *stream, bool *is_own_page)
{
    uint64_t written = stream->total - stream->length;
    int unread = -1;
    *is_own_page = false;
    if (written == stream->page_start) return stream->length;
    if (ioctl(stream->to, FIONREAD, &unread) == 0 && unread == 0) stream->page_start = written;
    size_t left = PIPE_BUF - (size_t)((written - stream->page_start) % PIPE_BUF);
    *is_own_page = left < PIPE_BUF && (uint64_t)unread == written - stream->page_start;
    return min_size(stream->length, left == PIPE_BUF ? stream->length : left);
}

/* Writes without waiting; -1 if nothing could be written. */
static ssize_t try_write(struct stream *stream)
{
    const unsigned char *from = stream->buffer + stream->at;
    ssize_t sent = stream->to_socket ? send(stream->to, from, stream->length, MSG_DONTWAIT) : -1;
    /* Sandboxes without a network may refuse send itself. */
    if (stream->to_socket && (sent >= 0 || (errno != EPERM && errno != EACCES && errno != ENOSYS))) return sent;
    if (!stream->to_pipe && !stream->to_socket) return write(stream->to, from, stream->length);
    bool is_own_page;
    size_t length = next_write_size(stream, &is_own_page);
    /* The caller shares its pipe's flags, so O_NONBLOCK is no option; RWF_NOWAIT is one since Linux 6.5. */
#ifdef SYS_pwritev2
    struct iovec piece = {(void *)(uintptr_t)from, length};
    ssize_t written = syscall(SYS_pwritev2, stream->to, &piece, 1L, -1L, -1L, 8L /* RWF_NOWAIT */);
    if (written >= 0 || errno == EAGAIN) return written;
#endif
    /* A writable pipe takes PIPE_BUF bytes. */
    struct pollfd target = {.fd = stream->to, .events = POLLOUT};
    if (poll(&target, 1, 0) > 0 || is_own_page) return write(stream->to, from, min_size(length, PIPE_BUF));
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
        ssize_t written = try_write(stream);
        if (written < 0 && (errno == EAGAIN || errno == EINTR)) return;
        if (written < 0) {
            stream_close(stream);
            return;
        }
        stream->progress_us = clock_us();
        stream->at += (size_t)written;
        stream->length -= (size_t)written;
        if (stream->length == 0) stream_discard(stream);
    }
}

void stream_discard(struct stream *stream)
{
    stream->at = stream->length = stream->classified = 0;
    if (stream->flow == ABSORBING) stream->flow = PASSING;
}

/* Closing an output sends the hook the SIGPIPE that it would get bare. The input is read on, so no caller gets one. */
void stream_close(struct stream *stream)
{
    stream_discard(stream);
    if (stream->to >= 0) close(stream->to);
    stream->to = -1;
    if (stream->number == STDIN || stream->from < 0) return;
    close(stream->from);
    stream->from = -1;
    stream->is_incomplete = true;
}
