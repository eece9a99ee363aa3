/*
 * The program that CLAUDE_CODE_SHELL_PREFIX names: a copy of the launcher beside the user's settings file, called
 * `hookbus-shell`, with a link to the launcher in the same directory.
 *
 *   hookbus-shell LINE      hooks, tool calls and MCP servers alike
 *
 * It tells them apart by the environment, and becomes what Claude Code would have started. If the launcher is missing or
 * cannot run, so does a hook: the copy depends on nothing else. No variable says what to run in its place, since a
 * repository can set variables.
 */
#include "shell.h"
#include "owned_name.h"

extern char **environ;

enum { PATH_MAX_BYTES = 4096 };

static const char PROGRAM[] = "/hookbus-shell", LAUNCHER[] = "/launcher", SH[] = "/bin/sh";

bool shell_is_called(const char *program)
{
    size_t length = program == NULL ? 0 : strlen(program), wanted = sizeof PROGRAM - 1;
    return length >= wanted && strcmp(program + length - wanted, PROGRAM) == 0;
}

static char *unconst(const char *text)
{
    return (char *)(uintptr_t)text;
}

/* Claude Code marks what the model runs. Only hooks and servers get the project. */
static bool is_tool_call(void)
{
    const char *agent = getenv("AI_AGENT");
    size_t length = agent == NULL ? 0 : strlen(agent);
    bool is_marked = length > 6 && strncmp(agent, "claude-code", 11) == 0 && strcmp(agent + length - 5, "agent") == 0;
    return is_marked || getenv("CLAUDE_PROJECT_DIR") == NULL;
}

/* It takes this variable from a server alone. */
static bool is_server(void)
{
    return getenv("CLAUDE_CODE_CHILD_SESSION") == NULL;
}

static bool is_enabled(void)
{
    const char *value = getenv("HOOKBUS_ENABLED");
    return value != NULL && *value != '\0' && strcmp(value, "0") != 0;
}

/* Whether HookBus stands in the line already. TypeScript port: `mentionsHookbus` in src/domain/hook/wrapping.ts. */
static bool is_wrapped(const char *line)
{
    static const char BLANKS[] = " \t\n\v\f\r", BEFORE[] = " \t\n\v\f\r;&|('\"/=";
    if (strstr(line, ":*}/hookbus\"") != NULL) return true;
    for (const char *at = line; (at = strstr(at, "hookbus")) != NULL; at++) {
        const char *after = at + 7 + (strncmp(at + 7, ".js", 3) == 0 ? 3 : 0);
        if (*after == '\'' || *after == '"') after++;
        const char *word = after + strspn(after, BLANKS);
        bool is_program = (at == line || strchr(BEFORE, at[-1]) != NULL) && word > after;
        /* The string's own end is among the blanks that strchr finds. */
        if (is_program && strncmp(word, "run", 3) == 0 && strchr(BLANKS, word[3]) != NULL) return true;
    }
    return false;
}

/* Returns if the launcher cannot run. */
static void try_launcher(const char *program, const char *line)
{
    static char path[PATH_MAX_BYTES];
    char name[OWNED_NAME_BYTES + 2], *words[8];
    const char *root = getenv("CLAUDE_PLUGIN_ROOT");
    size_t directory = strlen(program) - (sizeof PROGRAM - 1), count = 0;
    if (*program != '/' || directory + sizeof LAUNCHER > sizeof path) return;
    memcpy(path, program, directory);
    strcpy(path + directory, LAUNCHER);
    words[count++] = unconst(SHELL_RUN);
    words[count++] = unconst("run");
    if (root != NULL && *root != '\0') {
        owned_name(root, getenv("CLAUDE_PLUGIN_DATA") != NULL, line, name);
        words[count++] = unconst("--name");
        words[count++] = name;
    }
    words[count++] = unconst("--shell");
    words[count++] = unconst(line);
    words[count] = NULL;
    (void)execve(path, words, environ);
}

/*
 * Splits a line into words that are plain, or in single quotes with `'"'"'` for a quote, which is how Claude Code
 * writes a server's command; false for any other line. Overwrites the line.
 */
static bool split(char *line, char **words)
{
    char *out = line;
    size_t count = 0;
    while (*line != '\0') {
        bool is_last = false;
        words[count++] = out;
        while (*line != ' ' && *line != '\0') {
            if (strncmp(line, "\"'\"", 3) == 0) {
                *out++ = '\'';
                line += 3;
            } else if (*line == '\'') {
                char *end = strchr(line + 1, '\'');
                if (end == NULL) return false;
                memmove(out, line + 1, (size_t)(end - line - 1));
                out += end - line - 1;
                line = end + 1;
            } else if (strchr("\"\\$`;&|<>()*?[]#~!{}\t\n", *line) != NULL) return false;
            else *out++ = *line++;
        }
        is_last = *line == '\0';
        if (!is_last) line++;
        *out++ = '\0';
    }
    words[count] = NULL;
    return count > 0;
}

/* A server is started without a shell, as if there were no prefix: signals then reach it. */
static void try_server(const char *line)
{
    char *copy = strdup(line), **words = calloc(strlen(line) + 2, sizeof *words);
    if (copy != NULL && words != NULL && split(copy, words)) (void)execvp(words[0], words);
    free(copy);
    free(words);
}

static void try_shell(const char *shell, const char *line)
{
    char *words[] = {unconst(shell), unconst("-c"), unconst(line), NULL};
    (void)execve(shell, words, environ);
}

_Noreturn void shell_become(char **argv)
{
    const char *line = argv[1] == NULL ? "" : argv[1], *shell = getenv("SHELL");
    if (is_tool_call()) {
        /* Claude Code names the shell that it would have started. */
        if (shell != NULL && *shell == '/') try_shell(shell, line);
    } else if (is_server()) try_server(line);
    else if (is_enabled() && !is_wrapped(line)) try_launcher(argv[0], line);
    try_shell(SH, line);
    _exit(errno == ENOENT ? 127 : 126);
}
