/* What is known before the hook starts: ids, correlation, payload fields. TypeScript port: src/bus/begin.ts. */
#include "begin.h"
#include "run.h"

#ifndef __linux__
#include <sys/random.h>
#endif

/* The payload fields for each fact, the preferred name first, and those that tell the agent; the same as in src/agents. */
enum fact { EVENT, TOOL, SESSION, TOOL_USE, PROMPT, SUBAGENT, INPUT, CALL, NO_FACT };
static const struct {
    unsigned char fact;
    bool is_sign;
    char name[16];
} PAYLOAD_NAMES[] = {
    {EVENT, false, "hook_event_name"},  {EVENT, true, "hookName"},         {TOOL, false, "tool_name"},
    {TOOL, false, "toolName"},          {SESSION, false, "session_id"},    {SESSION, true, "conversation_id"},
    {SESSION, true, "sessionId"},       {SESSION, true, "taskId"},         {TOOL_USE, false, "tool_use_id"},
    {TOOL_USE, false, "toolUseId"},     {PROMPT, false, "prompt_id"},      {PROMPT, true, "turn_id"},
    {PROMPT, true, "generation_id"},    {SUBAGENT, false, "agent_type"},   {INPUT, false, "tool_input"},
    {INPUT, false, "toolArgs"},         {INPUT, false, "toolInput"},       {CALL, false, "tool_call"},
    {CALL, false, "tool_result"},       {CALL, false, "preToolUse"},       {CALL, false, "postToolUse"},
    {NO_FACT, true, "cursor_version"},  {NO_FACT, true, "clineVersion"},   {NO_FACT, true, "tool_call_id"},
    {NO_FACT, true, "transcript_path"},
    /* In a member that holds the call. */
    {TOOL, false, "name"},              {TOOL, false, "toolName"},         {TOOL_USE, false, "id"},
    {INPUT, false, "input"},            {INPUT, false, "parameters"},
};
enum { FIELDS_IN_CALL = 5, TOP_FIELDS = PAYLOAD_FIELDS - FIELDS_IN_CALL };
_Static_assert(sizeof PAYLOAD_NAMES / sizeof *PAYLOAD_NAMES == PAYLOAD_FIELDS, "as many as a run has room for");

/* Makes a UUIDv7 (RFC 9562), a span id, and a trace id in case neither a session nor a parent provides one. */
void begin_make_ids(struct run *run)
{
    struct timespec now = {0};
    unsigned char random[42], uuid[16];
    (void)clock_gettime(CLOCK_REALTIME, &now);
    uint64_t ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
    run->created_at_ms = ms;
    run->pid = getpid();
    if (getentropy(random, sizeof random) != 0) {
        /* The kernel has no randomness; the ids only have to differ. */
        uint64_t seed = ms * 1000003 + (uint64_t)now.tv_nsec + ((uint64_t)run->pid << 40);
        for (size_t i = 0; i < sizeof random; i++)
            random[i] = (unsigned char)((seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407) >> 56);
    }
    for (int i = 0; i < 6; i++) uuid[i] = (unsigned char)(ms >> (40 - 8 * i));
    memcpy(uuid + 6, random, 10);
    uuid[6] = (unsigned char)((uuid[6] & 0x0f) | 0x70);
    uuid[8] = (unsigned char)((uuid[8] & 0x3f) | 0x80);
    char *out = run->execution_id;
    for (int i = 0; i < 16; i++, out += 2) {
        if (i == 4 || i == 6 || i == 8 || i == 10) *out++ = '-';
        text_write_hex(out, uuid + i, 1);
    }
    text_write_hex(run->span_id, random + 10, 8);
    text_write_hex(run->correlation_id, random + 18, 16);
    memcpy(run->token, random + 34, sizeof run->token);
}

static bool is_hex(const char *text, size_t length)
{
    return strspn(text, "0123456789abcdef") >= length;
}

bool begin_parse_trace(const char *text, struct trace_parent *parent)
{
    if (text == NULL || !is_hex(text, 2) || text[2] != '-' || !is_hex(text + 3, 32) || text[35] != '-' ||
        !is_hex(text + 36, 16) || text[52] != '-' || !is_hex(text + 53, 2))
        return false;
    /* Later versions may append fields; only the first four are read. */
    const char *rest = text + 55;
    bool is_first = strncmp(text, "00", 2) == 0;
    if (*rest != '\0' && (is_first || *rest != '-' || strpbrk(rest, "\n\r") != NULL)) return false;
    if (strncmp(text, "ff", 2) == 0 || strspn(text + 3, "0") >= 32 || strspn(text + 36, "0") >= 16) return false;
    memcpy(parent->trace_id, text + 3, 32);
    memcpy(parent->span_id, text + 36, 16);
    memcpy(parent->flags, text + 53, 2);
    return true;
}

