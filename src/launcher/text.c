/* Slices of text. */
#include "text.h"

void text_write_hex(char *text, const unsigned char *bytes, size_t count)
{
    for (size_t i = 0; i < 2 * count; i++) text[i] = "0123456789abcdef"[bytes[i / 2] >> (i % 2 == 0 ? 4 : 0) & 15];
    text[2 * count] = '\0';
}

bool text_is_listed(const char *list, struct text word)
{
    bool is_word = word.length > 0 && memchr(word.at, ' ', word.length) == NULL;
    for (; is_word && *list != '\0'; list++)
        if (*list == ' ' && strncmp(list + 1, word.at, word.length) == 0 && list[1 + word.length] == ' ') return true;
    return false;
}

struct text text_of(const char *text)
{
    return (struct text){text, text == NULL ? 0 : strlen(text)};
}

bool text_count(struct text text, uint64_t *count)
{
    bool is_number = text.length >= 1 && text.length <= 15;
    for (*count = 0; is_number && text.length > 0; text.at++, text.length--) {
        is_number = *text.at >= '0' && *text.at <= '9';
        *count = *count * 10 + (uint64_t)(*text.at - '0');
    }
    return is_number;
}

void text_add_warning(struct bytes *warnings, struct text name, struct text value)
{
    char warning[WARNING_BYTES + 1];
    const char *separator = value.at == NULL ? "" : "=", *value_text = value.at == NULL ? "" : value.at;
    (void)FORMAT(warning, sizeof warning, "%.*s%s%.*s", (int)name.length, name.at, separator, (int)value.length, value_text);
    field_text(warnings, BEGIN_WARNING, warning);
}
