/* options.c: the words behind `run`. */
#pragma once

#include "text.h"

enum { MAX_PAYLOAD_CAP = 64 * 1024 * 1024 };
#define MAX_TTL_SECONDS (36500 * UINT64_C(86400)) /* a hundred years */

struct options {
    const char *name, *event, *tool, *shell, *dedupe_key; /* NULL: not given */
    uint64_t dedupe_ttl; /* seconds; 0: as the settings say */
    enum on_duplicate on_duplicate;
    int64_t timeout_us;  /* 0: none */
    int64_t max_bytes;   /* -1: as the settings say; so too the next two */
    int store_raw, compress;
    int wants_dedupe, fail_open;
    char **argv;         /* what to run; its first word is NULL where that is nothing */
};

/* Reads the words behind `run`; may overwrite up to three words in front of the command. */
void options_parse(char **words, struct options *options, struct bytes *warnings);