bool begin_correlation(const struct cause *cause, char id[33])
{
    struct sha256 hash;
    const char *word = cause->tool_use.length > 0 ? "tool" : cause->prompt.length > 0 ? "prompt" : NULL;
    struct text chosen = cause->tool_use.length > 0 ? cause->tool_use : cause->prompt;
    if (word == NULL) {
        word = cause->tool.length > 0 ? "call" : "event";
        chosen = cause->tool.length > 0 ? cause->tool : cause->event;
        if (cause->is_partial || chosen.length == 0) return false;
    }
    if (cause->session.length == 0) return false;
    sha256_start(&hash);
    sha256_add(&hash, cause->session.at, cause->session.length);
    sha256_add(&hash, "", 1);
    sha256_add(&hash, word, strlen(word) + 1);
    sha256_add(&hash, chosen.at, chosen.length);
    if (*word == 'c') {
        sha256_add(&hash, "", 1);
        if (cause->input.length == 0 ||
            !payload_hash((const unsigned char *)cause->input.at, cause->input.length, &hash))
            return false;
    }
    sha256_hex(hash, id, 32);
    return true;
}

static struct text field_content(const struct field *field)
{
    return (struct text){(const char *)(field->wants_value ? field->value : field->text), field->length};
}

/* The first non-empty field for this fact; length 0 if there is none. */
static struct text find_field(const struct run *run, enum fact fact)
{
    for (int i = 0; i < PAYLOAD_FIELDS; i++)
        if (PAYLOAD_NAMES[i].fact == fact && run->fields[i].is_found && run->fields[i].length > 0)
            return field_content(&run->fields[i]);
    return (struct text){0};
}

struct text begin_event(const struct run *run)
{
    struct text event = find_field(run, EVENT);
    if (event.at != NULL || run->options.event == NULL) return event;
    return (struct text){run->options.event, strlen(run->options.event)};
}

/* Finds the fields in what has arrived; false if more belongs to it. Inputs stay where they are in `bytes`. */
static bool scan_payload(struct run *run, const unsigned char *bytes, size_t length)
{
    struct scan scan = {.bytes = bytes, .length = length};
    for (int i = 0; i < PAYLOAD_FIELDS; i++) {
        run->fields[i].name = PAYLOAD_NAMES[i].name;
        run->fields[i].wants_value = PAYLOAD_NAMES[i].fact == INPUT || PAYLOAD_NAMES[i].fact == CALL;
        /* A value of an earlier scan may be gone. */
        if (run->fields[i].wants_value) run->fields[i].is_found = false;
    }
    payload_scan(&scan, run->fields, TOP_FIELDS);
    struct text call = find_field(run, CALL);
    struct scan in_call = {.bytes = (const unsigned char *)call.at, .length = call.length};
    if (call.length > 0) payload_scan(&in_call, run->fields + TOP_FIELDS, FIELDS_IN_CALL);
    return scan.is_whole;
}

/* Scans the kept part of a late payload. */
static void scan_kept(struct run *run)
{
    const struct stream *in = &run->streams[STDIN];
    if (in->kept_length > 0) (void)scan_payload(run, in->kept, in->kept_length);
}

struct text begin_named_event(struct run *run)
{
    if (run->is_late || find_field(run, EVENT).at == NULL) scan_kept(run);
    return find_field(run, EVENT);
}

bool begin_is_cline(const struct run *run)
{
    for (int i = 0; i < TOP_FIELDS; i++) {
        const struct field *field = &run->fields[i];
        bool is_its = strcmp(PAYLOAD_NAMES[i].name, "taskId") == 0 || strcmp(PAYLOAD_NAMES[i].name, "clineVersion") == 0;
        if (is_its && field->is_found && field->length > 0) return true;
    }
    return false;
}

bool begin_rescan(struct run *run)
{
    if (!run->is_late) return false;
    scan_kept(run);
    return find_field(run, EVENT).at != NULL || find_field(run, SESSION).at != NULL;
}

/* Scans what has arrived of the payload, and derives the correlation id. */
void begin_describe(struct run *run)
{
    const struct stream *in = &run->streams[STDIN];
    struct trace_parent parent = {.flags = "01"};
    bool is_whole = scan_payload(run, in->buffer + in->at, in->length);
    if (begin_parse_trace(getenv("TRACEPARENT"), &parent)) {
        strcpy(run->correlation_id, parent.trace_id);
        strcpy(run->parent_span_id, parent.span_id);
    } else {
        const struct cause cause = {
            .session = find_field(run, SESSION),
            .tool_use = find_field(run, TOOL_USE),
            .prompt = find_field(run, PROMPT),
            .event = begin_event(run),
            .tool = find_field(run, TOOL),
            .input = find_field(run, INPUT),
            .is_partial = !is_whole,
        };
        (void)begin_correlation(&cause, run->correlation_id);
    }
    strcpy(run->trace_flags, parent.flags);
}

