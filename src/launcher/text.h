/* What is made of bytes alone: pieces of text, a SHA-256, the fields of a payload, and what kind of thing stdout is. */
#ifndef HOOKBUS_TEXT_H
#define HOOKBUS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "frame.h"

enum {
    MAX_FIELD_BYTES = 256, /* longest value found in a payload */
    WARNING_BYTES = 200,   /* longest warning on record */
};

/* ---- text.c */

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

/* ---- sha256.c */

struct sha256 {
    uint32_t state[8];
    uint64_t length;
    unsigned char block[64];
};

void sha256_start(struct sha256 *hash);
void sha256_add(struct sha256 *hash, const void *bytes, size_t length);
/* Writes the first digits, an even number of them; works on a copy, so more may be added. */
void sha256_hex(struct sha256 hash, char *text, size_t digits);

/* ---- payload_scan.c */

/* A top-level string field that is looked for. */
struct field {
    const char *name;
    bool is_found;
    size_t length;
    unsigned char text[MAX_FIELD_BYTES];
};

/* Where a scan stands. */
struct scan {
    const unsigned char *bytes;
    size_t at, length;
    size_t text_length; /* of the string read last; more than `text` holds if it did not fit */
    unsigned char text[MAX_FIELD_BYTES];
};

void payload_scan(struct scan *scan, struct field *fields, size_t count);

/* ---- stdout_kind.c */

enum kind_of_stdout { KIND_EMPTY, KIND_TEXT, KIND_JSON, KIND_BROKEN };

struct stdout_kind {
    int state, mark; /* bytes so far of a byte order mark */
    int64_t depth;
};

void stdout_kind_push(struct stdout_kind *kind, const unsigned char *bytes, size_t length);
enum kind_of_stdout stdout_kind_of(const struct stdout_kind *kind);
/* Whether it is known that no object is there, or it has ended. */
bool stdout_kind_is_settled(const struct stdout_kind *kind);

#endif
