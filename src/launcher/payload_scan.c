/*
 * Finds a few top-level fields in a payload that may be incomplete, without parsing all of it. TypeScript port:
 * src/domain/payload/payload-scan.ts, which has the rules, and call-input.ts beside it. fixtures/vectors/payload-scan.json tests both.
 */
#include "payload_scan.h"

/* The next byte, which is not consumed; -1 at the end. */
static int peek(struct scan *scan)
{
    return scan->at < scan->length ? scan->bytes[scan->at] : -1;
}

static int next(struct scan *scan)
{
    int byte = peek(scan);
    if (byte >= 0) scan->at++;
    return byte;
}

static bool is_space(int byte)
{
    return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

/* Whether it is part of a number or a word. */
static bool is_scalar(int byte)
{
    int lower = byte | 0x20;
    return byte >= 0 && ((byte >= '0' && byte <= '9') || (lower >= 'a' && lower <= 'z') || byte == '+' ||
                         byte == '-' || byte == '.');
}

/* Skips white space, and consumes this byte if it comes next. */
static bool accept(struct scan *scan, int byte)
{
    while (is_space(peek(scan))) scan->at++;
    if (peek(scan) != byte) return false;
    scan->at++;
    return true;
}

/* Hashes a byte of JSON, unless it is a blank between values. */
static void hash_byte(struct scan *scan, unsigned char byte)
{
    if (scan->text_length == 0) scan->skips_blanks = byte == '{' || byte == '[';
    bool is_quote = byte == '"' && !scan->is_escaped;
    scan->is_escaped = scan->is_in_text && byte == '\\' && !scan->is_escaped;
    if (is_quote) scan->is_in_text = !scan->is_in_text;
    if (scan->is_in_text || !scan->skips_blanks || !is_space(byte)) sha256_add(scan->hash, &byte, 1);
}

static void put_byte(struct scan *scan, uint32_t byte)
{
    if (scan->hash != NULL) hash_byte(scan, (unsigned char)byte);
    if (scan->text_length < MAX_FIELD_BYTES) scan->text[scan->text_length] = (unsigned char)byte;
    scan->text_length++;
}

static void put_code_point(struct scan *scan, uint32_t code)
{
    if (code < 0x80) {
        put_byte(scan, code);
        return;
    }
    if (code < 0x800) put_byte(scan, 0xc0 | code >> 6);
    else if (code < 0x10000) put_byte(scan, 0xe0 | code >> 12), put_byte(scan, 0x80 | (code >> 6 & 0x3f));
    else put_byte(scan, 0xf0 | code >> 18), put_byte(scan, 0x80 | (code >> 12 & 0x3f)),
         put_byte(scan, 0x80 | (code >> 6 & 0x3f));
    put_byte(scan, 0x80 | (code & 0x3f));
}

/* Reads an escape after its backslash; -1 if it is invalid. */
static int32_t read_escape(struct scan *scan)
{
    static const char ESCAPES[] = "\"\\/bfnrt", VALUES[] = "\"\\/\b\f\n\r\t";
    int byte = next(scan);
    if (byte <= 0) return -1;
    if (byte != 'u') {
        const char *letter = strchr(ESCAPES, byte);
        return letter == NULL ? -1 : VALUES[letter - ESCAPES];
    }
    int32_t unit = 0;
    for (int i = 0; i < 4; i++) {
        int digit = next(scan), lower = digit | 0x20;
        if (digit >= '0' && digit <= '9') unit = unit * 16 + digit - '0';
        else if (digit >= 0 && lower >= 'a' && lower <= 'f') unit = unit * 16 + lower - 'a' + 10;
        else return -1;
    }
    return unit;
}

/* Reads a string after its opening quote; false if it is incomplete or has a control character or an invalid escape. */
static bool read_string(struct scan *scan)
{
    enum { REPLACEMENT = 0xfffd };
    uint32_t high = 0; /* first half of a surrogate pair, until the next character is known */
    scan->text_length = 0;
    for (;;) {
        int byte = next(scan);
        if (byte < 0x20) return false;
        int32_t escaped = byte == '\\' ? read_escape(scan) : 0;
        if (escaped < 0) return false;
        uint32_t code = (uint32_t)escaped;
        if (high != 0 && byte == '\\' && code >= 0xdc00 && code <= 0xdfff) {
            put_code_point(scan, 0x10000 + ((high - 0xd800) << 10) + (code - 0xdc00));
            high = 0;
            continue;
        }
        if (high != 0) put_code_point(scan, REPLACEMENT);
        high = 0;
        if (byte == '"') return true;
        if (byte != '\\') put_byte(scan, (uint32_t)byte);
        else if (code >= 0xd800 && code < 0xdc00) high = code;
        else put_code_point(scan, code >= 0xdc00 && code <= 0xdfff ? REPLACEMENT : code);
    }
}

/*
 * Skips a string after its opening quote. It ends at the first quote after an even number of backslashes. memchr is
 * fast, and nearly all of a large payload is in strings that are skipped.
 */
static bool skip_string(struct scan *scan)
{
    for (;;) {
        const unsigned char *start = scan->bytes + scan->at;
        const unsigned char *quote = memchr(start, '"', scan->length - scan->at), *run = quote;
        if (quote == NULL) return false;
        while (run > start && run[-1] == '\\') run--;
        scan->at = (size_t)(quote + 1 - scan->bytes);
        if ((quote - run) % 2 == 0) return true;
    }
}

static bool skip_nested(struct scan *scan)
{
    for (int64_t depth = 0;;) {
        int byte = next(scan);
        if (byte < 0 || (byte == '"' && !skip_string(scan))) return false;
        if (byte == '{' || byte == '[') depth++;
        if (byte == '}' || byte == ']') depth--;
        if (depth == 0) return true;
    }
}

/* Skips a number or a word, which is complete only if another byte follows. */
static bool skip_scalar(struct scan *scan)
{
    if (!is_scalar(peek(scan))) return false;
    while (is_scalar(peek(scan))) scan->at++;
    return peek(scan) >= 0;
}

/* Reads a member after its opening quote; false if the scan ends. */
static bool read_member(struct scan *scan, struct field *fields, size_t count)
{
    struct field *field = NULL;
    if (!read_string(scan)) return false;
    for (size_t i = 0; i < count && field == NULL && scan->text_length <= MAX_FIELD_BYTES; i++)
        if (scan->text_length == strlen(fields[i].name) && memcmp(scan->text, fields[i].name, scan->text_length) == 0)
            field = &fields[i];
    if (!accept(scan, ':')) return false;
    bool is_text = accept(scan, '"');
    size_t start = scan->at - is_text;
    if (is_text) {
        if (!(field != NULL && !field->wants_value ? read_string(scan) : skip_string(scan))) return false;
    } else {
        int first = peek(scan);
        if (!(first == '{' || first == '[' ? skip_nested(scan) : skip_scalar(scan))) return false;
    }
    if (field == NULL) return true;
    if (field->wants_value) {
        field->is_found = true;
        field->value = scan->bytes + start;
        field->length = scan->at - start;
        return true;
    }
    field->is_found = is_text && scan->text_length <= MAX_FIELD_BYTES;
    if (!field->is_found) return true;
    field->length = scan->text_length;
    memcpy(field->text, scan->text, scan->text_length);
    return true;
}

void payload_scan(struct scan *scan, struct field *fields, size_t count)
{
    if (scan->length >= 3 && memcmp(scan->bytes, "\xef\xbb\xbf", 3) == 0) scan->at = 3;
    if (!accept(scan, '{') || (scan->is_whole = accept(scan, '}'))) return;
    do {
        if (!accept(scan, '"') || !read_member(scan, fields, count)) return;
    } while (accept(scan, ','));
    scan->is_whole = accept(scan, '}');
}

bool payload_hash(const unsigned char *value, size_t length, struct sha256 *hash)
{
    bool is_text = length > 0 && *value == '"';
    struct scan scan = {.bytes = value, .at = is_text, .length = length, .hash = hash};
    if (length > MAX_INPUT_BYTES) return false;
    if (is_text) return read_string(&scan);
    while (scan.at < length) put_byte(&scan, (uint32_t)next(&scan));
    return true;
}
