/* What the launcher's files share. main.c says what the launcher is. */
#ifndef HOOKBUS_LAUNCHER_H
#define HOOKBUS_LAUNCHER_H

#ifdef __linux__
#define _GNU_SOURCE
#else
#define _DARWIN_C_SOURCE
#endif

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fd.h"
#include "frame.h"
#include "text.h"
#include "stream.h"
#include "claim.h"
#include "signals.h"
#include "input.h"

#ifndef HOOKBUS_VERSION
#define HOOKBUS_VERSION "0.0.0"
#endif
#ifndef HOOKBUS_NODE
#define HOOKBUS_NODE "/usr/bin/node"
#endif

/* Where Debian's sh and bash look where there is no PATH. */
#define SYSTEM_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

enum {
    PAYLOAD_FIELDS = 11,                /* names that are looked for in a payload */
    PATH_BYTES = 4096,
    HOME_BYTES = PATH_BYTES - 300,      /* longest state directory: room is left for the names in it */
    MAX_PAYLOAD_CAP = 64 * 1024 * 1024,
    MAX_PROCESSES = 8192,               /* most that are looked through after a timeout */
};

#define MAX_TTL_SECONDS (36500 * UINT64_C(86400)) /* a hundred years */

/* ---- options.c and settings.c */

struct options {
    const char *name, *event, *tool, *shell, *dedupe_key; /* NULL: not given */
    uint64_t dedupe_ttl;     /* seconds; 0: as the settings say */
    enum on_duplicate on_duplicate;
    int64_t timeout_us;      /* 0: none */
    int64_t max_bytes;       /* -1: as the settings say; so too the next two */
    int store_raw, compress;
    int wants_dedupe, fail_open;
    char **argv;             /* what to run; its first word is NULL where that is nothing */
};

struct settings {
    bool is_enabled, compress, store_raw, redact, starts_daemon;
    uint64_t max_bytes, dedupe_ttl;
    bool shares_keys;        /* with other machines, where config.json names a key server */
    char home[HOME_BYTES];   /* empty: nothing is recorded */
};

/* Reads the words behind `run`; may overwrite up to three words in front of the command. */
void options_parse(char **words, struct options *options, struct bytes *warnings);
/* The default state directory, which HOME alone says; false where it says none. */
bool settings_default_home(char home[HOME_BYTES]);
/* What is in force: an option counts more than the environment. */
void settings_read(struct settings *settings, const struct options *options, struct bytes *warnings);

/* ---- the run */

/* What is going on, and so what is waited for. */
enum phase {
    PREPARING,    /* the payload, before the hook starts or in its place; signals wait, and outputs are left alone */
    ANSWERING,    /* a duplicate is given what the first one said; a signal ends us */
    RUNNING,      /* everything */
    SETTLING,     /* the same, but the hook has exited; what it wrote is passed on */
    HANDING_OVER, /* what its background children write; signals are no longer read */
};

/* What is told of a process. */
struct process {
    pid_t pid, parent;
    char state;
    uint64_t start;     /* in clock ticks since boot */
    bool is_ours;       /* for timeout.c */
};

struct run {
    int64_t started_us;          /* by the clock that only goes forward */
    struct options options;
    struct settings settings;
    struct bytes warnings;

    /* begin.c: what is known before the hook starts */
    char execution_id[37], correlation_id[33], span_id[17], parent_span_id[17], trace_flags[3];
    uint64_t created_at_ms, pid_start;
    bool is_late;                /* the hook has started before all of its payload had come */
    bool awaits_event;           /* the gate is to be looked at again once it is known */

    int home;                    /* the state directory; -1: there is none that counts */

    /* record.c */
    struct bytes begin, entry;   /* what there is to begin with; what goes to the log next */
    unsigned char token[8];      /* what the log knows our entries by */
    size_t pid_start_at;         /* where in `begin` our start goes */
    int spool_file;              /* the log; -1: not on record so far */
    int torn_file;               /* one that took only `torn_bytes` of an entry, if that is any */
    size_t torn_bytes;

    /* child.c and signals.c */
    pid_t pid, hook, sentinel;   /* ours; the hook's, 0 before and after it; the one that tells signals to the group */
    int refusal[2];              /* a pipe by which a process that does not become the hook says why */
    int theirs[STREAMS];         /* the hook's ends; -1: it has what we have */
    int signals;                 /* where they are read; -1 where they do not count */
    bool is_holding;             /* what follows is not in force, and to be given back to the hook */
    signal_mask mask;
    mode_t umask;
    struct sigaction child_action; /* the same of SIGCHLD */
    bool was_asked_to_end;         /* so it may seem to the hook: a signal came for it */
    int64_t stop_asked_us;     /* when such a signal came; 0: none */
    int stopped_by;              /* the signal that stopped the hook; 0: it goes on */
    int late_signal;             /* one that came when the hook had exited and the caller had not taken all; 0 for none */

    enum phase phase;
    struct stream streams[STREAMS];
    bool has_payload;            /* all of it, before the start */
    bool is_merged;              /* stdout and stderr are one and the same */
    bool has_lasted;             /* it is no short run */
    int64_t spawned_us, duration_us; /* -1: it has not run */

    /* timeout.c */
    bool has_descendants;
    int64_t looked_us, stopped_us; /* when we last ran; how long we were stopped */
    int64_t ending_us, look_us;  /* when the time ran out, 0 before; when to look next what is left */
    uint64_t spawned_ticks;
    bool has_sent_term;                /* they have got SIGTERM */

    struct claim claim;

