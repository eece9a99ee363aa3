/* payload_scan.c: fields of a payload. */
#pragma once

#include "system.h"

enum { MAX_FIELD_BYTES = 256 }; /* longest value found in a payload */

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
