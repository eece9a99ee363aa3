/*
 * The default `--name`: the base name, without extension, of the script that the command runs.
 * Twin: src/domain/hook-name.ts. Both are held to fixtures/vectors/hook-name.json.
 */
#include "launcher.h"

enum { MAX_NAME_UNITS = 80 };

static const char INTERPRETERS[] =
    " env sh bash dash zsh ksh fish node nodejs bun deno tsx ts-node npx bunx uv uvx run exec poetry pipx"
    " ruby perl php Rscript pwsh java time nice nohup timeout sudo command cd ";
static const char SCRIPT_ENDINGS[] = " sh bash zsh py js mjs cjs ts mts cts rb pl php ps1 lua R exe ";
static const char CODE_OPTIONS[] = " -c -e --eval -command -m ";
static const char LETTERS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";

static bool is_among(const char *set, char c)
{
    return c != '\0' && strchr(set, c) != NULL;
}

/* The last part of a path in two: its name, and what follows the last dot in it if that is one to five letters or digits. */
static struct text base_name(struct text word, struct text *ending)
{
    while (word.length > 0 && is_among("/\\", word.at[word.length - 1])) word.length--;
    for (size_t at = word.length; at > 0; at--) {
        if (!is_among("/\\", word.at[at - 1])) continue;
        word = (struct text){word.at + at, word.length - at};
        break;
    }
    size_t start = word.length;
    while (start > 0 && word.at[start - 1] != '_' && is_among(LETTERS, word.at[start - 1])) start--;
    *ending = (struct text){word.at + start, word.length - start};
    /* A leading dot begins a name, not an ending. */
    if (ending->length > 5 || start < 2 || word.at[start - 1] != '.') ending->length = 0;
    if (ending->length > 0) word.length = start - 1;
    return word;
}

static bool is_assignment(struct text word)
{
    size_t at = 0;
    while (at < word.length && is_among(LETTERS, word.at[at])) at++;
    return at > 0 && at < word.length && word.at[at] == '=' && (word.at[0] < '0' || word.at[0] > '9');
}

static bool is_interpreter(struct text name)
{
    bool is_prefixed = (name.length >= 6 && memcmp(name.at, "python", 6) == 0) ||
                       (name.length >= 4 && memcmp(name.at, "pypy", 4) == 0);
    return is_prefixed || text_is_listed(INTERPRETERS, name);
}

/* Bytes of the white space, as JavaScript understands it, that the text begins with. */
static size_t space_at(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    if (*at < 0x80) return is_among(" \t\n\v\f\r", *text);
    if (strncmp(text, "\xc2\xa0", 2) == 0) return 2;
    if (*at < 0xe1 || *at > 0xef || at[1] == '\0') return 0;
    unsigned code = (at[0] & 15u) << 12 | (at[1] & 63u) << 6 | (at[2] & 63u);
    bool is_space = (code >= 0x2000 && code <= 0x200a) || code == 0x1680 || code == 0x2028 || code == 0x2029 ||
                    code == 0x202f || code == 0x205f || code == 0x3000 || code == 0xfeff;
    return is_space ? 3 : 0;
}

/*
 * The next word of a shell line, well enough to find a script's path in it: written to `out` without its quotes, nothing
 * expanded. Where it ends in the line; NULL where there is none.
 */
static const char *next_word(const char *line, char **out)
{
    bool is_word = false;
    while (*line != '\0') {
        size_t space = space_at(line);
        const char *close = is_among("\"'", *line) ? strchr(line + 1, *line) : NULL;
        if (close != NULL) {
            for (; line <= close; line++)
                if (!is_among("\"'", *line)) *(*out)++ = *line;
        } else if (space == 0 && !is_among("\"';|&<>()", *line)) {
            *(*out)++ = *line++;
        } else if (is_word) {
            break;
        } else {
            line += space > 0 ? space : 1;
            continue;
        }
        is_word = true;
    }
    return is_word ? line : NULL;
}

/* The first word that is a script by its ending, else the first that is no interpreter, else the first. */
static struct text choose(char *const *argv, const char *line, char *out)
{
    struct text first = {0}, other = {0}, before = {0}, ending;
    for (size_t i = 0;; i++) {
        char *start = out;
        if (line == NULL && argv[i] == NULL) break;
        if (line != NULL && (line = next_word(line, &out)) == NULL) break;
        struct text word = line == NULL ? (struct text){argv[i], strlen(argv[i])} : (struct text){start, (size_t)(out - start)};
        struct text name = base_name(word, &ending);
        if (i == 0) first = name;
        if (word.length > 0 && word.at[0] != '-' && !is_assignment(word) && !text_is_listed(CODE_OPTIONS, before)) {
            if (text_is_listed(SCRIPT_ENDINGS, ending)) return name;
            if (other.at == NULL && !is_interpreter(name)) other = name;
        }
        before = word;
    }
    return other.at != NULL ? other : first;
}

void default_hook_name(char *const *argv, const char *shell_line, char name[HOOK_NAME_BYTES])
{
    char *text = malloc(shell_line == NULL ? 1 : strlen(shell_line) + 1);
    struct text chosen = text == NULL ? (struct text){0} : choose(argv, shell_line, text);
    size_t length = 0, units = 0;
    for (; length < chosen.length && length < HOOK_NAME_BYTES - 4; length++) {
        unsigned char byte = (unsigned char)chosen.at[length];
        units += (byte & 0xc0) == 0x80 ? 0 : byte >= 0xf0 ? 2 : 1;
        if (units > MAX_NAME_UNITS) break;
    }
    if (length > 0) memcpy(name, chosen.at, length);
    /* JavaScript cuts between the halves of a surrogate pair, and writes the half as U+FFFD. */
    bool is_split = units == MAX_NAME_UNITS + 1 && (unsigned char)chosen.at[length] >= 0xf0;
    strcpy(name + length, is_split ? "\xef\xbf\xbd" : length == 0 ? "hook" : "");
    free(text);
}
