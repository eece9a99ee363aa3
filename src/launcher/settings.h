/* settings.c: the settings. */
#pragma once

#include "options.h"

enum {
    PATH_BYTES = 4096,
    HOME_BYTES = PATH_BYTES - 300, /* longest state directory; leaves room for names in it */
};

struct settings {
    bool is_enabled, compress, store_raw, redact, starts_daemon;
    struct text store_only; /* with `store_raw`: the decisions and statuses to store, as given; length 0: all */
    uint64_t max_bytes, dedupe_ttl;
    bool shares_keys;      /* with other machines, if config.json names a key server */
    char home[HOME_BYTES]; /* empty: nothing is recorded */
};

/* The default state directory, which depends on HOME alone; false if HOME is unusable. */
bool settings_default_home(char home[HOME_BYTES]);
/* The next word of a list with blanks or commas between; false if there is none. */
bool settings_next_word(struct text *rest, struct text *word);
/* Options override the environment. */
void settings_read(struct settings *settings, const struct options *options, struct bytes *warnings);
