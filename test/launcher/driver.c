/*
 * Lets tests call the launcher's pure functions: reads lines `WORD ARGUMENT...`, with the arguments in hex, and answers
 * each with a line. Only test/launcher/support/driver.ts compiles it, with sanitizers.
 */
#include "../../src/launcher/begin.h"
#include "../../src/launcher/gate.h"
#include "../../src/launcher/options.h"
#include "../../src/launcher/payload_scan.h"
#include "../../src/launcher/policy.h"
#include "../../src/launcher/run.h"
#include "../../src/launcher/settings.h"
#include "../../src/launcher/stdout_kind.h"

enum { MAX_ARGUMENTS = 4096 };

extern char **environ;

/* A decoded argument; `text` ends with a NUL that is not counted. */
struct argument {
    char *text;
    size_t length;
};

static struct argument unhex(const char *hex)
{
    size_t length = strlen(hex) / 2;
    char *text = malloc(length + 1);
    if (text == NULL) abort();
    for (size_t i = 0; i < length; i++) {
        char digits[3] = {hex[2 * i], hex[2 * i + 1], 0};
        text[i] = (char)strtoul(digits, NULL, 16);
    }
    text[length] = '\0';
    return (struct argument){text, length};
}

static void print_hex(const void *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) printf("%02x", ((const unsigned char *)bytes)[i]);
}

static void print_field(const char *name, struct text text)
{
    if (text.at == NULL) return;
    printf(" %s=", name);
    print_hex(text.at, text.length);
}

static void print_text(const char *name, const char *text)
{
    if (text == NULL) return;
    printf(" %s=", name);
    print_hex(text, strlen(text));
}

static void do_sha256(struct argument *arguments)
{
    struct sha256 hash;
    char hex[65];
    sha256_start(&hash);
    sha256_add(&hash, arguments[0].text, arguments[0].length / 3);
    sha256_add(&hash, arguments[0].text + arguments[0].length / 3, arguments[0].length - arguments[0].length / 3);
    sha256_hex(hash, hex, 64);
    printf("%s", hex);
}

static void do_kind(struct argument *arguments)
{
    static const char *const NAMES[] = {"empty", "text", "json", "broken"};
    struct stdout_kind whole = {0}, split = {0};
    const unsigned char *bytes = (const unsigned char *)arguments[0].text;
    stdout_kind_push(&whole, bytes, arguments[0].length);
    for (size_t i = 0; i < arguments[0].length; i++) stdout_kind_push(&split, bytes + i, 1);
    printf("%s", stdout_kind_of(&whole) == stdout_kind_of(&split) ? NAMES[stdout_kind_of(&whole)] : "differs by pieces");
}

/* Copies the input into a block of its exact size, so that overruns show; the other arguments are field names. */
static void do_scan(struct argument *arguments, size_t count)
{
    struct field fields[16] = {{0}};
    size_t length = arguments[0].length;
    unsigned char *bytes = malloc(length);
    if (bytes == NULL && length > 0) abort();
    if (length > 0) memcpy(bytes, arguments[0].text, length);
    struct scan scan = {.bytes = bytes, .length = length};
    for (size_t i = 1; i < count; i++) {
        fields[i - 1].wants_value = *arguments[i].text == '=';
        fields[i - 1].name = arguments[i].text + fields[i - 1].wants_value;
    }
    payload_scan(&scan, fields, count - 1);
    printf("%s", scan.is_whole ? "whole" : "part");
    for (size_t i = 0; i < count - 1; i++) {
        if (!fields[i].is_found) continue;
        printf(" %s=", fields[i].name);
        print_hex(fields[i].wants_value ? fields[i].value : fields[i].text, fields[i].length);
    }
    free(bytes);
}

static void do_trace(struct argument *arguments)
{
    struct trace_parent parent = {0};
    if (!begin_parse_trace(arguments[0].text, &parent)) printf("-");
    else printf("%s %s %s", parent.trace_id, parent.span_id, parent.flags);
}

static void do_derive(struct argument *arguments)
{
    struct text parts[6];
    char id[33];
    for (int i = 0; i < 6; i++) parts[i] = (struct text){arguments[i].text, arguments[i].length};
    const struct cause cause = {parts[0], parts[1], parts[2], parts[3], parts[4], parts[5], *arguments[6].text == '1'};
    printf("%s", begin_correlation(&cause, id) ? id : "-");
}

/* KIND, then TAG and value in turn; a value is `n` and a number, or `b` and bytes. */
static void do_frame(struct argument *arguments, size_t count)
{
    struct bytes bytes = {0};
    size_t start = frame_begin(&bytes, (enum frame_kind)atoi(arguments[0].text));
    for (size_t i = 1; i + 1 < count; i += 2) {
        int tag = atoi(arguments[i].text);
        const char *value = arguments[i + 1].text;
        if (value[0] == 'n') field_number(&bytes, tag, strtoull(value + 1, NULL, 10));
        else field_bytes(&bytes, tag, value + 1, arguments[i + 1].length - 1);
    }
    frame_end(&bytes, start);
    print_hex(bytes.at, bytes.length);
    free(bytes.at);
}

