/*
 * hookbus: runs a coding agent's hook unchanged, and records that it ran.
 *
 *   hookbus run [OPTION...] -- COMMAND [ARG...]     docs/cli.md has the options
 *   hookbus ANYTHING ELSE                           is the command line, in Node
 *
 * Exit status: the hook's own, or death by the same signal. The launcher's: 127 the command was not found, 126 it is not
 * executable, 125 there is no command, 124 --timeout ran out. Never 2, which an agent reads as a decision to block.
 *
 * If HookBus fails, the command still runs and its status is passed on.
 */
#include "begin.h"
#include "child.h"
#include "command.h"
#include "fail_open.h"
#include "gate.h"
#include "home.h"
#include "input.h"
#include "leave.h"
#include "node.h"
#include "policy.h"
#include "record.h"
#include "result.h"
#include "run.h"
#include "shell.h"
#include "signals.h"
#include "timeout.h"
#include "watch.h"

enum { USAGE_EXIT_CODE = 125, MAKE_HOME_TIMEOUT_US = 3000000 };

/* The arguments for Node; NULL if there is no memory. */
static char **arguments_for_node(int argc, char **argv)
{
    char **words = calloc((size_t)argc + 3, sizeof *words);
    for (int i = 1; words != NULL && i < argc; i++) words[i + 1] = argv[i];
    return words;
}

static bool is_run(int argc, char **argv)
{
    bool wants_help = argc == 3 && (strcmp(argv[2], "--help") == 0 || strcmp(argv[2], "-h") == 0);
    return argc >= 2 && strcmp(argv[1], "run") == 0 && !wants_help;
}

static struct run the_run;

static void raise_kept_max(struct stream *stream, size_t bytes)
{
    if (stream->kept_max < bytes) stream->kept_max = bytes;
}

static bool prepare_memory(struct run *run)
{
    for (int i = 0; i < STREAMS; i++) {
        struct stream *stream = &run->streams[i];
        stream->number = i;
        stream->from = stream->to = -1;
        stream->file_start = -1;
        stream->read_limit = UINT64_MAX;
        stream->buffer = malloc(INITIAL_BUFFER_BYTES);
        stream->capacity = INITIAL_BUFFER_BYTES;
        if (stream->buffer == NULL) return false;
        stream->kept_max = run->settings.store_raw ? (size_t)run->settings.max_bytes : 0;
    }
    if (run->options.fail_open) raise_kept_max(&run->streams[STDIN], LATE_PAYLOAD_BYTES);
    raise_kept_max(&run->streams[STDOUT], HEAD_BYTES);
    sha256_start(&run->streams[STDOUT].digest);
    return true;
}

/* A hook that root protects ignores options that could skip it or discard its answer. */
static void apply_policy(struct run *run)
{
    struct options *options = &run->options;
    if ((options->wants_dedupe || options->fail_open) && policy_protects(options->name))
        options->wants_dedupe = options->fail_open = false;
}

/* Reads the payload and records the begin; false if a gate skips the hook. */
static bool prepare(struct run *run)
{
    begin_make_ids(run);
    apply_policy(run);
    /* As early as possible: the daemon takes a while to wake up. */
    if (run->options.wants_dedupe) run->claim.bus = node_connect(run);
    /* Nothing has been read so far, so the command still gets everything. */
    if (!prepare_memory(run) || !child_open_streams(run) || !signals_open(run)) command_exec(run);
    bool is_closed = gate_is_closed(run, false);
    if (run->options.wants_dedupe && !is_closed) run->has_payload = input_read_payload(run);
    else input_read_prelude(run);
    begin_describe(run);
    run->is_late = input_is_unfinished(&run->streams[STDIN]);
    if (run->is_late) stream_keep_late(&run->streams[STDIN]);
    fail_open_note(run);
    if (run->awaits_event) is_closed = gate_is_closed(run, true);
    /* The agent starts its status line like a hook, several times a second. */
    if (run->needs_event && !run->is_late && begin_event(run).length == 0) run->settings.home[0] = '\0';
    begin_encode(run, &run->begin);
    /* The daemon decides while the record is written. */
    if (run->has_payload && run->claim.bus >= 0 && !is_closed) claim_request(run, ANSWER_TIMEOUT_US);
    record_begin(run);
    /* Without a record nobody would notice a skipped hook, so it runs. */
    if (is_closed && run->spool_file >= 0) {
        claim_disconnect(&run->claim);
        run->kind = BREAKER_SKIP;
        return false;
    }
    run->reason = NULL;
    return true;
}

/* Whether the hook is no duplicate. With an incomplete payload nobody can know, and it runs. */
static bool may_run(struct run *run)
{
    if (!run->options.wants_dedupe || !run->has_payload || run->spool_file < 0) {
        claim_disconnect(&run->claim);
        return true;
    }
    enum verdict verdict = claim_receive(run);
    if (verdict != VERDICT_SKIP && verdict != VERDICT_REPLAY) return true;
    result_replay(run);
    return false;
}

/* Node makes a state directory other than the default, once. If it cannot, the hook runs unrecorded. */
static void make_home(struct run *run)
{
    claim_start_helper(run);
    claim_await_helper(&run->claim, MAKE_HOME_TIMEOUT_US);
    if (home_open(run)) run->settings.home[0] = '\0';
}

static void run_hook(struct run *run)
{
    if (run->options.timeout_us > 0) timeout_prepare(run);
    if (child_start(run)) {
        watch_hook(run);
        return;
    }
    run->is_forgiven = fail_open_forgives(run);
    if (!run->is_forgiven) command_print(run->reason);
}

int main(int argc, char **argv)
{
    struct run *run = &the_run;
    if (shell_is_called(argv[0])) shell_become(argv);
    run->started_us = clock_us();
    run->duration_us = run->spool_file = run->signals = run->claim.bus = -1;
    run->needs_event = argv[0] != NULL && strcmp(argv[0], SHELL_RUN) == 0;
    if (!is_run(argc, argv)) {
        char **words = arguments_for_node(argc, argv);
        if (words != NULL) node_exec(words, true);
        free(words);
        command_print(node_has_script() ? "Node.js was not found, and all commands but `run` need it"
                                        : "hookbus.js was not found beside the launcher, and all commands but `run` need it: "
                                          "install HookBus again");
        return 127;
    }
    options_parse(argv + 2, &run->options, &run->warnings);
    if (run->options.argv[0] == NULL) {
        command_print("no command after --. Try: hookbus run --help");
        return USAGE_EXIT_CODE;
    }
    /* An empty name counts as none; the reader of the record then names the hook. */
    if (run->options.name != NULL && *run->options.name == '\0') run->options.name = NULL;
    settings_read(&run->settings, &run->options, &run->warnings);
    if (!run->settings.is_enabled) command_exec(run);
    if (!signals_block_all(run)) command_exec(run);
    if (home_open(run)) make_home(run);
    if (prepare(run) && may_run(run)) run_hook(run);
    else input_drain(run);
    record_end(run);
    if (!result_send(run)) node_notify(run);
    watch_hand_over(run);
    leave_as_hook(run);
}
