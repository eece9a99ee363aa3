/*
 * The default `--name`: the base name, without extension, of the script that the command runs.
 * Twin: src/domain/hook-name.ts. Both are held to fixtures/vectors/hook-name.json.
 */
#include "launcher.h"

enum { MAX_NAME_UNITS = 80 };

/* A word, or a part of one; not ended by NUL. */
struct word {
    const char *at;
    size_t length;
};

static const char INTERPRETERS[] =
    " env sh bash dash zsh ksh fish node nodejs bun deno tsx ts-node npx bunx uv uvx run exec poetry pipx"
    " ruby perl php Rscript pwsh java time nice nohup timeout sudo command cd ";
static const char SCRIPT_ENDINGS[] = " sh bash zsh py js mjs cjs ts mts cts rb pl php ps1 lua R exe ";
static const char CODE_OPTIONS[] = " -c -e --eval -command -m ";

/* Whether a list, in which each word stands between two blanks, has this one. */
static bool has(const char *list, struct word word)
{
    if (word.length == 0 || memchr(word.at, ' ', word.length) != NULL) return false;
    for (const char *at = list; *at != '\0'; at++)
        if (*at == ' ' && strncmp(at + 1, word.at, word.length) == 0 && at[1 + word.length] == ' ') return true;
    return false;
}

static bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_slash(char c)
{
    return c == '/' || c == '\\';
}

static struct word last_part(struct word word)
{
    while (word.length > 0 && is_slash(word.at[word.length - 1])) word.length--;
    size_t start = word.length;
    while (start > 0 && !is_slash(word.at[start - 1])) start--;
    return (struct word){word.at + start, word.length - start};
}

/* What follows the last dot, of one to five letters or digits; a leading dot begins a name, not an ending. */
static struct word ending(struct word word)
{
    struct word part = last_part(word);
    size_t start = part.length;
    while (start > 0 && is_alnum(part.at[start - 1])) start--;
    size_t length = part.length - start;
    bool is_ending = length >= 1 && length <= 5 && start >= 2 && part.at[start - 1] == '.';
    return (struct word){part.at + start, is_ending ? length : 0};
}

static struct word base_name(struct word word)
{
    struct word part = last_part(word), end = ending(word);
    if (end.length > 0) part.length -= end.length + 1;
    return part;
}

static bool is_assignment(struct word word)
{
    size_t i = 0;
    while (i < word.length && (is_alnum(word.at[i]) || word.at[i] == '_')) i++;
    return i > 0 && i < word.length && word.at[i] == '=' && !(word.at[0] >= '0' && word.at[0] <= '9');
}

static bool is_interpreter(struct word name)
{
    bool is_prefixed = (name.length >= 6 && memcmp(name.at, "python", 6) == 0) ||
                       (name.length >= 4 && memcmp(name.at, "pypy", 4) == 0);
    return is_prefixed || has(INTERPRETERS, name);
}

static bool is_candidate(struct word word, struct word before)
{
    return word.length > 0 && word.at[0] != '-' && !is_assignment(word) && !has(CODE_OPTIONS, before);
}

/*
 * The next word of a shell line, well enough to find a script's path in it: written to `out` without its quotes,
 * nothing expanded. The line behind it; NULL where there is none.
 */
static const char *next_word(const char *line, char **out)
{
    bool is_word = false;
    while (*line != '\0') {
        size_t space = space_at(line);
        const char *close = *line == '"' || *line == '\'' ? strchr(line + 1, *line) : NULL;
        if (close != NULL) {
            for (; line <= close; line++)
                if (*line != '"' && *line != '\'') *(*out)++ = *line;
        } else if (space == 0 && strchr("\"';|&<>()", *line) == NULL) {
            *(*out)++ = *line++;
        } else {
            line += space > 0 ? space : 1;
            if (is_word) return line;
            continue;
        }
        is_word = true;
    }
    return is_word ? line : NULL;
}

static struct word choose(const struct word *words, size_t count)
{
    const struct word none = {"", 0};
    for (size_t i = 0; i < count; i++)
        if (is_candidate(words[i], i > 0 ? words[i - 1] : none) && has(SCRIPT_ENDINGS, ending(words[i]))) return words[i];
    for (size_t i = 0; i < count; i++)
        if (is_candidate(words[i], i > 0 ? words[i - 1] : none) && !is_interpreter(base_name(words[i]))) return words[i];
    return count > 0 ? words[0] : none;
}

void default_hook_name(char *const *argv, const char *shell_line, char name[HOOK_NAME_BYTES])
{
    size_t most = shell_line != NULL ? strlen(shell_line) + 1 : 0, count = 0;
    while (shell_line == NULL && argv[most] != NULL) most++;
    struct word *words = calloc(most + 1, sizeof *words);
    char *text = malloc(most + 1), *out = text;
    if (words != NULL && text != NULL) {
        if (shell_line == NULL)
            for (; count < most; count++) words[count] = (struct word){argv[count], strlen(argv[count])};
        for (char *start = out; shell_line != NULL && (shell_line = next_word(shell_line, &out)) != NULL; start = out)
            words[count++] = (struct word){start, (size_t)(out - start)};
    }
    struct word chosen = count > 0 ? base_name(choose(words, count)) : (struct word){"", 0};
    bool is_split;
    size_t length = utf16_prefix(chosen.at, chosen.length, MAX_NAME_UNITS, &is_split);
    memcpy(name, chosen.at, length);
    /* JavaScript cuts between the halves of a surrogate pair, and writes the half as U+FFFD. */
    strcpy(name + length, is_split ? "\xef\xbf\xbd" : "");
    if (length == 0 && !is_split) strcpy(name, "hook");
    free(words);
    free(text);
}
