/* One stream between the caller and the hook: what comes is measured, and passed on or kept for a while. */
#include "launcher.h"

#include <sys/socket.h>
#include <sys/uio.h>
#ifdef __linux__
#include <sys/mman.h>
#include <sys/syscall.h>
#ifndef RWF_NOWAIT
#define RWF_NOWAIT 8 /* linux/fs.h */
#endif
#endif

enum {
    STALLED_BYTES = 64 * 1024 * 1024, /* most that is taken for a hook that does not read it */
    DIGEST_BYTES = 64 * 1024,
};

void measure(struct stream *stream, const unsigned char *bytes, size_t length)
{
    if (stream->number == STDOUT || stream->is_followed) stdout_kind_push(&stream->kind, bytes, length);
    if (stream->number == STDOUT) {
        if (stream->total < DIGEST_BYTES) {
            size_t left = DIGEST_BYTES - (size_t)stream->total;
            sha256_add(&stream->digest, bytes, length < left ? length : left);
        }
    }
    if (stream->number != STDIN) {
        size_t part = length < TAIL_BYTES ? length : TAIL_BYTES;
        size_t stays = stream->tail_length + part > TAIL_BYTES ? TAIL_BYTES - part : stream->tail_length;
        memmove(stream->tail, stream->tail + stream->tail_length - stays, stays);
        memcpy(stream->tail + stays, bytes + length - part, part);
        stream->tail_length = stays + part;
    }
    stream->total += length;
    stream->ends_line = bytes[length - 1] == '\n';
    size_t left = stream->kept_most - stream->kept_length;
    if (left > 0 && stream->kept == NULL && (stream->kept = malloc(stream->kept_most)) == NULL) left = 0;
    if (length < left) left = length;
    if (left > 0) memcpy(stream->kept + stream->kept_length, bytes, left);
    stream->kept_length += left;
}

/* Whether the file without a name has room for one more piece; made at its first use. */
static bool has_spill_room(struct stream *stream)
{
#ifdef __linux__
    if (stream->spill < 0) stream->spill = memfd_create("hookbus", MFD_CLOEXEC);
    return stream->spill >= 0 && posix_fallocate(stream->spill, stream->spill_end, CHUNK_BYTES) == 0;
#else
    (void)stream;
    return false;
#endif
}

size_t room(struct stream *stream)
{
    size_t most = stream->goal - stream->total < CHUNK_BYTES ? (size_t)(stream->goal - stream->total) : CHUNK_BYTES;
    off_t most_spilled = stream->is_held ? HOLD_BYTES : STALLED_BYTES;
    bool is_spilled = stream->spill_end > stream->spill_at;
    if (stream->length == 0 && !is_spilled) return most;
    /* A goal is set once the hook has exited: it waits for nobody any more, and the record wants all that it wrote. */
    if (!stream->is_held && !stream->is_stalled && stream->goal == UINT64_MAX) return 0;
    size_t left = BUFFER_BYTES - stream->at - stream->length;
    if (left > 0 && !is_spilled) return left < most ? left : most;
    return stream->spill_end < most_spilled && has_spill_room(stream) ? most : 0;
}

void take(struct stream *stream)
{
    if (stream->length == 0) stream->at = 0;
    size_t most = room(stream), end = stream->at + stream->length;
    if (most == 0) return;
    bool to_spill = stream->spill_end > stream->spill_at || end == BUFFER_BYTES;
    unsigned char *place = to_spill ? stream->piece : stream->buffer + end;
    ssize_t got = read(stream->from, place, most);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (got <= 0) {
        if (stream->number != STDIN) close(stream->from);
        stream->from = -1;
        return;
    }
    measure(stream, place, (size_t)got);
    if (stream->to < 0) return;
    if (stream->length == 0) stream->moved_us = now_us();
    if (!to_spill) {
        stream->length += (size_t)got;
    } else {
        /* The room was made before, so this does not fail. */
        ssize_t put = pwrite(stream->spill, stream->piece, (size_t)got, stream->spill_end);
        stream->spill_end += put > 0 ? put : 0;
    }
}

