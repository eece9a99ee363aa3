/* The words behind `hookbus run`. Twin: src/config/run-options.ts. A mistake goes on record and never stops a hook. */
#include "launcher.h"

#define MAX_TIMEOUT_SECONDS 2147483

bool parse_count(struct text text, uint64_t *count)
{
    uint64_t number = 0;
    if (text.length < 1 || text.length > 15) return false;
    for (size_t i = 0; i < text.length; i++) {
        if (text.at[i] < '0' || text.at[i] > '9') return false;
        number = number * 10 + (uint64_t)(text.at[i] - '0');
    }
    *count = number;
    return true;
}

/* Seconds with up to six decimals; 0 for what cannot be used. */
static int64_t parse_timeout(const char *value)
{
    size_t whole = strspn(value, "0123456789"), decimals = 0;
    if (whole < 1 || whole > 7) return 0;
    int64_t us = strtoll(value, NULL, 10) * 1000000;
    if (value[whole] == '.') {
        decimals = strspn(value + whole + 1, "0123456789");
        if (decimals < 1 || decimals > 6) return 0;
        int64_t fraction = strtoll(value + whole + 1, NULL, 10);
        for (size_t i = decimals; i < 6; i++) fraction *= 10;
        us += fraction;
        decimals++;
    }
    return value[whole + decimals] == '\0' && us <= MAX_TIMEOUT_SECONDS * INT64_C(1000000) ? us : 0;
}

static void write_seconds(int64_t us, char text[32])
{
    int length = snprintf(text, 32, "%lld.%06lld", (long long)(us / 1000000), (long long)(us % 1000000));
    while (text[length - 1] == '0') length--;
    if (text[length - 1] == '.') length--;
    text[length] = '\0';
}

static bool take_switch(struct options *options, const char *word)
{
    if (strcmp(word, "--dedupe") == 0) options->wants_dedupe = true;
    else if (strcmp(word, "--guard") == 0) options->guard = true;
    else if (strcmp(word, "--store-raw") == 0) options->store_raw = 1;
    else if (strcmp(word, "--no-store-raw") == 0) options->store_raw = 0;
    else if (strcmp(word, "--compress") == 0) options->compress = 1;
    else if (strcmp(word, "--no-compress") == 0) options->compress = 0;
    else return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
    return true;
}

static bool takes_value(struct text name)
{
    static const char *const NAMES[] = {"--name", "--event", "--tool", "--shell", "--dedupe-key", "--dedupe-ttl",
                                        "--on-duplicate", "--timeout", "--max-bytes"};
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        if (strlen(NAMES[i]) == name.length && memcmp(NAMES[i], name.at, name.length) == 0) return true;
    return false;
}

/* Sets the value; gives back what was expected when it cannot be used. The name ends at NUL or `=`. */
static const char *take_value(struct options *options, const char *name, const char *value)
{
    struct text text = {value, strlen(value)};
    uint64_t count = 0;
    switch (name[2]) {
    case 'n': options->name = value; return NULL;
    case 'e': options->event = value; return NULL;
    case 's': options->shell = value; return NULL;
    case 'd':
        if (name[9] == 'k') {
            options->wants_dedupe = true;
            options->dedupe_key = value;
            return NULL;
        }
        if (!parse_count(text, &count) || count < 1) return ": expected a whole number of seconds from 1";
        options->dedupe_ttl = count < MAX_TTL_SECONDS ? count : MAX_TTL_SECONDS;
        return NULL;
    case 'o':
        if (strcmp(value, "replay") == 0) options->on_duplicate = ON_DUPLICATE_REPLAY;
        else if (strcmp(value, "skip") == 0) options->on_duplicate = ON_DUPLICATE_SKIP;
        else if (strcmp(value, "deny") == 0) options->on_duplicate = ON_DUPLICATE_DENY;
        else return ": expected deny, skip or replay";
        return NULL;
    case 'm':
        if (!parse_count(text, &count) || count > MAX_PAYLOAD_CAP)
            return ": expected a whole number of bytes up to 67108864";
        options->max_bytes = (int64_t)count;
        return NULL;
    default:
        if (name[3] == 'o') return options->tool = value, NULL;
        int64_t us = parse_timeout(value);
        if (us == 0) return ": expected a number of seconds above 0";
        options->timeout_us = us;
        write_seconds(us, options->timeout);
        return NULL;
    }
}

/* Takes one option; gives back how many words it took. */
static int take_option(struct options *options, struct bytes *mistakes, const char *word, const char *next)
{
    const char *equals = strchr(word, '=');
    struct text name = {word, equals != NULL ? (size_t)(equals - word) : strlen(word)}, none = {0};
    if (equals == NULL && take_switch(options, word)) return 1;
    if (!takes_value(name)) {
        size_t start = field_begin(mistakes, BEGIN_MISTAKE);
        bytes_text(mistakes, "unknown option ");
        bytes_add(mistakes, name.at, name.length);
        field_end(mistakes, start);
        return 1;
    }
    const char *value = equals != NULL ? equals + 1 : next;
    if (value == NULL) {
        add_mistake(mistakes, name, ": expected a value", none, "");
        return 1;
    }
    const char *expected = take_value(options, word, value);
    if (expected != NULL) add_mistake(mistakes, name, expected, (struct text){value, strlen(value)}, "");
    return equals != NULL ? 1 : 2;
}

void parse_options(char **words, struct options *options, struct bytes *mistakes)
{
    int separator = 0, at = 0;
    *options = (struct options){.store_raw = -1, .compress = -1, .max_bytes = -1};
    while (words[separator] != NULL && strcmp(words[separator], "--") != 0) separator++;
    bool is_separated = words[separator] != NULL;
    while (at < separator) {
        if (words[at][0] == '-' && words[at][1] != '\0') {
            at += take_option(options, mistakes, words[at], at + 1 < separator ? words[at + 1] : NULL);
            continue;
        }
        if (!is_separated) break;
        struct text got = {words[at], strlen(words[at])};
        add_mistake(mistakes, (struct text){"", 0}, "expected an option before --", got, "");
        at++;
    }
    options->argv = words + (is_separated ? separator + 1 : at);
    if (options->shell == NULL) return;
    /* `hookbus`, `run` and the option itself leave three words free in front of the command. */
    options->argv -= 3;
    options->argv[0] = (char *)(uintptr_t)"/bin/sh";
    options->argv[1] = (char *)(uintptr_t)"-c";
    options->argv[2] = (char *)(uintptr_t)options->shell;
}
