/* text.c: pieces of text. */
#pragma once

#include "frame.h"

enum {
    WARNING_BYTES = 200, /* longest warning on record */
};

/* A part of a text, not ended by NUL. */
struct text {
    const char *at;
    size_t length;
};

void text_write_hex(char *text, const unsigned char *bytes, size_t count);
/* Whether a list, in which a blank stands before and behind each word, has this one. */
bool text_is_listed(const char *list, struct text word);
/* Of a C string; of no length where that is NULL. */
struct text text_of(const char *text);
/* Reads digits, up to 15 of them. */
bool text_count(struct text text, uint64_t *count);
/* As printf; false where it does not fit. */
#define FORMAT(out, size, ...) ((size_t)snprintf(out, size, __VA_ARGS__) < (size))
/* Adds to a begin frame what cannot be used, as it was given: a name, and its value if it has one. TypeScript finds the words. */
void text_add_warning(struct bytes *warnings, struct text name, struct text value);
