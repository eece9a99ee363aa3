/* stream.c: one stream between the caller and the hook. */
#pragma once

#include "sha256.h"
#include "stdout_kind.h"
#include "system.h"

enum {
    CHUNK_BYTES = 64 * 1024,          /* for one read */
    MAX_HELD_BYTES = 8 * 1024 * 1024, /* read before the hook starts, or held back under --fail-open */
    LATE_PAYLOAD_BYTES = 256 * 1024,  /* kept of a payload that may name its event late */
    INITIAL_BUFFER_BYTES = 2 * CHUNK_BYTES,
    HEAD_BYTES = 16 * 1024,           /* of stdout, on record if it may be a decision */
    TAIL_BYTES = 16 * 1024,           /* of stderr's end; 2 KB are stored, but redaction needs a 4096-bit key whole */
};

enum { STDIN, STDOUT, STDERR, STREAMS };
enum { POLLED_FDS = 1 + 2 * STREAMS };

/* What happens to new bytes. */
enum flow {
    HOLDING,   /* nothing is forwarded: before the start, and under --fail-open */
    PASSING,   /* bytes are forwarded before more are read */
    ABSORBING, /* the hook does not read: bytes wait here, so that the caller need not */
};

struct stream {
    int number;                 /* STDIN, STDOUT or STDERR */
    int from, to;               /* the source, -1 after its end; the target, -1 once nobody reads it */
    bool to_socket, to_pipe;    /* what `to` is; `to_pipe` only if it is the caller's and must not block */
    enum flow flow;
    bool ends_with_newline;     /* so far */
    bool is_incomplete;         /* it was closed to the hook, or not read to its end: bytes may be missing */
    int flush_timeout_ms;       /* for the output of a hook that has exited; -1: no limit, as nobody else can write there */
    size_t at, length;          /* the bytes that wait in `buffer` */
    size_t classified;          /* how many of them `kind` has seen, before the start */
    off_t file_start;           /* where the hook begins to read a file that it inherits; -1: no file */
    int64_t progress_us;        /* when `to` last accepted bytes */
    uint64_t page_start;        /* bytes written to the caller's pipe when it was last seen empty */
    uint64_t total, read_limit; /* bytes so far; how many may be read */
    unsigned char *kept;        /* the beginning, up to `kept_max` */
    size_t kept_length, kept_max;
    struct stdout_kind kind;
    struct sha256 digest;
    size_t tail_length;
    unsigned char tail[TAIL_BYTES];
    unsigned char *buffer;
    size_t capacity;            /* of `buffer` */
};

/* How much may be read now; 0 if earlier bytes have to go first. */
size_t stream_room(struct stream *stream);
/* Counts, classifies, hashes and keeps bytes of the stream. */
void stream_measure(struct stream *stream, const unsigned char *bytes, size_t length);
/* Reads once. Call it when bytes or the end are there. */
void stream_read(struct stream *stream);
/* Keeps the beginning of a late payload, including what waits. */
void stream_keep_late(struct stream *stream);
/* Sets `total` to what the hook has read of a file that it inherits. */
void stream_count_file(struct stream *stream);
/* Whether bytes wait for `to`. */
bool stream_is_waiting(const struct stream *stream);
/* Writes what waits, as far as `to` accepts it. */
void stream_write(struct stream *stream);
/* Discards what waits. */
void stream_discard(struct stream *stream);
/* Closes `to`: nobody reads any more. */
void stream_close(struct stream *stream);
