/* One run: what its modules share. */
#pragma once

#include "claim.h"
#include "options.h"
#include "payload_scan.h"
#include "process.h"
#include "settings.h"
#include "signal_calls.h"
#include "stream.h"

enum { PAYLOAD_FIELDS = 11 }; /* names that are looked for in a payload */

/* What is going on, and so what is waited for. */
enum phase {
    PREPARING,    /* the payload, before the hook starts or in its place; signals wait, and outputs are left alone */
    REPLAYING,    /* a duplicate is given what the first one said; a signal ends us */
    RUNNING,      /* everything */
    FLUSHING,     /* the same, but the hook has exited; what it wrote is passed on */
    HANDING_OVER, /* what its background children write; signals are no longer read */
};

struct run {
    int64_t started_us;                /* by the clock that only goes forward */
    struct options options;
    struct settings settings;
    struct bytes warnings;

    /* begin.c: what is known before the hook starts */
    char execution_id[37], correlation_id[33], span_id[17], parent_span_id[17], trace_flags[3];
    uint64_t created_at_ms, pid_start;
    bool is_late;                      /* the hook has started before all of its payload had come */
    bool awaits_event;                 /* the gate is to be looked at again once it is known */

    int home;                          /* the state directory; -1: there is none that counts */

    /* record.c */
    struct bytes begin, entry;         /* what there is to begin with; what goes to the log next */
    unsigned char token[8];            /* what the log knows our entries by */
    size_t pid_start_at;               /* where in `begin` our start goes */
    int spool_file;                    /* the log; -1: not on record so far */
    int torn_file;                     /* one that took only `torn_bytes` of an entry, if that is any */
    size_t torn_bytes;

    /* child.c and signals.c */
    pid_t pid, hook, sentinel;         /* ours; the hook's, 0 before and after it; the one that tells signals to the group */
    int exec_error[2];                 /* a pipe by which a process that does not become the hook says why */
    int hook_ends[STREAMS];            /* the hook's ends; -1: it has what we have */
    int signals;                       /* where they are read; -1 where they do not count */
    bool must_restore;                 /* what follows is not in force, and to be given back to the hook */
    signal_mask inherited_mask;
    mode_t inherited_umask;
    struct sigaction inherited_sigchld; /* the same of SIGCHLD */
    bool was_asked_to_end;             /* so it may seem to the hook: a signal came for it */
    int64_t stop_requested_us;         /* when such a signal came; 0: none */
    int stop_signal;                   /* the signal that stopped the hook; 0: it goes on */
    int late_signal;                   /* one that came when the hook had exited and the caller had not taken all; 0 for none */

    enum phase phase;
    struct stream streams[STREAMS];
    bool has_payload;                  /* all of it, before the start */
    bool is_merged;                    /* stdout and stderr are one and the same */
    bool is_long_run;                  /* it is no short run */
    int64_t spawned_us, duration_us;   /* -1: it has not run */

    /* timeout.c */
    bool has_descendants;
    int64_t checked_us, stopped_us;    /* when we last ran; how long we were stopped */
    int64_t expired_us, next_check_us; /* when the time ran out, 0 before; when to look next what is left */
    uint64_t spawned_ticks;
    bool has_sent_term;                /* they have got SIGTERM */

    struct claim claim;

    /* how it ended */
    enum end_kind kind;
    int exit_code, signal;             /* the signal is 0 where it exited */
    bool can_forgive;                  /* by --fail-open, which counts on this event */
    bool is_forgiven;                  /* it failed and was forgiven: we exit 0 all the same */
    const char *reason;                /* where no stderr of the hook can say it; NULL otherwise */
    char timed_out[64];

    char path[2 * PATH_BYTES];         /* for any two paths */
    struct field fields[PAYLOAD_FIELDS];
};
