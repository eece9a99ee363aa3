/* text.c: slices of text. */
#pragma once

#include "frame.h"

enum {
    WARNING_BYTES = 200, /* longest warning on record */
};

/* A slice of text, without a NUL at its end. */
struct text {
    const char *at;
    size_t length;
};

void text_write_hex(char *text, const unsigned char *bytes, size_t count);
/* Whether the list, with a blank before and after each word, contains the word. */
bool text_is_listed(const char *list, struct text word);
/* The whole of a C string; length 0 for NULL. */
struct text text_of(const char *text);
/* Parses up to 15 digits. */
bool text_count(struct text text, uint64_t *count);
/* Like snprintf; false if it does not fit. */
#define FORMAT(out, size, ...) ((size_t)snprintf(out, size, __VA_ARGS__) < (size))
/* Adds a warning about something unusable: its name, and its value if it has one. TypeScript words the message. */
void text_add_warning(struct bytes *warnings, struct text name, struct text value);