/* As src/agents/recognize.ts: the name, and for a transcript also its path. */
static void encode_signs(struct run *run, struct bytes *begin)
{
    for (int i = 0; i < PAYLOAD_FIELDS; i++) {
        const struct field *field = &run->fields[i];
        if (!PAYLOAD_NAMES[i].is_sign || !field->is_found || field->length == 0) continue;
        bool has_value = strcmp(field->name, "transcript_path") == 0;
        if (has_value && FORMAT(run->path, PATH_BYTES, "%s=%.*s", field->name, (int)field->length, (const char *)field->text))
            field_text(begin, BEGIN_SIGN, run->path);
        else if (!has_value) field_text(begin, BEGIN_SIGN, field->name);
    }
}

/* Variables of agents that cannot hold a secret; the same as in src/agents/recognize.ts. */
static void encode_variables(struct run *run, struct bytes *begin)
{
    static const char NAMES[][24] = {
        "CLAUDECODE",          "CLAUDE_PROJECT_DIR", "CLAUDE_PLUGIN_ROOT",  "CLAUDE_PLUGIN_DATA", "CLAUDE_EFFORT",
        "CLAUDE_CODE_ENTRYPOINT", "CLAUDE_CODE_REMOTE", "GEMINI_PROJECT_DIR", "GEMINI_CWD",       "GEMINI_PLANS_DIR",
        "GEMINI_SESSION_ID",   "COPILOT_CLI",        "COPILOT_PROJECT_DIR", "COPILOT_HOOK_DIR",   "CURSOR_PROJECT_DIR",
        "CURSOR_VERSION",      "QWEN_PROJECT_DIR",   "FACTORY_PROJECT_DIR", "DROID_PROJECT_DIR",  "AUGMENT_PROJECT_DIR",
    };
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        const char *value = getenv(NAMES[i]);
        if (value != NULL && FORMAT(run->path, sizeof run->path, "%s=%s", NAMES[i], value))
            field_text(begin, BEGIN_VARIABLE, run->path);
    }
}

/* Each word of the list that HOOKBUS_STORE_RAW may be. */
static void encode_store_only(const struct settings *settings, struct bytes *begin)
{
    struct text rest = settings->store_only, word;
    while (settings_next_word(&rest, &word)) field_bytes(begin, BEGIN_STORE_ONLY, word.at, word.length);
}

bool begin_takes_text(const struct run *run)
{
    return text_is_listed(" SessionStart UserPromptSubmit UserPromptExpansion ", begin_event(run));
}

static void field_part(struct bytes *begin, int tag, struct text text)
{
    if (text.at != NULL) field_bytes(begin, tag, text.at, text.length);
}

void begin_encode(struct run *run, struct bytes *begin)
{
    const struct settings *settings = &run->settings;
    struct text tool = find_field(run, TOOL), event = begin_event(run);
    size_t start = frame_begin(begin, FRAME_BEGIN);
    field_text(begin, BEGIN_EXECUTION_ID, run->execution_id);
    field_text(begin, BEGIN_CORRELATION_ID, run->correlation_id);
    field_text(begin, BEGIN_SPAN_ID, run->span_id);
    field_text(begin, BEGIN_PARENT_SPAN_ID, *run->parent_span_id != '\0' ? run->parent_span_id : NULL);
    field_text(begin, BEGIN_HOOK_NAME, run->options.name);
    field_bytes(begin, BEGIN_EVENT_TYPE, event.at, event.length);
    field_part(begin, BEGIN_TOOL_NAME, tool);
    if (tool.at == NULL) field_text(begin, BEGIN_TOOL_NAME, run->options.tool);
    field_part(begin, BEGIN_SESSION_ID, find_field(run, SESSION));
    field_part(begin, BEGIN_TOOL_USE_ID, find_field(run, TOOL_USE));
    field_text(begin, BEGIN_CWD, getcwd(run->path, PATH_BYTES));
    for (char **argument = run->options.argv; *argument != NULL; argument++) field_text(begin, BEGIN_ARGUMENT, *argument);
    field_number(begin, BEGIN_CREATED_AT_MS, run->created_at_ms);
    field_number(begin, BEGIN_PID, (uint64_t)run->pid);
    if (begin == &run->begin) run->pid_start_at = begin->length + 5;
    field_number(begin, BEGIN_PID_START, run->pid_start);
    field_number(begin, BEGIN_ENGINE, ENGINE_LAUNCHER);
    field_text(begin, BEGIN_ENGINE_VERSION, HOOKBUS_VERSION);
    field_number(begin, BEGIN_MAX_BYTES, settings->max_bytes);
    field_number(begin, BEGIN_FLAGS, (settings->store_raw ? FLAG_STORE_RAW : 0u) |
                                         (settings->compress ? FLAG_COMPRESS : 0u) |
                                         (settings->redact ? FLAG_REDACT : 0u) |
                                         (run->options.shell != NULL ? FLAG_SHELL : 0u));
    bytes_add(begin, run->warnings.at, run->warnings.length);
    field_part(begin, BEGIN_SUBAGENT, find_field(run, SUBAGENT));
    encode_signs(run, begin);
    encode_variables(run, begin);
    encode_store_only(settings, begin);
    frame_end(begin, start);
}
