/* claim.c: dedupe keys. */
#pragma once

#include "frame.h"
#include "text.h"

struct run;

enum {
    ANSWER_TIMEOUT_US = 100000,     /* for the first verdict, and to send a result */
    HELPER_FINISH_US = 1000000,     /* for the helper to store a result */
    RESULT_BYTES = 4 * 1024 * 1024, /* upper bound for each kept output; as in src/gates/dedupe.ts */
};

/* The claim of a dedupe key, and the verdict. */
struct claim {
    int bus;             /* socket of the daemon or the helper; -1: not connected */
    pid_t helper;        /* the helper's process; 0: `bus` is the daemon's */
    int64_t deadline_us; /* for all verdicts; then the hook runs */
    enum verdict verdict;
    bool is_owner, wants_outputs, refuses;
    int exit_code;
    struct text key, original_id, out, err;
    struct bytes reply;  /* the frame that the texts point into */
};

/* Closes the connection, and kills the helper if there is one. */
void claim_disconnect(struct claim *claim);
/* Sends the claim to the daemon or the helper; disconnects if that takes longer than `within_us`. */
void claim_request(struct run *run, int64_t within_us);
/* The verdict of the daemon or the helper; VERDICT_RUN without a key if neither answers in time. */
enum verdict claim_receive(struct run *run);
/* Starts the helper, which also makes the state directory if it is missing. */
void claim_start_helper(struct run *run);
/* Waits until the helper finishes and closes the connection. */
void claim_await_helper(struct claim *claim, int64_t timeout_us);
/* Parses the body of a verdict, which the texts point into; false if it is invalid. */
bool claim_read_verdict(struct claim *claim, const unsigned char *body, size_t length);
/* Sends all bytes within `within_us`; false on failure. */
bool claim_send(int bus, const struct bytes *bytes, int64_t within_us);
/* Whether only refusals are replayed; then nobody waits and nobody owns the key. */
bool claim_replays_refusals_only(const struct run *run);
