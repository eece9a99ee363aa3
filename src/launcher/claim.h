/* claim.c: a dedupe key. */
#pragma once

#include "frame.h"
#include "text.h"

struct run;

enum {
    ANSWER_TIMEOUT_US = 100000,     /* for the first answer, and for all of a result to be taken */
    HELPER_FINISH_US = 1000000,     /* for the helper to write a result down */
    RESULT_BYTES = 4 * 1024 * 1024, /* most that is kept of each output, whatever the cap; as src/gates/dedupe.ts */
};

/* What was asked for a dedupe key, and answered. */
struct claim {
    int bus;             /* to the daemon or our helper; -1: there is no connection */
    pid_t helper;        /* the one on the line; 0: it is the daemon */
    int64_t deadline_us; /* for all answers: then the hook runs */
    enum verdict verdict;
    bool is_owner, wants_outputs, refuses;
    int exit_code;
    struct text key, original_id, out, err;
    struct bytes reply;  /* the answer, in which these are */
};

/* Ends the connection, and the helper if there is one. */
void claim_hang_up(struct claim *claim);
/* Asks who is on the line; hangs up where that takes longer. */
void claim_ask(struct run *run, int64_t within_us);
/* What the daemon says, or our helper; VERDICT_RUN without a key where nobody says anything in time. */
enum verdict claim_hear(struct run *run);
/* Puts the helper on the line, if it can be started. It makes the state directory, if that is still to be made. */
void claim_call_helper(struct run *run);
/* Lets it end its work, which ends the connection. */
void claim_await_helper(struct claim *claim, int64_t timeout_us);
/* Reads the body of a verdict, which stays where it is; false where it makes no sense. */
bool claim_read_verdict(struct claim *claim, const unsigned char *body, size_t length);
/* Sends all of it within that time; false where that was not possible. */
bool claim_send(int bus, const struct bytes *bytes, int64_t within_us);
/* Whether only a refusal is given again: nobody waits then, and nobody owns the key. */
bool claim_gives_refusals_only(const struct run *run);
