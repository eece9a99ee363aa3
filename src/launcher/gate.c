/* Gates: a small file for each hook that is not to run. It holds `off` or `breaker`, and until when, in Unix ms. */
#include "launcher.h"

enum { MAX_ENCODED_BYTES = 120 };

/* The hook's name as a file name: what may mean something to a file system becomes %XX, what is long its SHA-256. */
static void encode_name(const char *name, char encoded[MAX_ENCODED_BYTES + 4])
{
    size_t length = 0;
    for (const char *at = name; *at != '\0' && length <= MAX_ENCODED_BYTES; at++) {
        bool is_plain = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') || (*at >= '0' && *at <= '9') ||
                        *at == '_' || *at == '-' || (*at == '.' && at > name);
        if (is_plain) encoded[length++] = *at;
        else length += (size_t)sprintf(encoded + length, "%%%02X", (unsigned char)*at);
    }
    encoded[length] = '\0';
    if (length <= MAX_ENCODED_BYTES) return;
    struct sha256 hash;
    sha256_start(&hash);
    sha256_add(&hash, name, strlen(name));
    sha256_hex(hash, encoded, 64);
}

bool is_gated(struct run *run)
{
    char path[PATH_BYTES], encoded[MAX_ENCODED_BYTES + 4], text[64];
    uint64_t until_ms;
    if (run->settings.home[0] == '\0') return false;
    encode_name(run->hook_name, encoded);
    if (!JOIN(path, sizeof path, run->settings.home, "/gates/", encoded)) return false;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) return false;
    ssize_t length = read(file, text, sizeof text);
    close(file);
    bool is_off = length > 4 && memcmp(text, "off ", 4) == 0;
    bool is_breaker = length > 8 && memcmp(text, "breaker ", 8) == 0;
    if (!is_off && !is_breaker) return false;
    struct text until = {text + (is_off ? 4 : 8), (size_t)length - (is_off ? 4 : 8)};
    if (until.at[until.length - 1] == '\n') until.length--;
    if (!parse_count(until, &until_ms)) return false;
    if (until_ms <= run->created_at_ms && !(is_off && until_ms == 0)) return false;
    run->reason = is_off ? "off" : "breaker open";
    return true;
}
