/* One stream between the caller and the hook, as stream.c moves it. */
#pragma once

#include "sha256.h"
#include "stdout_kind.h"
#include "system.h"

enum {
    CHUNK_BYTES = 64 * 1024,          /* most that is read at once */
    MAX_HELD_BYTES = 8 * 1024 * 1024, /* most that is taken before the hook starts, and held back under --fail-open */
    LATE_PAYLOAD_BYTES = 256 * 1024,  /* kept of a payload that may name its event late */
    INITIAL_BUFFER_BYTES = 2 * CHUNK_BYTES, /* for a start */
    HEAD_BYTES = 16 * 1024,           /* of stdout's beginning that go on record where it may decide something */
    TAIL_BYTES = 16 * 1024,           /* kept of stderr's end: a key of 4096 bits is whole in it, though 2 KB are stored */
};

enum { STDIN, STDOUT, STDERR, STREAMS };
enum { POLLED_FDS = 1 + 2 * STREAMS }; /* descriptors that are polled at once */

/* What becomes of what comes. */
enum flow {
    HOLDING,   /* nothing is passed on yet: before the start, and under --fail-open */
    PASSING,   /* it is passed on, and more is read once it has gone */
    ABSORBING, /* the hook does not read: what comes waits here, so that the caller need not */
};

/* What is moved, and what is told of it. */
struct stream {
    int number;                 /* STDIN, STDOUT or STDERR */
    int from, to;               /* -1 once it has ended; once nobody takes any more */
    bool to_socket, to_pipe;    /* what `to` is; a pipe only where it is the caller's, and must not be blocked on */
    enum flow flow;
    bool ends_with_newline;     /* so far */
    bool is_incomplete;         /* it was closed to the hook, or not read to its end: there may have been more */
    int flush_timeout_ms;       /* for what a hook that has exited wrote; -1: without end, as nobody else can write to it */
    size_t at, length;          /* what waits in `buffer` */
    size_t classified;          /* so much of it `kind` has been told of, before the start */
    off_t file_start;           /* where in a file that is its own the hook begins to read; -1 for none */
    int64_t progress_us;        /* when `to` took something last */
    uint64_t page_start;        /* so many had been given to the caller's pipe when it was seen empty */
    uint64_t total, read_limit; /* bytes so far; no more than these are read */
    unsigned char *kept;        /* the beginning, under --store-raw */
    size_t kept_length, kept_max;
    struct stdout_kind kind;
    struct sha256 digest;
    size_t tail_length;
    unsigned char tail[TAIL_BYTES];
    unsigned char *buffer;
    size_t capacity;            /* of `buffer` */
};

/* How much may be read now; 0 where it has to wait until what came before has gone. */
size_t stream_room(struct stream *stream);
/* Tells `stream` of bytes that it carries. */
void stream_measure(struct stream *stream, const unsigned char *bytes, size_t length);
/* Reads a piece. To be called when there is one, or the end. */
void stream_read(struct stream *stream);
/* Keeps the beginning of what waits and of what comes, where nobody asked for that yet. */
void stream_keep_late(struct stream *stream);
/* How much the hook has read of a file that is its own, if it has one. */
void stream_count_file(struct stream *stream);
/* Whether something waits until it is taken. */
bool stream_is_waiting(const struct stream *stream);
/* Passes on what waits, as far as it is taken. */
void stream_write(struct stream *stream);
/* Forgets what waits. */
void stream_drop(struct stream *stream);
/* Nobody takes any more. */
void stream_close(struct stream *stream);
