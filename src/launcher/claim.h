/* A dedupe key, as claim.c asks for it, the run goes by it, and the daemon is told what came of it. Included by launcher.h. */
#ifndef HOOKBUS_CLAIM_H
#define HOOKBUS_CLAIM_H

#include "frame.h"
#include "text.h"

struct run;

/* What was asked for a dedupe key, and answered. */
struct claim {
    int bus;                     /* to the daemon; -1: there is no connection */
    int64_t deadline_us;         /* for its first answer */
    enum verdict verdict;
    bool is_owner, wants_outputs;
    struct text key, of;
    struct bytes reply;          /* the answer, in which these are */
};

/* Calls the daemon before there is anything to ask: it wakes up, which takes it a while, as the payload is read. */
void call_bus(struct run *run);
void hang_up(struct claim *claim);
/* Asks the daemon. */
void ask_for_key(struct run *run);
/*
 * Whether the daemon says that this is a duplicate, which does not run. What else it says than run and skip, and all
 * where it says nothing in time, is for the Node engine, which takes our place.
 */
bool is_duplicate(struct run *run);
/* Reads the body of a verdict, which stays where it is; false where it makes no sense. */
bool read_verdict(struct claim *claim, const unsigned char *body, size_t length);
/* Tells what came of a claim, and pokes; false where there was none, or nobody heard it. */
bool tell_result(struct run *run);

#endif
