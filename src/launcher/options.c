/* The options of `hookbus run`. An unusable one becomes a warning. TypeScript port: src/config/run-options.ts. */
#include "options.h"

#include <stddef.h>

#define MAX_TIMEOUT_US INT64_C(2147483000000)

/* From IS_ON on they take no value. */
enum option_kind { IS_TEXT, IS_MODE, IS_TTL, IS_BYTES, IS_TIME, IS_ON, IS_DEPRECATED, IS_OFF, IS_IGNORED };

static const char MODES[][8] = {"", "replay", "skip", "deny"}; /* in the order of enum on_duplicate */

static const struct option {
    char name[16];
    unsigned char kind;
    unsigned short offset; /* in struct options */
} OPTIONS[] = {
    {"--name", IS_TEXT, offsetof(struct options, name)},
    {"--event", IS_TEXT, offsetof(struct options, event)},
    {"--tool", IS_TEXT, offsetof(struct options, tool)},
    {"--shell", IS_TEXT, offsetof(struct options, shell)},
    {"--dedupe-key", IS_TEXT, offsetof(struct options, dedupe_key)},
    {"--dedupe-ttl", IS_TTL, offsetof(struct options, dedupe_ttl)},
    {"--max-bytes", IS_BYTES, offsetof(struct options, max_bytes)},
    {"--timeout", IS_TIME, offsetof(struct options, timeout_us)},
    {"--on-duplicate", IS_MODE, offsetof(struct options, on_duplicate)},
    {"--dedupe", IS_ON, offsetof(struct options, wants_dedupe)},
    {"--fail-open", IS_ON, offsetof(struct options, fail_open)},
    {"--guard", IS_DEPRECATED, offsetof(struct options, fail_open)},
    {"--store-raw", IS_ON, offsetof(struct options, store_raw)},
    {"--no-store-raw", IS_OFF, offsetof(struct options, store_raw)},
    {"--compress", IS_ON, offsetof(struct options, compress)},
    {"--no-compress", IS_OFF, offsetof(struct options, compress)},
    {"--help", IS_IGNORED, 0},
    {"-h", IS_IGNORED, 0},
};

/* Parses seconds with up to six decimals; returns microseconds, or 0 if it is invalid. */
static uint64_t parse_seconds(const char *value)
{
    uint64_t whole = 0, parts = 0;
    size_t digits = strcspn(value, "."), decimals = value[digits] == '\0' ? 0 : strlen(value + digits + 1);
    bool is_number = digits <= 7 && decimals <= 6 && text_count((struct text){value, digits}, &whole);
    if (value[digits] != '\0') is_number = is_number && text_count((struct text){value + digits + 1, decimals}, &parts);
    for (size_t i = decimals; i < 6; i++) parts *= 10;
    return is_number && whole * 1000000 + parts <= MAX_TIMEOUT_US ? whole * 1000000 + parts : 0;
}

/* False if the value is unusable. */
static bool set_value(struct options *options, const struct option *option, const char *value)
{
    void *at = (char *)options + option->offset;
    struct text text = text_of(value);
    uint64_t count = 0;
    int mode = ON_DUPLICATE_DENY;
    switch (option->kind) {
    case IS_TEXT:
        *(const char **)at = value;
        return true;
    case IS_MODE:
        while (mode > 0 && strcmp(value, MODES[mode]) != 0) mode--;
        if (mode > 0) options->on_duplicate = (enum on_duplicate)mode;
        return mode > 0;
    case IS_TTL:
        if (!text_count(text, &count) || count < 1) return false;
        if (count > MAX_TTL_SECONDS) count = MAX_TTL_SECONDS;
        break;
    case IS_BYTES:
        if (!text_count(text, &count) || count > MAX_PAYLOAD_CAP) return false;
        break;
    default:
        if ((count = parse_seconds(value)) == 0) return false;
    }
    *(int64_t *)at = (int64_t)count;
    return true;
}

/* Parses one option; returns how many words it used. */
static int parse_option(struct options *options, struct bytes *warnings, char *word, const char *next)
{
    size_t length = strcspn(word, "=");
    const char *value = word[length] == '=' ? word + length + 1 : next;
    struct text name = {word, length};
    for (size_t i = 0; i < sizeof OPTIONS / sizeof *OPTIONS; i++) {
        const struct option *option = &OPTIONS[i];
        bool is_switch = option->kind >= IS_ON;
        if (strncmp(option->name, word, length) != 0 || option->name[length] != '\0') continue;
        if (is_switch && word[length] == '=') break;
        if (option->kind == IS_DEPRECATED || (!is_switch && (value == NULL || !set_value(options, option, value))))
            text_add_warning(warnings, name, text_of(is_switch ? NULL : value));
        if (is_switch && option->kind != IS_IGNORED)
            *(int *)(void *)((char *)options + option->offset) = option->kind != IS_OFF;
        return is_switch || value == NULL || value != next ? 1 : 2;
    }
    /* The value of an unknown option may be a secret, so the warning omits it. */
    text_add_warning(warnings, name, text_of(word[length] == '=' ? "" : NULL));
    return 1;
}

void options_parse(char **words, struct options *options, struct bytes *warnings)
{
    int separator = 0, at = 0;
    *options = (struct options){.store_raw = -1, .compress = -1, .max_bytes = -1};
    while (words[separator] != NULL && strcmp(words[separator], "--") != 0) separator++;
    bool is_separated = words[separator] != NULL;
    while (at < separator) {
        bool is_option = words[at][0] == '-' && words[at][1] != '\0';
        if (!is_option && !is_separated) break;
        /* It is neither an option nor part of the command. */
        if (!is_option) text_add_warning(warnings, (struct text){"", 0}, text_of(words[at]));
        at += !is_option ? 1 : parse_option(options, warnings, words[at], at + 1 < separator ? words[at + 1] : NULL);
    }
    options->wants_dedupe |= options->dedupe_key != NULL;
    if (options->on_duplicate != ON_DUPLICATE_DEFAULT)
        text_add_warning(warnings, text_of("--on-duplicate"), text_of(MODES[options->on_duplicate]));
    options->argv = words + (is_separated ? separator + 1 : at);
    if (options->shell == NULL) return;
    /* `hookbus`, `run` and the option itself leave three words free before the command. */
    options->argv -= 3;
    options->argv[0] = (char *)(uintptr_t)"/bin/sh";
    options->argv[1] = (char *)(uintptr_t)"-c";
    options->argv[2] = (char *)(uintptr_t)options->shell;
}
