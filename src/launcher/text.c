/* Text as JavaScript sees it, so that both engines say the same. Bytes that are not UTF-8 stay as they are. */
#include "launcher.h"

void write_hex(char *text, const unsigned char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        text[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
        text[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
    }
    text[2 * count] = '\0';
}

size_t space_at(const char *text)
{
    static const char *const WIDE[] = {"\xc2\xa0", "\xe1\x9a\x80", "\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x80\xaf",
                                       "\xe2\x81\x9f", "\xe3\x80\x80", "\xef\xbb\xbf"};
    const unsigned char *at = (const unsigned char *)text;
    if (*at < 0x80) return *at == ' ' || (*at >= '\t' && *at <= '\r');
    if (at[0] == 0xe2 && at[1] == 0x80 && at[2] >= 0x80 && at[2] <= 0x8a) return 3;
    for (size_t i = 0; i < sizeof WIDE / sizeof *WIDE; i++)
        if (strncmp(text, WIDE[i], strlen(WIDE[i])) == 0) return strlen(WIDE[i]);
    return 0;
}

size_t utf16_prefix(const char *text, size_t length, size_t units, bool *is_split)
{
    size_t at = 0;
    *is_split = false;
    while (at < length && units > 0) {
        unsigned char lead = (unsigned char)text[at];
        size_t size = lead < 0xc2 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 1;
        if (size == 4 && units == 1) {
            *is_split = true;
            break;
        }
        units -= size == 4 ? 2 : 1;
        at += size < length - at ? size : length - at;
    }
    return at;
}

bool join(char *out, size_t size, const char *const parts[])
{
    size_t length = 0;
    for (; *parts != NULL; parts++) {
        size_t more = strlen(*parts);
        if (more >= size - length) return false;
        memcpy(out + length, *parts, more + 1);
        length += more;
    }
    return true;
}

/* As JSON.stringify writes it. */
static void add_quoted(struct bytes *bytes, struct text text)
{
    bytes_text(bytes, "\"");
    for (size_t i = 0; i < text.length; i++) {
        static const char ESCAPED[] = "\"\\\b\f\n\r\t", LETTERS[] = "\"\\bfnrt";
        char c = text.at[i], code[7];
        const char *found = c != '\0' ? strchr(ESCAPED, c) : NULL;
        bool is_control = (unsigned char)c < ' ';
        if (found != NULL) {
            bytes_text(bytes, "\\");
            c = LETTERS[found - ESCAPED];
        } else if (is_control) {
            snprintf(code, sizeof code, "\\u%04x", (unsigned)c);
            bytes_text(bytes, code);
        }
        if (found != NULL || !is_control) bytes_add(bytes, &c, 1);
    }
    bytes_text(bytes, "\"");
}

void add_mistake(struct bytes *mistakes, struct text what, const char *expected, struct text got, const char *behind)
{
    size_t start = field_begin(mistakes, BEGIN_MISTAKE);
    bytes_add(mistakes, what.at, what.length);
    bytes_text(mistakes, expected);
    if (got.at != NULL) {
        bytes_text(mistakes, ", got ");
        add_quoted(mistakes, got);
    }
    bytes_text(mistakes, behind);
    field_end(mistakes, start);
}
