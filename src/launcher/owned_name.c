/*
 * The name of a hook that a plugin or a skill brings: its owner, and the script that its line runs. Here and not in the
 * daemon, because a gate counts for one name: two plugins may have the same line. TypeScript port:
 * src/domain/hook/owned-name.ts and hook-name.ts; test/launcher/shell.test.ts compares the names.
 */
#include "owned_name.h"

/* Programs that run a script named in their arguments, and beginnings of such names. */
static const char INTERPRETERS[] =
    " env sh bash dash zsh ksh fish node nodejs bun deno tsx ts-node npx bunx uv uvx run exec poetry pipx"
    " ruby perl php Rscript pwsh java time nice nohup timeout sudo command cd ";
static const char SCRIPT_ENDINGS[] = " sh bash zsh py js mjs cjs ts mts cts rb pl php ps1 lua R exe ";
static const char CODE_OPTIONS[] = " -c -e --eval -command -m ";

static bool is_alphanumeric(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* The next word of a shell line, copied to `out` without quotes, since words are shorter there; false at the end. */
static bool next_word(const char **line, char **out, struct text *word)
{
    static const char ENDS[] = " \t\n\v\f\r\"';|&<>()";
    const char *at = *line;
    size_t pieces = 0;
    *word = (struct text){*out, 0};
    for (; *at != '\0'; at++) {
        bool is_quote = *at == '"' || *at == '\'';
        const char *end = is_quote ? strchr(at + 1, *at) : strchr(ENDS, *at) == NULL ? at : NULL;
        if (end == NULL && pieces > 0) break;
        if (end == NULL) continue;
        for (pieces++; at <= end; at++)
            if (*at != '"' && *at != '\'') *(*out)++ = *at;
        at = end;
    }
    word->length = (size_t)(*out - word->at);
    *line = at;
    return pieces > 0;
}

/* Neither an option nor an assignment. */
static bool is_candidate(struct text word)
{
    size_t at = 0;
    if (word.length == 0 || *word.at == '-') return false;
    while (at < word.length && (is_alphanumeric(word.at[at]) || word.at[at] == '_')) at++;
    return at == 0 || at == word.length || word.at[at] != '=' || (*word.at >= '0' && *word.at <= '9');
}

/* The last part of a path. */
static struct text last_part(struct text path)
{
    while (path.length > 0 && strchr("/\\", path.at[path.length - 1]) != NULL) path.length--;
    size_t start = path.length;
    while (start > 0 && strchr("/\\", path.at[start - 1]) == NULL) start--;
    return (struct text){path.at + start, path.length - start};
}

/* The one to five letters or digits after the last dot, which must not be the first character. */
static struct text ending_of(struct text path)
{
    struct text part = last_part(path);
    size_t length = 0;
    while (length < part.length && length < 6 && is_alphanumeric(part.at[part.length - 1 - length])) length++;
    bool is_ending = length >= 1 && length <= 5 && part.length > length + 1 && part.at[part.length - 1 - length] == '.';
    return (struct text){part.at + part.length - length, is_ending ? length : 0};
}

static struct text base_name(struct text path)
{
    struct text part = last_part(path), ending = ending_of(path);
    if (ending.length > 0) part.length -= ending.length + 1;
    return part;
}

static bool is_interpreter(struct text name)
{
    return text_is_listed(INTERPRETERS, name) || (name.length >= 6 && memcmp(name.at, "python", 6) == 0) ||
           (name.length >= 4 && memcmp(name.at, "pypy", 4) == 0);
}

/* The word that names the script: the first with a script's ending, else the first that is no interpreter. */
static struct text script_of(const char *line, char *words)
{
    struct text word, previous = {0}, first = {0}, program = {0};
    bool has_first = false;
    while (next_word(&line, &words, &word)) {
        bool is_name = is_candidate(word) && !text_is_listed(CODE_OPTIONS, previous);
        if (!has_first) first = word, has_first = true;
        if (is_name && text_is_listed(SCRIPT_ENDINGS, ending_of(word))) return word;
        if (is_name && program.at == NULL && !is_interpreter(base_name(word))) program = word;
        previous = word;
    }
    return program.at != NULL ? program : first;
}

/* Claude Code keeps an installed plugin in `plugins/cache/MARKETPLACE/PLUGIN/VERSION`. */
static struct text owner_of(const char *root, bool is_plugin)
{
    struct text path = text_of(root), own = last_part(path), parts[3];
    for (int i = 0; i < 3; i++) {
        parts[i] = last_part(path);
        path.length = parts[i].length > 0 ? (size_t)(parts[i].at - path.at) : 0;
    }
    struct text cache = last_part(path);
    bool is_installed = is_plugin && cache.length == 5 && memcmp(cache.at, "cache", 5) == 0;
    return is_installed && parts[1].length > 0 ? parts[1] : own;
}

static size_t add(char *name, size_t at, struct text text)
{
    for (size_t i = 0; i < text.length && at <= OWNED_NAME_BYTES; i++) {
        bool is_plain = is_alphanumeric(text.at[i]) || (unsigned char)text.at[i] >= 0x80 || strchr("._+@-", text.at[i]) != NULL;
        name[at++] = is_plain && text.at[i] != '\0' ? text.at[i] : '-';
    }
    return at;
}

void owned_name(const char *owner_root, bool is_plugin, const char *line, char name[OWNED_NAME_BYTES + 2])
{
    char *words = calloc(strlen(line) + 1, 1);
    struct text script = words == NULL ? text_of("hook") : base_name(script_of(line, words));
    size_t length = add(name, 0, owner_of(owner_root, is_plugin));
    length = add(name, length, text_of("-"));
    length = add(name, length, script.length > 0 ? script : text_of("hook"));
    /* A character that was cut is none. */
    if (length > OWNED_NAME_BYTES)
        for (length = OWNED_NAME_BYTES; length > 0 && ((unsigned char)name[length] & 0xc0) == 0x80;) length--;
    name[length] = '\0';
    free(words);
}