static void print_warnings(struct bytes *warnings)
{
    printf(" warnings=");
    print_hex(warnings->at, warnings->length);
    free(warnings->at);
}

static void do_options(struct argument *arguments, size_t count)
{
    char *words[MAX_ARGUMENTS + 4] = {(char *)(uintptr_t)"hookbus", (char *)(uintptr_t)"run"};
    struct options options;
    struct bytes warnings = {0};
    for (size_t i = 0; i < count; i++) words[i + 2] = arguments[i].text;
    options_parse(words + 2, &options, &warnings);
    print_text("name", options.name);
    print_text("event", options.event);
    print_text("tool", options.tool);
    print_text("shell", options.shell);
    print_text("dedupe_key", options.dedupe_key);
    printf(" dedupe_ttl=%llu on_duplicate=%d", (unsigned long long)options.dedupe_ttl, (int)options.on_duplicate);
    printf(" dedupe=%d fail_open=%d store_raw=%d compress=%d max_bytes=%lld timeout=%lld", options.wants_dedupe, options.fail_open,
           options.store_raw, options.compress, (long long)options.max_bytes, (long long)options.timeout_us);
    for (char **word = options.argv; *word != NULL; word++) print_text("argument", *word);
    print_warnings(&warnings);
}

static void do_settings(struct argument *arguments, size_t count)
{
    char *variables[MAX_ARGUMENTS + 1] = {0};
    const struct options options = {.store_raw = -1, .compress = -1, .max_bytes = -1};
    static struct settings settings;
    struct bytes warnings = {0};
    for (size_t i = 0; i < count; i++) variables[i] = arguments[i].text;
    environ = variables;
    settings_read(&settings, &options, &warnings);
    printf("dedupe_ttl=%llu ", (unsigned long long)settings.dedupe_ttl);
    printf("enabled=%d compress=%d store_raw=%d redact=%d daemon=%d shares_keys=%d max_bytes=%llu", settings.is_enabled,
           settings.compress, settings.store_raw, settings.redact, settings.starts_daemon,
           settings.shares_keys, (unsigned long long)settings.max_bytes);
    print_text("home", settings.home);
    struct text rest = settings.store_only, word;
    while (settings_next_word(&rest, &word)) printf(" store_only=%.*s", (int)word.length, word.at);
    print_warnings(&warnings);
}

/* Copies the body into a separate block, so that overruns show. */
static void do_verdict(struct argument *arguments)
{
    struct claim claim = {0};
    unsigned char *body = malloc(arguments[0].length + (arguments[0].length == 0));
    if (body == NULL) abort();
    memcpy(body, arguments[0].text, arguments[0].length);
    if (!claim_read_verdict(&claim, body, arguments[0].length)) {
        printf("-");
    } else {
        printf("kind=%d wants_outputs=%d exit_code=%d refuses=%d", (int)claim.verdict, claim.wants_outputs,
               claim.exit_code, claim.refuses);
        print_field("key", claim.key);
        print_field("of", claim.original_id);
        print_field("stdout", claim.out);
        print_field("stderr", claim.err);
    }
    free(body);
}

static void answer(const char *word, struct argument *arguments, size_t count)
{
    if (strcmp(word, "sha256") == 0) do_sha256(arguments);
    else if (strcmp(word, "kind") == 0) do_kind(arguments);
    else if (strcmp(word, "scan") == 0) do_scan(arguments, count);
    else if (strcmp(word, "trace") == 0) do_trace(arguments);
    else if (strcmp(word, "derive") == 0) do_derive(arguments);
    else if (strcmp(word, "frame") == 0) do_frame(arguments, count);
    else if (strcmp(word, "options") == 0) do_options(arguments, count);
    else if (strcmp(word, "settings") == 0) do_settings(arguments, count);
    else if (strcmp(word, "verdict") == 0) do_verdict(arguments);
    else abort();
}

int main(void)
{
    char *line = NULL;
    size_t size = 0;
    char **callers = environ;
    for (ssize_t length; (length = getline(&line, &size, stdin)) > 0;) {
        static struct argument arguments[MAX_ARGUMENTS];
        size_t count = 0;
        line[length - 1] = '\0';
        char *rest = line, *word = strsep(&rest, " ");
        for (char *hex; count < MAX_ARGUMENTS && (hex = strsep(&rest, " ")) != NULL;) arguments[count++] = unhex(hex);
        answer(word, arguments, count);
        printf("\n");
        fflush(stdout);
        environ = callers;
        for (size_t i = 0; i < count; i++) free(arguments[i].text);
    }
    free(line);
    return 0;
}
