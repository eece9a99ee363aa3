/* options.c: the options of `run`. */
#pragma once

#include "text.h"

enum { MAX_PAYLOAD_CAP = 64 * 1024 * 1024 };
#define MAX_TTL_SECONDS (36500 * UINT64_C(86400)) /* 100 years */

struct options {
    const char *name, *event, *tool, *shell, *dedupe_key; /* NULL: not given */
    uint64_t dedupe_ttl; /* seconds; 0: from the settings */
    enum on_duplicate on_duplicate;
    int64_t timeout_us;  /* 0: none */
    int64_t max_bytes;   /* -1: from the settings; also in the next two */
    int store_raw, compress;
    int wants_dedupe, fail_open;
    char **argv;         /* the command; its first word is NULL if there is none */
};

/* Parses the words after `run`; may overwrite up to three words before the command. */
void options_parse(char **words, struct options *options, struct bytes *warnings);
