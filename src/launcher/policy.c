/*
 * Hooks that root protects: no gate, key or option skips them or discards their answer. TypeScript port:
 * src/gates/policy.ts. fixtures/vectors/policy.json tests both. Read only before HookBus would do so to a hook.
 */
#include "policy.h"

/* No setting moves it: whoever could set that could remove the protection. */
static const char DIRECTORY[] = "/etc/hookbus";

enum { MAX_POLICY_BYTES = 65536 };

static bool is_owned_by_root(int file, mode_t kind)
{
    struct stat stat;
    return fstat(file, &stat) == 0 && (stat.st_mode & S_IFMT) == kind && stat.st_uid == 0 &&
           (stat.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static const char *skip_blanks(const char *at)
{
    return at + strspn(at, " \t\r\n");
}

/* Skips blanks and this token; NULL if another comes next. */
static const char *expect(const char *at, const char *token)
{
    if (at == NULL) return NULL;
    at = skip_blanks(at);
    return strncmp(at, token, strlen(token)) == 0 ? at + strlen(token) : NULL;
}

/*
 * Whether {"protected_hooks": [NAME...]} lists the hook. Any other content protects all hooks, since it is unknown
 * which root meant. A hook without a name here may be any entry.
 */
static bool lists_hook(const char *text, size_t length, const char *hook_name)
{
    bool is_named = false;
    const char *at = expect(expect(expect(expect(text, "{"), "\"protected_hooks\""), ":"), "["), *end = expect(at, "]");
    while (at != NULL && end == NULL) {
        size_t size = 0;
        if ((at = expect(at, "\"")) == NULL) return true;
        /* A name with an escape may be any name. */
        while (at[size] != '"' && at[size] != '\\' && (unsigned char)at[size] >= ' ') size++;
        if (at[size] != '"') return true;
        is_named = is_named || hook_name == NULL || strncmp(at, "*\"", 2) == 0 ||
                   (size == strlen(hook_name) && memcmp(at, hook_name, size) == 0);
        at += size + 1;
        end = expect(at, "]");
        if (end == NULL) at = expect(at, ",");
    }
    end = expect(end, "}");
    return end == NULL || skip_blanks(end) != text + length || is_named;
}

/* A policy that exists but cannot be read may list any hook. */
static bool is_unreadable(void)
{
    return errno != ENOENT && errno != ENOTDIR && errno != ELOOP;
}

bool policy_protects(const char *hook_name)
{
    static char text[MAX_POLICY_BYTES + 1]; /* too large for a small stack */
    int directory = open(DIRECTORY, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (directory < 0) return is_unreadable();
    bool is_trusted = is_owned_by_root(directory, S_IFDIR);
    int file = openat(directory, "policy.json", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    bool may_be_listed = file < 0 && is_trusted && is_unreadable();
    close(directory);
    if (file < 0) return may_be_listed;
    is_trusted = is_trusted && is_owned_by_root(file, S_IFREG);
    ssize_t length = is_trusted ? read(file, text, sizeof text) : 0;
    close(file);
    if (!is_trusted) return false;
    if (length < 0 || length > MAX_POLICY_BYTES) return true;
    text[length] = '\0';
    return lists_hook(text, (size_t)length, hook_name);
}
