/*
 * HookBus frames, version 1. TypeScript port: src/protocol/frame.ts; docs/protocol.md is the reference, and the golden
 * bytes in fixtures/frames/ test both.
 *
 *   frame  = version(1 byte = 1)  kind(1)  length(4, little endian)  body(length bytes)
 *   body   = { tag(1)  length(4, little endian)  bytes }
 *   number = 8 bytes, little endian; text = UTF-8 without NUL at its end; a list repeats its tag
 *
 * A reader skips tags that it does not know; docs/protocol.md has the rules for kinds and versions.
 */
#pragma once

#include "system.h"

enum { FRAME_VERSION = 1 };

/*
 * A record is a begin frame, captures and an end frame. A notify frame asks the daemon to ingest the spool, and gets no
 * answer. For a dedupe key the launcher sends begin and claim, receives a verdict, and ends with a result. Kinds 5 to 7
 * and 11 to 14 are between the command line and the daemon.
 */
enum frame_kind {
    FRAME_BEGIN = 1, FRAME_END = 2, FRAME_CAPTURE = 3, FRAME_NOTIFY = 4,
    FRAME_CLAIM = 8, FRAME_VERDICT = 9, FRAME_RESULT = 10,
};

/* The tags of src/protocol/record.ts. */
enum begin_tag {
    BEGIN_EXECUTION_ID = 1, BEGIN_CORRELATION_ID, BEGIN_SPAN_ID, BEGIN_PARENT_SPAN_ID, BEGIN_HOOK_NAME,
    BEGIN_EVENT_TYPE, BEGIN_TOOL_NAME, BEGIN_SESSION_ID, BEGIN_TOOL_USE_ID, BEGIN_DEDUPE_KEY, BEGIN_CWD,
    BEGIN_ARGUMENT, BEGIN_CREATED_AT_MS, BEGIN_PID, BEGIN_PID_START, BEGIN_ENGINE, BEGIN_ENGINE_VERSION,
    BEGIN_MAX_BYTES, BEGIN_FLAGS,
    BEGIN_WARNING = 21, /* 20 was a whole sentence, in old records */
    BEGIN_SUBAGENT, BEGIN_SIGN, BEGIN_VARIABLE, BEGIN_STORE_ONLY,
};
enum begin_flag { FLAG_STORE_RAW = 1, FLAG_COMPRESS = 2, FLAG_REDACT = 4, FLAG_SHELL = 8 };
enum { ENGINE_LAUNCHER = 1 };

enum end_tag {
    END_KIND = 1, END_EXIT_CODE, END_REASON = 4, END_DURATION_US, END_OVERHEAD_US, END_STDIN_BYTES,
    END_STDOUT_BYTES, END_STDERR_BYTES, END_STDOUT_KIND, END_STDOUT_DIGEST, END_STDERR_TAIL, END_DEDUPE_KEY, END_SIGNAL_NUMBER,
    END_STDOUT_HEAD,
};

/* BREAKER_SKIP: a gate kept the hook from running. DEDUPE_SKIP: it is a duplicate. */
enum end_kind { EXITED, SIGNALED, TIMED_OUT, NOT_STARTED, INTERRUPTED, BREAKER_SKIP, DEDUPE_SKIP };

enum notify_tag { NOTIFY_VERSION = 1 };
enum capture_tag { CAPTURE_STREAM = 1, CAPTURE_TRUNCATED, CAPTURE_BYTES };

/* The tags of src/protocol/claim.ts. */
enum claim_tag { CLAIM_TEMPLATE = 1, CLAIM_TTL_SECONDS, CLAIM_ON_DUPLICATE, CLAIM_SHARING, CLAIM_PAYLOAD, CLAIM_PATH };
enum on_duplicate { ON_DUPLICATE_DEFAULT, ON_DUPLICATE_REPLAY, ON_DUPLICATE_SKIP, ON_DUPLICATE_DENY };
enum verdict_tag {
    VERDICT_KIND = 1, VERDICT_KEY, VERDICT_EXIT_CODE, VERDICT_STDOUT, VERDICT_STDERR, VERDICT_OF, VERDICT_WANTS_OUTPUTS,
    VERDICT_REFUSES,
};
enum result_tag {
    RESULT_EXECUTION_ID = 1, RESULT_HOOK_NAME, RESULT_KEY, RESULT_EXIT_CODE, RESULT_STDOUT, RESULT_STDERR,
};
/* In the order of the wire format. */
enum verdict { VERDICT_RUN, VERDICT_SKIP, VERDICT_REPLAY, VERDICT_WAIT };

/* A growing buffer. `failed` is set once there is no memory; the content is then unusable. */
struct bytes {
    unsigned char *at;
    size_t length, capacity;
    bool failed;
};

void bytes_add(struct bytes *bytes, const void *added, size_t length);

/* `frame_begin` returns the start that `frame_end` needs. */
size_t frame_begin(struct bytes *bytes, enum frame_kind kind);
void frame_end(struct bytes *bytes, size_t start);

void field_bytes(struct bytes *bytes, int tag, const void *value, size_t length);
/* Omits the field if the text is NULL. */
void field_text(struct bytes *bytes, int tag, const char *text);
void frame_write_number(unsigned char *at, int size, uint64_t number);
void field_number(struct bytes *bytes, int tag, uint64_t number);
