/*
 * Gates: a small file for each hook that is not to run, named by the hook's name and its command line. Its first line
 * holds `off` or `breaker`, and until when, in Unix ms; what follows is for people. Twin: src/gates/gate-file.ts.
 */
#include "launcher.h"

/* Twin: src/domain/events.ts. On doubt, and on an unknown event, a hook can block. */
static const char *const CANNOT_BLOCK[] = {
    "SessionStart",       "Setup",        "InstructionsLoaded", "MessageDisplay", "PermissionDenied", "PostToolUse",
    "PostToolUseFailure", "Notification", "SubagentStart",      "StopFailure",    "CwdChanged",       "DirectoryAdded",
    "FileChanged",        "WorktreeRemove", "PostCompact",      "PostModelSwitch", "SessionEnd",
};

/* What a word of a command line is written in without quotes. */
static const char PLAIN[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_@%+=:,./-";

/* A gate that would count for longer was not made by HookBus, or the clock was set back: the hook runs. */
#define MAX_GATE_MS (7 * UINT64_C(86400000))

enum {
    MAX_ENCODED_BYTES = 120,
    DIGEST_DIGITS = 32,
};

struct gate {
    bool is_off; /* by hand; else a breaker, which counts only where no hook can block */
    uint64_t until_ms;
};

/*
 * The next character of a name, which is moved on. For bytes that are none it is U+FFFD, as many of them as Node makes
 * when it reads its command line: a lead byte and what may follow it are one.
 */
static struct text next_character(const char **name)
{
    const unsigned char *at = (const unsigned char *)*name;
    size_t wanted = *at < 0x80 ? 1 : *at < 0xc2 || *at > 0xf4 ? 0 : *at < 0xe0 ? 2 : *at < 0xf0 ? 3 : 4, size = 1;
    unsigned char least = *at == 0xe0 ? 0xa0 : *at == 0xf0 ? 0x90 : 0x80;
    unsigned char most = *at == 0xed ? 0x9f : *at == 0xf4 ? 0x8f : 0xbf;
    for (; size < wanted && at[size] >= least && at[size] <= most; size++) {
        least = 0x80;
        most = 0xbf;
    }
    *name += size;
    return size == wanted ? (struct text){(const char *)at, size} : (struct text){"\xef\xbf\xbd", 3};
}

/* The hook's name as a file name: what may mean something to a file system becomes %XX, what is long its SHA-256. */
static void encode_name(const char *name, char encoded[MAX_ENCODED_BYTES + 4])
{
    size_t length = 0;
    struct sha256 hash;
    for (const char *next = name; *next != '\0' && length <= MAX_ENCODED_BYTES;) {
        bool is_first = next == name;
        struct text character = next_character(&next);
        for (size_t i = 0; i < character.length && length <= MAX_ENCODED_BYTES; i++) {
            char at = character.at[i];
            bool is_plain = (at >= 'a' && at <= 'z') || (at >= 'A' && at <= 'Z') || (at >= '0' && at <= '9') ||
                            at == '_' || at == '-' || (at == '.' && !is_first);
            if (is_plain) encoded[length++] = at;
            else length += (size_t)sprintf(encoded + length, "%%%02X", (unsigned char)at);
        }
    }
    encoded[length] = '\0';
    if (length <= MAX_ENCODED_BYTES) return;
    sha256_start(&hash);
    while (*name != '\0') {
        struct text character = next_character(&name);
        sha256_add(&hash, character.at, character.length);
    }
    sha256_hex(hash, encoded, 64);
}

/* A text as Node reads it. */
static void hash_text(struct sha256 *hash, const char *text)
{
    while (*text != '\0') {
        struct text character = next_character(&text);
        sha256_add(hash, character.at, character.length);
    }
}

static void hash_word(struct sha256 *hash, const char *word)
{
    if (*word != '\0' && word[strspn(word, PLAIN)] == '\0') {
        sha256_add(hash, word, strlen(word));
        return;
    }
    sha256_add(hash, "'", 1);
    while (*word != '\0') {
        struct text character = next_character(&word);
        if (*character.at == '\'') sha256_add(hash, "'\\''", 4);
        else sha256_add(hash, character.at, character.length);
    }
    sha256_add(hash, "'", 1);
}

/* Of the shell line that runs the same, as it is on record. Twin: src/domain/command-line.ts. */
static void digest_command(char *const *argv, char digest[DIGEST_DIGITS + 1])
{
    struct sha256 hash;
    bool is_line = strcmp(argv[0], "/bin/sh") == 0 && argv[1] != NULL && strcmp(argv[1], "-c") == 0 &&
                   argv[2] != NULL && argv[3] == NULL;
    sha256_start(&hash);
    if (is_line) hash_text(&hash, argv[2]);
    for (char *const *word = argv; !is_line && *word != NULL; word++) {
        if (word != argv) sha256_add(&hash, " ", 1);
        hash_word(&hash, *word);
    }
    sha256_hex(hash, digest, DIGEST_DIGITS);
}

/* False where there is no gate, or none that makes sense and is ours. */
static bool read_gate(const struct run *run, const char *name, struct gate *gate)
{
    char text[64];
    int file = openat(run->gates, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    if (file < 0) return false;
    off_t size;
    ssize_t length = is_own_file(file, &size) ? read(file, text, sizeof text) : 0;
    close(file);
    if (length <= 0) return false;
    char *end = memchr(text, '\n', (size_t)length);
    struct text line = {text, end != NULL ? (size_t)(end - text) : (size_t)length};
    gate->is_off = line.length > 4 && memcmp(text, "off ", 4) == 0;
    size_t word = gate->is_off ? 4 : 8;
    if (!gate->is_off && (line.length <= word || memcmp(text, "breaker ", word) != 0)) return false;
    return parse_count((struct text){text + word, line.length - word}, &gate->until_ms);
}

bool can_block(struct text event)
{
    for (size_t i = 0; i < sizeof CANNOT_BLOCK / sizeof *CANNOT_BLOCK; i++)
        if (event.length == strlen(CANNOT_BLOCK[i]) && memcmp(event.at, CANNOT_BLOCK[i], event.length) == 0)
            return false;
    return true;
}

/*
 * The name of the gate's file in `gates`, which is then open; NULL where there is none. As a rule that is one look at a
 * file that is not there.
 */
static const char *find_gate(struct run *run)
{
    char encoded[MAX_ENCODED_BYTES + 4], digest[DIGEST_DIGITS + 1];
    struct stat stat;
    encode_name(run->hook_name, encoded);
    digest_command(run->options.argv, digest);
    (void)JOIN(run->path, PATH_BYTES, "gates/", encoded, "~", digest);
    if (fstatat(run->home, run->path, &stat, AT_SYMLINK_NOFOLLOW) != 0) return NULL;
    return open_in_home(run, &run->gates, "gates", false) < 0 ? NULL : run->path + strlen("gates/");
}

bool is_gated(struct run *run, bool is_event_known)
{
    struct gate gate;
    const char *name = run->home < 0 ? NULL : find_gate(run);
    if (name == NULL || !read_gate(run, name, &gate)) return false;
    if (gate.until_ms <= run->created_at_ms || gate.until_ms - run->created_at_ms > MAX_GATE_MS) return false;
    run->awaits_event = !gate.is_off && !is_event_known;
    if (!gate.is_off && (!is_event_known || can_block(event_of(run)))) return false;
    if (is_protected(run->hook_name)) return false;
    run->reason = gate.is_off ? "off" : "breaker open";
    return true;
}
