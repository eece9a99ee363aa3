/* sha256.c: SHA-256 (FIPS 180-4). */
#pragma once

#include "system.h"

struct sha256 {
    uint32_t state[8];
    uint64_t length;
    unsigned char block[64];
};

void sha256_start(struct sha256 *hash);
void sha256_add(struct sha256 *hash, const void *bytes, size_t length);
/* Writes the first `digits`, an even number; works on a copy, so more bytes may be added. */
void sha256_hex(struct sha256 hash, char *text, size_t digits);
