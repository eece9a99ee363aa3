/* stdout_kind.c: whether bytes are one JSON object. */
#pragma once

#include "system.h"

enum kind_of_stdout { KIND_EMPTY, KIND_TEXT, KIND_JSON, KIND_BROKEN };

struct stdout_kind {
    int state, bom_bytes; /* bytes so far of a byte order mark */
    int64_t depth;
};

void stdout_kind_push(struct stdout_kind *kind, const unsigned char *bytes, size_t length);
enum kind_of_stdout stdout_kind_of(const struct stdout_kind *kind);
/* Whether the object has ended, or there is none. */
bool stdout_kind_is_final(const struct stdout_kind *kind);
