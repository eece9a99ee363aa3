/* payload_scan.c: finds fields of a payload. */
#pragma once

#include "sha256.h"

enum {
    MAX_FIELD_BYTES = 256,   /* longer texts are not found */
    MAX_INPUT_BYTES = 65536, /* a longer input is not hashed, since the hook would wait for that */
};

/* A top-level field to find: a string, or a value of any kind. */
struct field {
    const char *name;
    bool wants_value;
    bool is_found;
    size_t length;
    const unsigned char *value; /* as it stands in the bytes that were scanned */
    unsigned char text[MAX_FIELD_BYTES];
};

struct scan {
    const unsigned char *bytes;
    size_t at, length;
    bool is_whole;      /* the end of the object has arrived */
    size_t text_length; /* of the last string; it may exceed `text` */
    unsigned char text[MAX_FIELD_BYTES];
    struct sha256 *hash; /* takes the bytes of the next string, too, unless NULL */
    bool is_in_text, is_escaped, skips_blanks;
};

void payload_scan(struct scan *scan, struct field *fields, size_t count);
/* Hashes a tool's input as it is before and after the call; false if it is too long or broken. */
bool payload_hash(const unsigned char *value, size_t length, struct sha256 *hash);
