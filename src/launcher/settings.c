/* The settings. An unusable value becomes a warning. TypeScript port: src/config/settings.ts and paths.ts. */
#include "settings.h"

static const char BLANKS[] = " \t\n\v\f\r";

/* The value without blanks around it; length 0 if it is not set. */
static struct text value_of(const char *name)
{
    const char *value = getenv(name);
    if (value == NULL) value = "";
    value += strspn(value, BLANKS);
    struct text text = text_of(value);
    while (text.length > 0 && strchr(BLANKS, value[text.length - 1]) != NULL) text.length--;
    return text;
}

/* The index of the value in a list of words that each end with a blank; -1 if it is not there. */
static int read_word(struct bytes *warnings, const char *name, const char *words)
{
    struct text value = value_of(name);
    int index = 0;
    for (const char *at = words; *at != '\0'; at += strcspn(at, " ") + 1, index++)
        if (strcspn(at, " ") == value.length && strncasecmp(at, value.at, value.length) == 0) return index;
    if (value.length > 0) text_add_warning(warnings, text_of(name), text_of(value.at));
    return -1;
}

static bool read_flag(struct bytes *warnings, const char *name, bool fallback)
{
    int index = read_word(warnings, name, "1 true yes on 0 false no off ");
    return index < 0 ? fallback : index < 4;
}

bool settings_next_word(struct text *rest, struct text *word)
{
    static const char SEPARATORS[] = " \t\n\v\f\r,";
    while (rest->length > 0 && strchr(SEPARATORS, *rest->at) != NULL) rest->at++, rest->length--;
    *word = (struct text){rest->at, 0};
    while (rest->length > 0 && strchr(SEPARATORS, *rest->at) == NULL) rest->at++, rest->length--, word->length++;
    return word->length > 0;
}

/*
 * A list of decisions and statuses, in any case; length 0 if it is anything else. Who writes `none` alone wants no
 * payloads, not those of every execution that decided nothing.
 */
static struct text read_store_only(void)
{
    static const char WORDS[] = " deny ask defer allow stop none success blocked error timeout dedupe_skip breaker_skip ";
    struct text list = value_of("HOOKBUS_STORE_RAW"), rest = list, word;
    bool has_words = false;
    while (settings_next_word(&rest, &word)) {
        char lower[16] = "";
        for (size_t i = 0; i < word.length && i < sizeof lower - 1; i++)
            lower[i] = (char)(word.at[i] >= 'A' && word.at[i] <= 'Z' ? word.at[i] | 0x20 : word.at[i]);
        if (word.length >= sizeof lower || !text_is_listed(WORDS, text_of(lower))) return (struct text){0};
        has_words = has_words || strcmp(lower, "none") != 0;
    }
    /* Commas alone name nothing, and `none` alone means off: neither may count as a list that stores all. */
    return has_words ? list : (struct text){0};
}

static uint64_t read_count(struct bytes *warnings, const char *name, uint64_t fallback, uint64_t min, uint64_t max)
{
    struct text value = value_of(name);
    uint64_t count = 0;
    if (text_count(value, &count) && count >= min && count <= max) return count;
    if (value.length > 0) text_add_warning(warnings, text_of(name), text_of(value.at));
    return fallback;
}

/* Like Node's path.resolve: removes `.`, `..` and repeated slashes from an absolute path, without looking at the disk. */
static void normalise(char *path)
{
    char *out = path;
    for (const char *in = path; *(in += strspn(in, "/")) != '\0';) {
        size_t length = strcspn(in, "/");
        if (length == 2 && in[0] == '.' && in[1] == '.') {
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

bool settings_default_home(char home[HOME_BYTES])
{
    const char *user_home = getenv("HOME");
    if (user_home == NULL || user_home[0] != '/') return false;
    if (!FORMAT(home, HOME_BYTES, "%s/.local/state/hookbus", user_home)) return false;
    normalise(home);
    return true;
}

/* Finds the state directory; false if no variable names one or it is too long: hooks then run unrecorded. */
static bool find_home(char home[HOME_BYTES], struct bytes *warnings)
{
    const char *user_home = getenv("HOME"), *hookbus_home = getenv("HOOKBUS_HOME"), *xdg = getenv("XDG_STATE_HOME");
    bool is_set = hookbus_home != NULL && *hookbus_home != '\0', is_found;
    bool is_in_home = is_set && hookbus_home[0] == '~' && (hookbus_home[1] == '/' || hookbus_home[1] == '\0');
    bool is_usable = is_in_home ? user_home != NULL && user_home[0] == '/' : is_set && hookbus_home[0] == '/';
    /* A relative path would be a directory that any repository can bring, since hooks start anywhere. */
    if (is_set && !is_usable) text_add_warning(warnings, text_of("HOOKBUS_HOME"), text_of(hookbus_home));
    if (is_in_home) is_found = is_usable && FORMAT(home, HOME_BYTES, "%s/%s", user_home, hookbus_home + 1);
    else if (is_usable) is_found = FORMAT(home, HOME_BYTES, "%s", hookbus_home);
    else if (xdg != NULL && xdg[0] == '/') is_found = FORMAT(home, HOME_BYTES, "%s/hookbus", xdg);
    else return settings_default_home(home);
    if (is_found) normalise(home);
    return is_found;
}

void settings_read(struct settings *settings, const struct options *options, struct bytes *warnings)
{
    if (!find_home(settings->home, warnings)) settings->home[0] = '\0';
    settings->is_enabled = read_flag(warnings, "HOOKBUS_ENABLED", false);
    settings->max_bytes = read_count(warnings, "HOOKBUS_MAX_BYTES", 200000, 0, MAX_PAYLOAD_CAP);
    settings->compress = read_flag(warnings, "HOOKBUS_COMPRESS", false);
    settings->store_only = read_store_only();
    settings->store_raw = settings->store_only.length > 0 || read_flag(warnings, "HOOKBUS_STORE_RAW", false);
    settings->redact = read_flag(warnings, "HOOKBUS_REDACT", true);
    settings->dedupe_ttl = read_count(warnings, "HOOKBUS_DEDUPE_TTL", 3600, 1, MAX_TTL_SECONDS);
    /* A run can stop sharing, but not choose a server. The warning omits the value, which may have a password. */
    struct text url = value_of("HOOKBUS_DEDUPE_URL");
    settings->shares_keys = url.length != 3 || strncasecmp(url.at, "off", 3) != 0;
    if (settings->shares_keys && url.length > 0) text_add_warning(warnings, text_of("HOOKBUS_DEDUPE_URL"), text_of(NULL));
    settings->starts_daemon = read_word(warnings, "HOOKBUS_DAEMON", "auto off ") != 1;
    (void)read_flag(warnings, "HOOKBUS_DEBUG", false);
    if (options->max_bytes >= 0) settings->max_bytes = (uint64_t)options->max_bytes;
    if (options->compress >= 0) settings->compress = options->compress != 0;
    if (options->store_raw >= 0) {
        settings->store_raw = options->store_raw != 0;
        settings->store_only.length = 0;
    }
}
