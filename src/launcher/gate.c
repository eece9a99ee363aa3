/*
 * Gates: a small file disables a hook. Its name is the SHA-256 of the hook's name and command line. Its first line has
 * the kind (`off` or `breaker`), the expiry in Unix ms, and the events of a breaker; the rest is for people. TypeScript
 * port: src/gates/gate-file.ts.
 */
#include "gate.h"
#include "begin.h"
#include "home.h"
#include "policy.h"
#include "run.h"

/* HookBus sets no later expiry: another program wrote the gate, or the clock was set back, and the hook runs. */
#define MAX_GATE_MS (7 * UINT64_C(86400000))

enum { MAX_LINE_BYTES = 1000, GATE_DIGITS = 32 };

/* TypeScript port: src/domain/events.ts. On an unknown event, a hook can block. */
bool gate_can_block(struct text event)
{
    static const char OTHERS[] = " SessionStart Setup InstructionsLoaded MessageDisplay PermissionDenied PostToolUse"
                                 " PostToolUseFailure Notification SubagentStart StopFailure CwdChanged DirectoryAdded"
                                 " FileChanged WorktreeRemove PostCompact PostModelSwitch SessionEnd ";
    return !text_is_listed(OTHERS, event);
}

/*
 * Hashes a text as Node decodes its command line: a lead byte and its valid continuation bytes are one U+FFFD if the
 * sequence is incomplete. Within quotes a shell needs `'` escaped.
 */
static void hash_text(struct sha256 *hash, const char *text, bool is_quoted)
{
    for (const unsigned char *at = (const unsigned char *)text; *at != '\0';) {
        size_t wanted = *at < 0x80 ? 1 : *at < 0xc2 || *at > 0xf4 ? 0 : *at < 0xe0 ? 2 : *at < 0xf0 ? 3 : 4, size = 1;
        unsigned char min = *at == 0xe0 ? 0xa0 : *at == 0xf0 ? 0x90 : 0x80;
        unsigned char max = *at == 0xed ? 0x9f : *at == 0xf4 ? 0x8f : 0xbf;
        for (; size < wanted && at[size] >= min && at[size] <= max; size++) min = 0x80, max = 0xbf;
        if (is_quoted && *at == '\'') sha256_add(hash, "'\\''", 4);
        else sha256_add(hash, size == wanted ? (const char *)at : "\xef\xbf\xbd", size == wanted ? size : 3);
        at += size;
    }
}

/*
 * Hashes the hook's name and the equivalent shell line, as on record; without a name all words, and whether they come
 * from --shell, since the name follows from these. TypeScript port: src/domain/hook-id.ts.
 */
static void name_gate(const struct options *options, char name[GATE_DIGITS + 1])
{
    static const char UNQUOTED[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_@%+=:,./-";
    struct sha256 hash;
    char *const *argv = options->argv;
    bool is_named = options->name != NULL;
    bool is_line = is_named && strcmp(argv[0], "/bin/sh") == 0 && argv[1] != NULL && strcmp(argv[1], "-c") == 0 &&
                   argv[2] != NULL && argv[3] == NULL;
    sha256_start(&hash);
    if (is_named) hash_text(&hash, options->name, false);
    sha256_add(&hash, "\0", is_named || options->shell == NULL ? 1 : 2);
    for (char *const *word = is_line ? argv + 2 : argv; *word != NULL; word++) {
        bool is_quoted = !is_line && (**word == '\0' || (*word)[strspn(*word, UNQUOTED)] != '\0');
        if (!is_line && word != argv) sha256_add(&hash, " ", 1);
        if (is_quoted) sha256_add(&hash, "'", 1);
        hash_text(&hash, *word, is_quoted);
        if (is_quoted) sha256_add(&hash, "'", 1);
    }
    sha256_hex(hash, name, GATE_DIGITS);
}

/* Reads the first line, with a blank for its newline; false if the user has no such file. */
static bool read_line(struct run *run, char line[MAX_LINE_BYTES + 2])
{
    char name[GATE_DIGITS + 1];
    struct stat stat;
    name_gate(&run->options, name);
    /* Usually the file is missing, and this is the only system call. */
    (void)FORMAT(run->path, PATH_BYTES, "gates/%s", name);
    if (run->home < 0 || fstatat(run->home, run->path, &stat, AT_SYMLINK_NOFOLLOW) != 0) return false;
    int gates = home_open_inside(run, "gates", false);
    if (gates < 0) return false;
    int file = openat(gates, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    close(gates);
    ssize_t length = file >= 0 && home_is_own_file(file) ? read(file, line, MAX_LINE_BYTES) : 0;
    if (file >= 0) close(file);
    if (length <= 0) return false;
    line[length] = '\0';
    strcpy(line + strcspn(line, "\n"), " ");
    return true;
}

bool gate_is_closed(struct run *run, bool is_event_known)
{
    char line[MAX_LINE_BYTES + 2];
    uint64_t until_ms;
    if (!read_line(run, line)) return false;
    bool is_off = strncmp(line, "off ", 4) == 0;
    if (!is_off && strncmp(line, "breaker ", 8) != 0) return false;
    const char *until = line + (is_off ? 4 : 8), *events = until + strcspn(until, " ");
    if (!text_count((struct text){until, (size_t)(events - until)}, &until_ms)) return false;
    if (until_ms <= run->created_at_ms || until_ms - run->created_at_ms > MAX_GATE_MS) return false;
    run->awaits_event = !is_off && !is_event_known;
    if (is_off ? strcmp(events, " ") != 0 : !is_event_known || !text_is_listed(events, begin_event(run))) return false;
    if (policy_protects(run->options.name)) return false;
    run->reason = is_off ? "off" : "breaker open";
    return true;
}
