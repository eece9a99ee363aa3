/* The settings in force. Twin: src/config/settings.ts and paths.ts. A value that cannot be used goes on record. */
#include "launcher.h"

static const char DEFAULT_IN_FORCE[] = "; the default is in force";

/* JavaScript's `trim`. */
static struct text trim(const char *value)
{
    while (space_at(value) > 0) value += space_at(value);
    struct text text = {value, 0};
    for (size_t at = 0; value[at] != '\0'; at += space_at(value + at) > 0 ? space_at(value + at) : 1)
        if (space_at(value + at) == 0) text.length = at + 1;
    return text;
}

/* The value, trimmed; of no length where it is not set, or blank. */
static struct text value_of(const char *name)
{
    const char *value = getenv(name);
    return value == NULL ? (struct text){"", 0} : trim(value);
}

/* What cannot be used goes on record, as far as its first 60 characters. */
static void refuse(struct bytes *mistakes, const char *name, const char *expected, struct text got,
                   const char *behind)
{
    char shown[256];
    bool is_split;
    size_t length = utf16_prefix(got.at, got.length, 60, &is_split);
    memcpy(shown, got.at, length);
    strcpy(shown + length, length < got.length ? "\xe2\x80\xa6" : "");
    add_mistake(mistakes, (struct text){name, strlen(name)}, expected, (struct text){shown, strlen(shown)}, behind);
}

/* The place of the value in a list of words; -1 where it is not in it, -2 where it is not set. */
static int read_word(struct bytes *mistakes, const char *name, const char *const words[], const char *expected)
{
    struct text value = value_of(name);
    if (value.length == 0) return -2;
    for (int i = 0; words[i] != NULL; i++)
        if (strlen(words[i]) == value.length && strncasecmp(words[i], value.at, value.length) == 0) return i;
    char *lower = strndup(value.at, value.length);
    for (char *at = lower; at != NULL && *at != '\0'; at++)
        if (*at >= 'A' && *at <= 'Z') *at = (char)(*at | 0x20);
    if (lower != NULL) refuse(mistakes, name, expected, (struct text){lower, value.length}, DEFAULT_IN_FORCE);
    free(lower);
    return -1;
}

static bool read_flag(struct bytes *mistakes, const char *name, bool fallback)
{
    static const char *const WORDS[] = {"1", "true", "yes", "on", "0", "false", "no", "off", NULL};
    int word = read_word(mistakes, name, WORDS, ": expected 1, true, yes, on or 0, false, no, off");
    return word < 0 ? fallback : word < 4;
}

static uint64_t read_count(struct bytes *mistakes, const char *name, uint64_t fallback, uint64_t least,
                           uint64_t most, const char *expected)
{
    struct text value = value_of(name);
    uint64_t count = 0;
    if (value.length == 0) return fallback;
    if (parse_count(value, &count) && count >= least && count <= most) return count;
    refuse(mistakes, name, expected, value, DEFAULT_IN_FORCE);
    return fallback;
}

/* As Node's path.resolve: `.`, `..` and repeated slashes are taken out of an absolute path, whatever is on the disk. */
static void normalise(char *path)
{
    char *out = path;
    for (const char *in = path; *(in += strspn(in, "/")) != '\0';) {
        size_t length = strcspn(in, "/");
        bool is_up = length == 2 && in[0] == '.' && in[1] == '.';
        if (is_up) {
            while (out > path && *--out != '/') continue;
        } else if (length != 1 || in[0] != '.') {
            *out++ = '/';
            memmove(out, in, length);
            out += length;
        }
        in += length;
    }
    if (out == path) *out++ = '/';
    *out = '\0';
}

bool default_home(char home[HOME_BYTES])
{
    const char *user = getenv("HOME");
    if (user == NULL || user[0] != '/' || !JOIN(home, HOME_BYTES, user, "/.local/state/hookbus")) return false;
    normalise(home);
    return true;
}

/* Where the state is kept; false where nothing says where, or the path is too long: hooks then run unrecorded. */
static bool find_home(char home[HOME_BYTES], struct bytes *mistakes)
{
    const char *user = getenv("HOME"), *own = getenv("HOOKBUS_HOME"), *xdg = getenv("XDG_STATE_HOME");
    bool is_set = own != NULL && *own != '\0', is_in_home = is_set && own[0] == '~' && (own[1] == '/' || own[1] == '\0');
    /* From wherever a hook is started, a relative path would be a directory that anybody's repository can bring. */
    if (is_set && !is_in_home && own[0] != '/') {
        refuse(mistakes, "HOOKBUS_HOME", ": expected an absolute path", (struct text){own, strlen(own)}, DEFAULT_IN_FORCE);
        is_set = false;
    }
    if (is_in_home) {
        if (user == NULL || user[0] != '/') {
            struct text got = {own, strlen(own)};
            refuse(mistakes, "HOOKBUS_HOME", ": expected a path", got, " with no HOME to go from");
            return false;
        }
        if (!JOIN(home, HOME_BYTES, user, "/", own + 1)) return false;
    } else if (is_set) {
        if (!JOIN(home, HOME_BYTES, own)) return false;
    } else if (xdg == NULL || xdg[0] != '/') {
        return default_home(home);
    } else if (!JOIN(home, HOME_BYTES, xdg, "/hookbus")) {
        return false;
    }
    normalise(home);
    return true;
}

void read_settings(struct settings *settings, const struct options *options, struct bytes *mistakes)
{
    static const char *const DAEMON_WORDS[] = {"auto", "off", NULL};
    if (!find_home(settings->home, mistakes)) settings->home[0] = '\0';
    settings->is_enabled = read_flag(mistakes, "HOOKBUS_ENABLED", false);
    settings->max_bytes = read_count(mistakes, "HOOKBUS_MAX_BYTES", 200000, 0, MAX_PAYLOAD_CAP,
                                     ": expected a whole number of bytes from 0 to 67108864");
    settings->compress = read_flag(mistakes, "HOOKBUS_COMPRESS", false);
    settings->store_raw = read_flag(mistakes, "HOOKBUS_STORE_RAW", false);
    settings->redact = read_flag(mistakes, "HOOKBUS_REDACT", true);
    settings->dedupe_ttl = read_count(mistakes, "HOOKBUS_DEDUPE_TTL", 3600, 1, MAX_TTL_SECONDS,
                                      ": expected a whole number of seconds from 1 to 3153600000");
    /* The retention only others use; what is wrong with it is said all the same. */
    struct text url = value_of("HOOKBUS_DEDUPE_URL");
    size_t scheme = strncmp(url.at, "redis://", 8) == 0 ? 8 : strncmp(url.at, "rediss://", 9) == 0 ? 9 : url.length;
    settings->dedupe_url = scheme < url.length ? url : (struct text){0};
    if (url.length > 0 && scheme >= url.length)
        add_mistake(mistakes, (struct text){"HOOKBUS_DEDUPE_URL", 18}, ": expected redis://… or rediss://…",
                    (struct text){0}, "; keys stay on this machine");
    read_count(mistakes, "HOOKBUS_RETENTION_DAYS", 0, 0, 36500, ": expected a whole number of days from 0 to 36500");
    settings->starts_daemon = read_word(mistakes, "HOOKBUS_DAEMON", DAEMON_WORDS, ": expected auto or off") != 1;
    settings->debug = read_flag(mistakes, "HOOKBUS_DEBUG", false);
    if (options->max_bytes >= 0) settings->max_bytes = (uint64_t)options->max_bytes;
    if (options->compress >= 0) settings->compress = options->compress != 0;
    if (options->store_raw >= 0) settings->store_raw = options->store_raw != 0;
}
