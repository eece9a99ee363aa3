/* Pieces of text. */
#include "launcher.h"

void write_hex(char *text, const unsigned char *bytes, size_t count)
{
    for (size_t i = 0; i < 2 * count; i++) text[i] = "0123456789abcdef"[bytes[i / 2] >> (i % 2 == 0 ? 4 : 0) & 15];
    text[2 * count] = '\0';
}

bool is_listed(const char *list, struct text word)
{
    bool is_word = word.length > 0 && memchr(word.at, ' ', word.length) == NULL;
    for (; is_word && *list != '\0'; list++)
        if (*list == ' ' && strncmp(list + 1, word.at, word.length) == 0 && list[1 + word.length] == ' ') return true;
    return false;
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

void add_warning(struct bytes *warnings, struct text name, struct text value)
{
    size_t start = field_begin(warnings, BEGIN_WARNING), most = WARNING_BYTES;
    bytes_add(warnings, name.at, name.length < most ? name.length : most);
    most = name.length + 1 < most ? most - name.length - 1 : 0;
    if (value.at != NULL && most > 0) bytes_text(warnings, "=");
    if (value.at != NULL) bytes_add(warnings, value.at, value.length < most ? value.length : most);
    field_end(warnings, start);
}
