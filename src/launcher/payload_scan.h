/* payload_scan.c: finds fields of a payload. */
#pragma once

#include "system.h"

enum { MAX_FIELD_BYTES = 256 }; /* longer values are not found */

/* A top-level string field to find. */
struct field {
    const char *name;
    bool is_found;
    size_t length;
    unsigned char text[MAX_FIELD_BYTES];
};

struct scan {
    const unsigned char *bytes;
    size_t at, length;
    size_t text_length; /* of the last string; it may exceed `text` */
    unsigned char text[MAX_FIELD_BYTES];
};

void payload_scan(struct scan *scan, struct field *fields, size_t count);
