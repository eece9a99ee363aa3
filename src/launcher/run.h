/* One run: the state that its modules share. */
#pragma once

#include "claim.h"
#include "options.h"
#include "payload_scan.h"
#include "process.h"
#include "settings.h"
#include "signal_calls.h"
#include "stream.h"

enum { PAYLOAD_FIELDS = 30 }; /* names to find in a payload */

/* What the launcher does, and so what it waits for. */
enum phase {
    PREPARING,    /* reads the payload, before the hook or without one; signals wait, and outputs are untouched */
    REPLAYING,    /* a duplicate replays the original's result; a signal ends the launcher */
    RUNNING,      /* waits for everything */
    FLUSHING,     /* the same after the hook's exit; forwards the rest of its output */
    HANDING_OVER, /* forwards what background children write; signals are no longer read */
};

struct run {
    int64_t started_us;                /* monotonic */
    struct options options;
    struct settings settings;
    struct bytes warnings;
    bool needs_event;                  /* without an event in its payload it is no hook, and not recorded */

    /* begin.c: what is known before the hook starts */
    char execution_id[37], correlation_id[33], span_id[17], parent_span_id[17], trace_flags[3];
    uint64_t created_at_ms, pid_start;
    bool is_late;                      /* the hook started before its payload was complete */
    bool awaits_event;                 /* the gate must be read again once the event is known */

    int home;                          /* the state directory; -1: none */

    /* record.c */
    struct bytes begin, entry;         /* the begin frame; the next entry for the log */
    unsigned char token[8];            /* identifies this execution's entries in the log */
    size_t pid_start_at;               /* offset of the value of `pid_start` in `begin` */
    int spool_file;                    /* the log; -1: not on record so far */
    int torn_file;                     /* a log that took only `torn_bytes` of an entry, unless that is 0 */
    size_t torn_bytes;

    /* child.c and signals.c */
    pid_t pid, hook;                   /* the launcher; the hook, or 0 if it does not run */
    pid_t sentinel, witness;           /* sentinel.c, witness.c; 0: not started so far, -1: gone */
    int exec_error[2];                 /* a pipe for the errno of a failed exec */
    int hook_ends[STREAMS];            /* the hook's ends; -1: it inherits the launcher's */
    int signals;                       /* descriptor to read them from; -1: they are not read */
    bool must_restore;                 /* the values below are changed, and the hook needs them back */
    signal_mask inherited_mask;
    mode_t inherited_umask;
    struct sigaction inherited_sigchld;
    bool was_asked_to_end;             /* a signal came that ends processes, or the time ran out */
    int64_t stop_requested_us;         /* when a stop signal came; 0: none */
    int stop_signal;                   /* the signal that stopped the hook; 0: it is not stopped */
    int late_signal;                   /* came after the hook's exit, before the caller had read all; 0: none */

    enum phase phase;
    struct stream streams[STREAMS];
    bool has_payload;                  /* all of it, before the start */
    bool is_merged;                    /* stdout and stderr are the same */
    bool is_long_run;                  /* SHORT_RUN_US have passed */
    int64_t spawned_us, duration_us;   /* -1: the hook has not run */

    /* timeout.c */
    bool has_descendants;
    int64_t checked_us, stopped_us;    /* when the launcher last ran; how long it was stopped */
    int64_t expired_us, next_check_us; /* when the time ran out, 0 before; when to look for descendants again */
    uint64_t spawned_at;               /* by process_now */
    bool has_sent_term;                /* to the descendants */

    struct claim claim;

    /* how it ended */
    enum end_kind kind;
    int exit_code, signal;             /* the signal is 0 after an exit */
    bool can_forgive;                  /* --fail-open applies to this event */
    bool is_forgiven;                  /* it failed and was forgiven: the exit code is 0 */
    const char *reason;                /* for the record, if the hook's stderr cannot say it; else NULL */
    char timed_out[64];

    char path[2 * PATH_BYTES];         /* scratch space for two paths */
    struct field fields[PAYLOAD_FIELDS];
};
