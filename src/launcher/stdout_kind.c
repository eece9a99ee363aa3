/*
 * Classifies what a hook writes on stdout: whether it is one object and nothing else, by quotes and brackets alone. The
 * record has the beginning of such an output, which src/domain/stdout-kind.ts parses.
 */
#include "stdout_kind.h"

enum state { START, LEAD, OBJECT, STRING, ESCAPE, DONE, TEXT, BROKEN };

static bool is_space(int byte)
{
    return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

static int step(struct stdout_kind *kind, int byte)
{
    static const unsigned char BOM[] = {0xef, 0xbb, 0xbf};
    switch (kind->state) {
    case START:
    case LEAD:
        if (kind->bom_bytes < 3 && byte == BOM[kind->bom_bytes] && (kind->state == START || kind->bom_bytes > 0)) {
            kind->bom_bytes++;
            return LEAD;
        }
        if (kind->bom_bytes == 1 || kind->bom_bytes == 2) return TEXT;
        kind->bom_bytes = 3;
        kind->depth = 1;
        return is_space(byte) ? LEAD : byte == '{' ? OBJECT : TEXT;
    case OBJECT:
        if (byte == '"') return STRING;
        kind->depth += (byte == '{' || byte == '[') - (byte == '}' || byte == ']');
        return kind->depth == 0 ? DONE : OBJECT;
    case STRING: return byte == '"' ? OBJECT : byte == '\\' ? ESCAPE : STRING;
    case ESCAPE: return STRING;
    case DONE: return is_space(byte) ? DONE : BROKEN;
    default: return kind->state;
    }
}

void stdout_kind_push(struct stdout_kind *kind, const unsigned char *bytes, size_t length)
{
    for (size_t i = 0; i < length && kind->state < TEXT; i++) kind->state = step(kind, bytes[i]);
}

enum kind_of_stdout stdout_kind_of(const struct stdout_kind *kind)
{
    if (kind->state == START) return KIND_EMPTY;
    if (kind->state == LEAD || kind->state == TEXT) return KIND_TEXT;
    return kind->state == DONE ? KIND_JSON : KIND_BROKEN;
}

bool stdout_kind_is_final(const struct stdout_kind *kind)
{
    return kind->state >= DONE;
}
