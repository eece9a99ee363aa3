/* `--timeout`: SIGTERM to the hook and its descendants, SIGKILL to those that are left after a grace period. */
#include "timeout.h"
#include "run.h"

#ifdef __linux__
#include <sys/prctl.h>
#endif

enum {
    TIMEOUT_EXIT_CODE = 124,
    GRACE_US = 1000000,
    KILL_PHASE_US = 1000000,
    CHECK_INTERVAL_US = 15000,
    MAX_PROCESSES = 8192, /* more are not seen */
};

/* A hook that may have refused in the grace period has done its work: its time is over, but its answer counts. */
static bool may_have_refused(const struct run *run)
{
    return run->kind == EXITED && (run->exit_code == 2 || stdout_kind_of(&run->streams[STDOUT].kind) == KIND_JSON);
}

void timeout_set_result(struct run *run)
{
    long long us = run->options.timeout_us;
    char *text = run->timed_out;
    int length = snprintf(text, sizeof run->timed_out, "timed out after %lld.%06lld", us / 1000000, us % 1000000);
    while (text[length - 1] == '0') length--;
    strcpy(text + length - (text[length - 1] == '.'), " s");
    run->reason = run->timed_out;
    /* Another call may take another time, so this result is not replayed. */
    run->was_asked_to_end = true;
    if (may_have_refused(run)) return;
    run->kind = TIMED_OUT;
    run->signal = 0;
    run->exit_code = TIMEOUT_EXIT_CODE;
}

/* Where the system can do it, orphaned descendants become the launcher's children, so that all of them are found. */
void timeout_prepare(struct run *run)
{
#ifdef __linux__
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1);
#endif
    run->spawned_at = process_now();
}

/* Lists processes younger than the hook, and marks the hook and its descendants, as far as the system shows them. */
static size_t find_descendants(const struct run *run, struct process *processes)
{
    /* An older process is not the hook's: a shell that exec'd the launcher may have had children. */
    size_t count = process_list(run->spawned_at, processes, MAX_PROCESSES);
    for (bool has_grown = true; has_grown;) {
        has_grown = false;
        for (size_t i = 0; i < count; i++) {
            struct process *candidate = &processes[i];
            bool is_child = candidate->parent == run->pid && candidate->pid != run->sentinel &&
                            candidate->pid != run->witness;
            for (size_t j = 0; j < count && !is_child; j++)
                is_child = processes[j].is_descendant && processes[j].pid == candidate->parent;
            has_grown = has_grown || (is_child && !candidate->is_descendant);
            candidate->is_descendant = candidate->is_descendant || is_child;
        }
    }
    return count;
}

/* SIGTERM once, to all of them; SIGKILL as often as needed. */
bool timeout_kill_tree(struct run *run)
{
    static struct process processes[MAX_PROCESSES];
    int64_t passed = clock_us() - run->expired_us;
    bool is_left = false;
    int number = passed >= GRACE_US ? SIGKILL : run->has_sent_term ? 0 : SIGTERM;
    size_t count = passed < GRACE_US + KILL_PHASE_US ? find_descendants(run, processes) : 0;
    run->has_sent_term = true;
    run->next_check_us = clock_us() + CHECK_INTERVAL_US;
    /* The hook's process id is known even if the system tells nothing. */
    if (run->hook > 0) (void)kill(run->hook, number);
    for (size_t i = 0; i < count; i++) {
        if (!processes[i].is_descendant || processes[i].is_dead) continue;
        is_left = true;
        if (processes[i].pid != run->hook) (void)kill(processes[i].pid, number);
    }
    return is_left;
}
