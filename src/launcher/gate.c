/*
 * Gates: a small file for each hook that is not to run. It holds `off` or `breaker`, and until when, in Unix ms; behind
 * that, `nonblocking` where the hook runs all the same on events on which it can block. Twin: src/gates/gate-file.ts.
 */
#include "launcher.h"

/* Twin: src/domain/events.ts. On doubt, and on an unknown event, a hook can block. */
static const char *const CANNOT_BLOCK[] = {
    "SessionStart",       "Setup",        "InstructionsLoaded", "MessageDisplay", "PermissionDenied", "PostToolUse",
    "PostToolUseFailure", "Notification", "SubagentStart",      "StopFailure",    "CwdChanged",       "DirectoryAdded",
    "FileChanged",        "WorktreeRemove", "PostCompact",      "PostModelSwitch", "SessionEnd",
};

static const char NONBLOCKING[] = " nonblocking";

enum {
    MAX_ENCODED_BYTES = 120,
    PROBE_LEASE_MS = 60000, /* how long a probe is waited for before another may go: the first may have been killed */
    MOST_PROBES = 32,       /* so many of which nothing was ever heard are enough: on doubt, the hook runs */
    MOST_LOOKS = 3,         /* the gate may be replaced under our eyes, but hardly again and again */
};

struct gate {
    bool is_off;        /* by hand; else a breaker */
    bool spares_blocking;
    uint64_t until_ms;  /* 0: until it is taken away, which only `off` can be */
};

enum taking { TAKEN, UNDER_WAY, GATE_CHANGED };

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

/* False where there is no gate, or none that makes sense and is ours. */
static bool read_gate(const struct run *run, const char *name, struct gate *gate)
{
    char text[64];
    int file = openat(run->gates, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    if (file < 0) return false;
    off_t size;
    ssize_t length = is_own_file(file, &size) ? read(file, text, sizeof text) : 0;
    close(file);
    bool is_breaker = length > 8 && memcmp(text, "breaker ", 8) == 0;
    gate->is_off = length > 4 && memcmp(text, "off ", 4) == 0;
    if (!gate->is_off && !is_breaker) return false;
    struct text until = {text + (gate->is_off ? 4 : 8), (size_t)length - (gate->is_off ? 4 : 8)};
    if (until.at[until.length - 1] == '\n') until.length--;
    size_t word = sizeof NONBLOCKING - 1;
    gate->spares_blocking =
        is_breaker && until.length > word && memcmp(until.at + until.length - word, NONBLOCKING, word) == 0;
    if (gate->spares_blocking) until.length -= word;
    return parse_count(until, &gate->until_ms);
}

static bool is_same(struct gate one, struct gate other)
{
    return one.is_off == other.is_off && one.spares_blocking == other.spares_blocking && one.until_ms == other.until_ms;
}

bool can_block(struct text event)
{
    for (size_t i = 0; i < sizeof CANNOT_BLOCK / sizeof *CANNOT_BLOCK; i++)
        if (event.length == strlen(CANNOT_BLOCK[i]) && memcmp(event.at, CANNOT_BLOCK[i], event.length) == 0)
            return false;
    return true;
}

static bool is_fresh(const struct run *run, const char *claim, uint64_t now_ms)
{
    struct stat stat_of;
    /* The bus has just cleared it away: the probe is over, and what came of it is for the next run to see. */
    if (fstatat(run->gates, claim, &stat_of, AT_SYMLINK_NOFOLLOW) != 0) return true;
#ifdef __APPLE__
    const struct timespec *at = &stat_of.st_mtimespec;
#else
    const struct timespec *at = &stat_of.st_mtim;
#endif
    int64_t age_ms = (int64_t)now_ms - ((int64_t)at->tv_sec * 1000 + at->tv_nsec / 1000000);
    return age_ms < PROBE_LEASE_MS && age_ms > -PROBE_LEASE_MS;
}

/*
 * The name of the gate's file in `gates`, which is then open; NULL where there is none. As a rule that is one look at a
 * file that is not there.
 */
static const char *find_gate(struct run *run)
{
    char encoded[MAX_ENCODED_BYTES + 4];
    struct stat stat;
    encode_name(run->hook_name, encoded);
    (void)JOIN(run->path, PATH_BYTES, "gates/", encoded);
    if (fstatat(run->home, run->path, &stat, AT_SYMLINK_NOFOLLOW) != 0) return NULL;
    return open_in_home(run, &run->gates, "gates", false) < 0 ? NULL : run->path + strlen("gates/");
}

static bool claim_name(const char *gate, uint64_t until_ms, int number, char claim[PATH_BYTES])
{
    char suffix[48];
    snprintf(suffix, sizeof suffix, "~%llu.%d", (unsigned long long)until_ms, number);
    return JOIN(claim, PATH_BYTES, gate, suffix);
}

/*
 * Who makes the claim `NAME~UNTIL.0` runs the probe of a breaker that ran out at UNTIL, and who comes within its lease
 * does not. After that whoever makes `NAME~UNTIL.1` runs the next, and so on. Nobody takes a claim away but the bus,
 * once it has put another gate in place or none, and its owner, who gives it back: each is one execution's at a time.
 */
static enum taking take_probe(struct run *run, const char *name, struct gate gate)
{
    char *claim = run->path + PATH_BYTES;
    uint64_t now_ms = run->created_at_ms;
    struct gate now;
    for (int number = 0; number < MOST_PROBES; number++) {
        if (!claim_name(name, gate.until_ms, number, claim)) return TAKEN;
        int file = openat(run->gates, claim, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (file < 0 && errno != EEXIST) return TAKEN;
        if (file < 0) {
            if (is_fresh(run, claim, now_ms)) return UNDER_WAY;
            continue;
        }
        close(file);
        run->probe = (struct probe){.is_taken = true, .number = number, .until_ms = gate.until_ms};
        if (read_gate(run, name, &now) && is_same(now, gate)) return TAKEN;
        /* What the bus cleared away before we made ours is not to be left behind. */
        (void)unlinkat(run->gates, claim, 0);
        run->probe.is_taken = false;
        return GATE_CHANGED;
    }
    return TAKEN;
}

bool is_gated(struct run *run, bool is_event_known)
{
    struct gate gate;
    const char *name = run->home < 0 ? NULL : find_gate(run);
    if (name == NULL) return false;
    for (int look = 0; look < MOST_LOOKS && read_gate(run, name, &gate); look++) {
        run->awaits_event = gate.spares_blocking && !is_event_known;
        if (gate.spares_blocking && (!is_event_known || can_block(event_of(run)))) return false;
        run->reason = gate.is_off ? "off" : "breaker open";
        if (gate.until_ms > run->created_at_ms || (gate.is_off && gate.until_ms == 0)) return true;
        enum taking taking = gate.is_off ? TAKEN : take_probe(run, name, gate);
        if (taking == UNDER_WAY) return true;
        run->reason = NULL;
        if (taking == TAKEN) return false;
    }
    return false;
}

void give_back_probe(struct run *run)
{
    char encoded[MAX_ENCODED_BYTES + 4], *claim = run->path + PATH_BYTES;
    struct timespec now;
    if (!run->probe.is_taken) return;
    encode_name(run->hook_name, encoded);
    if (!claim_name(encoded, run->probe.until_ms, run->probe.number, claim)) return;
    run->probe.is_taken = false;
    read_clock(CLOCK_REALTIME, &now);
    /* One whose lease is over keeps nobody waiting, and to make it anew would be a probe beside the next. */
    if (is_fresh(run, claim, (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000))
        (void)unlinkat(run->gates, claim, 0);
}