    /* how it ended */
    enum end_kind kind;
    int exit_code, signal;       /* the signal is 0 where it exited */
    bool is_forgiving;           /* by --fail-open, which counts on this event */
    bool is_pardoned;            /* it failed and was forgiven: we exit 0 all the same */
    const char *reason;          /* where no stderr of the hook can say it; NULL otherwise */
    char timed_out[64];

    char path[2 * PATH_BYTES];   /* for any two paths */
    struct field fields[PAYLOAD_FIELDS];
};

/* By a clock that starts anywhere and only goes forward. */
int64_t clock_us(void);

/* process.c. False where there is no such process, or the system does not tell. */
bool process_read(pid_t pid, struct process *process);

/* begin.c */
struct trace_parent {
    char trace_id[33], span_id[17], flags[3];
};

/* Reads a W3C `traceparent`; false when it is absent or not valid. */
bool begin_parse_trace(const char *text, struct trace_parent *parent);
/* The correlation id of everything with this cause; twin of src/domain/correlation.ts. */
void begin_correlation(struct text session, struct text tool_use, struct text prompt, struct text event, char id[33]);
void begin_make_ids(struct run *run);
void begin_describe(struct run *run);
/* To the end of `begin`. */
void begin_encode(struct run *run, struct bytes *begin);
/* Whether the rest of a payload that came late names what the record lacks. */
bool begin_learn_late(struct run *run);
/* Known once the run is described; of no length where nobody told it. */
struct text begin_event(const struct run *run);
/* The event that the payload names, as far as it has come by now. Overwrites the run's fields. */
struct text begin_named_event(struct run *run);

/*
 * state_home.c. Opens it, and makes it if it is the default; where it is not ours alone there is none from then on. True
 * where there is none yet that Node would make. Overwrites `path`.
 */
bool home_open(struct run *run);
uid_t home_user(void);
/* Opens a directory, if it is our user's alone, or one in the state directory; -1 for a link. */
int home_open_directory(int above, const char *name);
int home_open_own(const char *path);
int home_open_inside(const struct run *run, const char *name, bool makes);
/* A regular file of our user, with no other name by which it could be somebody else's too. */
bool home_is_own_file(int file);

/* record.c. Nothing here fails: what cannot be recorded is not. */
void record_begin(struct run *run);
void record_pid_start(struct run *run);
void record_signal(struct run *run, int signal);
void record_end(struct run *run);
void record_forget(struct run *run);

/*
 * gate.c: whether a gate keeps the hook from running; says why in `reason`. Before the event is known, a breaker's is
 * left open, and `awaits_event` says so.
 */
bool gate_is_closed(struct run *run, bool is_event_known);
/* Whether a hook on this event may stop what the agent is about to do; on doubt it may. */
bool gate_can_block(struct text event);

/* policy.c: whether root has this hook run and its answer passed on, whatever the user's own files and options say. NULL: no --name. */
bool policy_protects(const char *hook_name);

/* child.c */
bool child_open_channels(struct run *run);
/* False where it could not be started: `exit_code` and `reason` then say what a shell would. */
bool child_start(struct run *run);

/* command.c */
char **command_environment(const struct run *run);
/*
 * Becomes the command, found as a shell finds it; where the system has no room for our two variables, without them. Gives
 * back why that failed.
 */
int command_become(struct run *run, char **environment);
/* What the run comes to where it failed. */
void command_refuse(struct run *run, int error);
/* Replaces ourselves by the command: HookBus is switched off, or cannot do its work and must not be in the way. */
_Noreturn void command_exec(struct run *run);
/* One line of our own on stderr. */
void command_say(const char *what);

/* loop.c */
/* Waits until something comes that this phase waits for, or so long, and deals with it; false where nothing came. */
bool loop_turn(struct run *run, int wait_ms);
/* To where the stream goes, as far as that takes it: what waits in it, and its end. */
void loop_pass_along(struct run *run, struct stream *stream);

/* watch.c */
void watch_hook(struct run *run);
/* Leaves streams that the hook's background children hold open to a process of its own. */
void watch_hand_over(struct run *run);

/* leave.c */
/* Ends us as the hook ended. */
_Noreturn void leave_as_hook(struct run *run);
/* A signal came while there was no hook yet to take it: it goes on record and ends us. */
void leave_before_hook(struct run *run);

/* fail_open.c */
/* Whether a failure on this event may be forgiven; where that was asked for in vain, a warning goes on record. */
void fail_open_note(struct run *run);
bool fail_open_pardons(struct run *run);

/* timeout.c */
void timeout_prepare(struct run *run);
/* What the run comes to when its time ran out. */
void timeout_note(struct run *run);
/* Ends the hook and all that it started; false once nothing is left, or nothing helps. */
bool timeout_end_tree(struct run *run);

/* node.c: the parts of HookBus that are not in C. */
/*
 * Becomes Node; its words begin at the third of `argv`. Gives back where that failed. On PATH it is looked for only where
 * no hook waits.
 */
void node_exec(char **argv, bool looks_on_path);
/* Starts `hookbus claim` with a socket pair, of which `bus` is our end; 0 where that is not possible, and -1 for `bus`. */
pid_t node_start_helper(const char *home, int *bus);
/* daemon_state.c. In the process that becomes the daemon of this state directory, or a helper. */
void daemon_prepare(const char *home);
void node_encode_notify(struct bytes *bytes);
/* Connects to the daemon without waiting; -1 where that is not possible. Starts one where there is none. */
int node_connect(const struct run *run);
/* Tells the daemon that there is something to drain; starts one where there is none. Never waits. */
void node_notify(const struct run *run);

#endif