/* Brings the next piece of what waits in the file to the buffer; the file gives its memory back once it is empty. */
static void unspill(struct stream *stream)
{
    stream->at = 0;
    off_t left = stream->spill_end - stream->spill_at;
    if (left > 0) {
        size_t most = left < CHUNK_BYTES ? (size_t)left : CHUNK_BYTES;
        ssize_t got = pread(stream->spill, stream->buffer, most, stream->spill_at);
        stream->length = got > 0 ? (size_t)got : 0;
        stream->spill_at += got > 0 ? got : left;
    }
    if (stream->spill_at < stream->spill_end) return;
    if (stream->spill_end > 0) (void)!ftruncate(stream->spill, 0);
    stream->spill_at = stream->spill_end = 0;
    stream->is_stalled = false;
}

/* Writes as much as can be without waiting; -1 where that is nothing. */
static ssize_t put(struct stream *stream)
{
    const unsigned char *from = stream->buffer + stream->at;
    ssize_t sent = stream->to_socket ? send(stream->to, from, stream->length, MSG_DONTWAIT) : -1;
    /* Sandboxes that keep a hook from the network refuse the call itself. */
    if (stream->to_socket && (sent >= 0 || (errno != EPERM && errno != EACCES && errno != ENOSYS))) return sent;
    if (!stream->to_pipe && !stream->to_socket) return write(stream->to, from, stream->length);
    /* The caller's pipe or terminal, whose flags are not ours to change. Since 6.5 Linux can do without. */
#ifdef SYS_pwritev2
    struct iovec piece = {(void *)(uintptr_t)from, stream->length};
    ssize_t given = syscall(SYS_pwritev2, stream->to, &piece, 1L, -1L, -1L, RWF_NOWAIT);
    if (given >= 0 || (errno != EOPNOTSUPP && errno != ENOSYS && errno != EPERM && errno != EINVAL && errno != ESPIPE)) return given;
#endif
    /*
     * A pipe that can be written to takes PIPE_BUF bytes. The odd part comes first, as the kernel does it, so that a
     * pipe holds as much as in one write.
     */
    struct pollfd target = {.fd = stream->to, .events = POLLOUT};
    size_t odd = stream->length % PIPE_BUF;
    if (poll(&target, 1, 0) <= 0) {
        errno = EAGAIN;
        return -1;
    }
    return write(stream->to, from, odd > 0 ? odd : PIPE_BUF);
}

void give(struct stream *stream)
{
    while (stream->length > 0 && stream->to >= 0) {
        ssize_t given = put(stream);
        if (given < 0 && (errno == EAGAIN || errno == EINTR)) return;
        if (given < 0) {
            abandon(stream);
            return;
        }
        stream->moved_us = now_us();
        stream->at += (size_t)given;
        stream->length -= (size_t)given;
        if (stream->length == 0) unspill(stream);
    }
}

void drop(struct stream *stream)
{
    stream->length = 0;
    stream->spill_at = stream->spill_end;
    unspill(stream);
}

/*
 * For an output, closing our end gives the hook the SIGPIPE that it would have had. Of the input we go on reading,
 * so that the caller gets none.
 */
void abandon(struct stream *stream)
{
    drop(stream);
    if (stream->to >= 0) close(stream->to);
    stream->to = -1;
    if (stream->number == STDIN || stream->from < 0) return;
    close(stream->from);
    stream->from = -1;
    stream->is_cut = true;
}

/* The next part of a payload that did not fit into the buffer, for the scan that reads it before the hook does. */
bool refill_scan(struct scan *scan)
{
    const struct stream *stream = scan->context;
    off_t left = stream->spill_end - scan->offset;
    size_t most = left < CHUNK_BYTES ? (size_t)left : CHUNK_BYTES;
    ssize_t got = left > 0 ? pread(stream->spill, stream->piece, most, scan->offset) : 0;
    if (got <= 0) return false;
    scan->offset += got;
    scan->bytes = stream->piece;
    scan->at = 0;
    scan->length = (size_t)got;
    return true;
}
