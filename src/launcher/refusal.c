/*
 * Whether what a hook said is a refusal: only that is given again where a hook can block, whatever a daemon says. On doubt
 * it is none, and the hook runs. Twin: src/domain/refusal.ts. Both are held to fixtures/vectors/refusal.json.
 */
#include "launcher.h"

/* Which object of the answer is read. */
enum part { WHOLE, SPECIFIC, DECISION };

struct reading {
    const char *at, *end;
    struct text event;
    bool is_small, is_request, says_deny, is_named, refuses, is_doubtful;
};

static bool is(struct text text, const char *word)
{
    return text.length == strlen(word) && memcmp(text.at, word, text.length) == 0;
}

static bool begins(struct text text, const char *start)
{
    return text.length >= strlen(start) && memcmp(text.at, start, strlen(start)) == 0;
}

static void skip_blanks(struct reading *reading)
{
    while (reading->at < reading->end && strchr(" \t\r\n,:", *reading->at) != NULL && *reading->at != '\0') reading->at++;
}

/* A string with its quotes. One with an escape may be any other, so nobody is to rely on it. */
static struct text take_string(struct reading *reading)
{
    struct text text = {reading->at, 0};
    for (reading->at++; reading->at < reading->end && *reading->at != '"'; reading->at++)
        if (*reading->at == '\\') reading->at++;
    if (reading->at < reading->end) reading->at++;
    text.length = (size_t)(reading->at - text.at);
    return text;
}

static struct text take_nested(struct reading *reading)
{
    struct text text = {reading->at, 0};
    int depth = 0;
    while (reading->at < reading->end) {
        char c = *reading->at;
        if (c == '"') {
            (void)take_string(reading);
            continue;
        }
        reading->at++;
        depth += (c == '{' || c == '[') - (c == '}' || c == ']');
        if (depth == 0) break;
    }
    text.length = (size_t)(reading->at - text.at);
    return text;
}

static struct text take_value_of(struct reading *reading)
{
    struct text text = {reading->at, 0};
    if (reading->at == reading->end) return text;
    if (*reading->at == '"') return take_string(reading);
    if (*reading->at == '{' || *reading->at == '[') return take_nested(reading);
    while (reading->at < reading->end && strchr(" \t\r\n,}]", *reading->at) == NULL) reading->at++;
    text.length = (size_t)(reading->at - text.at);
    return text;
}

static void judge(struct reading *reading, struct text value, bool refuses)
{
    if (refuses) reading->refuses = true;
    else if (!is(value, "null")) reading->is_doubtful = true;
}

static void read_object(const struct reading *whole, enum part part, struct text object, struct reading *result);

static void read_general(struct reading *reading, struct text name, struct text value)
{
    bool denies = is(value, "\"deny\"");
    if (is(name, "\"decision\"")) judge(reading, value, is(value, "\"block\"") || (reading->says_deny && denies));
    bool is_small_field = is(name, "\"permission\"") || is(name, "\"permissionDecision\"") || is(name, "\"behavior\"");
    if (reading->is_small && is_small_field) judge(reading, value, denies);
    if (is(name, "\"continue\"") && !is(value, "true")) judge(reading, value, is(value, "false"));
}

static void read_field(struct reading *reading, enum part part, struct text name, struct text value)
{
    if (part == WHOLE && is(name, "\"hookSpecificOutput\"")) {
        if (begins(value, "{")) read_object(reading, SPECIFIC, value, reading);
        else judge(reading, value, false);
    } else if (part == WHOLE && !reading->is_request) {
        read_general(reading, name, value);
    } else if (part == SPECIFIC && is(name, "\"hookEventName\"")) {
        struct text event = {value.at + 1, value.length < 2 ? 0 : value.length - 2};
        reading->is_named = event.length > 0 && event.length == reading->event.length &&
                            memcmp(event.at, reading->event.at, event.length) == 0;
        if (!reading->is_named) reading->is_doubtful = true;
    } else if (part == SPECIFIC && !reading->is_request && is(name, "\"permissionDecision\"")) {
        judge(reading, value, is(value, "\"deny\""));
    } else if (part == SPECIFIC && reading->is_request && is(name, "\"decision\"")) {
        if (begins(value, "{")) read_object(reading, DECISION, value, reading);
        else judge(reading, value, false);
    } else if (part == DECISION && is(name, "\"behavior\"")) {
        judge(reading, value, is(value, "\"deny\""));
    }
}

/* Of valid JSON: what is no object, and no more than that, was told apart before. */
static void read_object(const struct reading *whole, enum part part, struct text object, struct reading *result)
{
    struct reading reading = *whole;
    reading.at = object.at + 1;
    reading.end = object.at + object.length;
    reading.is_named = reading.is_named && part != SPECIFIC;
    for (skip_blanks(&reading); reading.at < reading.end && *reading.at == '"'; skip_blanks(&reading)) {
        struct text name = take_string(&reading);
        skip_blanks(&reading);
        struct text value = take_value_of(&reading);
        if (memchr(name.at, '\\', name.length) != NULL) reading.is_doubtful = true;
        else read_field(&reading, part, name, value);
    }
    if (part == SPECIFIC && !reading.is_named) reading.is_doubtful = true;
    result->is_named = reading.is_named;
    result->refuses = reading.refuses;
    result->is_doubtful = reading.is_doubtful;
}

bool is_refusal(struct text event, int exit_code, struct text said)
{
    struct stdout_kind kind = {0};
    bool has_capital = event.length > 0 && event.at[0] >= 'A' && event.at[0] <= 'Z';
    struct reading reading = {.event = event, .is_small = !has_capital, .is_request = is(event, "PermissionRequest")};
    if (exit_code == 2 && can_block(event) && !reading.is_request) return true;
    if (exit_code != 0 && exit_code != 2) return false;
    stdout_kind_push(&kind, (const unsigned char *)said.at, said.length);
    if (stdout_kind_of(&kind) != KIND_JSON) return false;
    reading.says_deny = reading.is_small || begins(event, "Before") || begins(event, "After");
    while (*said.at != '{') said = (struct text){said.at + 1, said.length - 1};
    read_object(&reading, WHOLE, said, &reading);
    return reading.refuses && !reading.is_doubtful;
}
