/*
 * Tells what a hook wrote on stdout, as it streams by: a JSON syntax check (RFC 8259) in constant memory. Twin:
 * src/domain/stdout-kind.ts, which says what the kinds mean. Both are held to fixtures/vectors/stdout-kind.json.
 */
#include "launcher.h"

enum state {
    START,
    MARK_2, MARK_3, /* bytes 2 and 3 of a byte order mark */
    LEAD,           /* white space in front */
    FIRST_KEY,      /* a key or `}` */
    KEY, COLON,
    FIRST_ITEM,     /* a value or `]` */
    VALUE,
    NEXT,           /* `,` or the end of what is open */
    STRING, ESCAPE, HEX,
    WORD,           /* true, false, null */
    MINUS, NUL, INTEGER, POINT, FRACTION, EXPONENT, EXPONENT_SIGN, EXPONENT_DIGIT, /* behind that part of a number */
    DONE, TEXT, BROKEN,
};

static bool is_space(int byte)
{
    return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

static bool is_digit(int byte)
{
    return byte >= '0' && byte <= '9';
}

/* The outermost object has depth 0 and no bit: it is known to be an object. */
static bool is_in_array(const struct stdout_kind *kind)
{
    return kind->arrays[kind->depth / 8] >> (kind->depth % 8) & 1;
}

static int open_nested(struct stdout_kind *kind, bool is_array)
{
    if (kind->depth + 1 == MAX_JSON_DEPTH) return BROKEN;
    kind->depth++;
    unsigned char bit = (unsigned char)(1 << kind->depth % 8), *arrays = &kind->arrays[kind->depth / 8];
    *arrays = (unsigned char)(is_array ? *arrays | bit : *arrays & ~bit);
    return is_array ? FIRST_ITEM : FIRST_KEY;
}

static int close_nested(struct stdout_kind *kind, int byte)
{
    if (byte != (is_in_array(kind) ? ']' : '}')) return BROKEN;
    if (kind->depth == 0) return DONE;
    kind->depth--;
    return NEXT;
}

static int open_key(struct stdout_kind *kind, int byte)
{
    kind->in_key = true;
    return byte == '"' ? STRING : BROKEN;
}

static int open_value(struct stdout_kind *kind, int byte)
{
    kind->in_key = false;
    if (byte == '"') return STRING;
    if (byte == '{' || byte == '[') return open_nested(kind, byte == '[');
    if (byte == '-') return MINUS;
    if (is_digit(byte)) return byte == '0' ? NUL : INTEGER;
    kind->word = byte == 't' ? "rue" : byte == 'f' ? "alse" : byte == 'n' ? "ull" : NULL;
    return kind->word == NULL ? BROKEN : WORD;
}

/* `START` differs from `LEAD` in that a byte order mark may come, and in that its end means `empty`. */
static int before_object(int state, int byte)
{
    if (state == START && byte == 0xef) return MARK_2;
    if (state == MARK_2) return byte == 0xbb ? MARK_3 : TEXT;
    if (state == MARK_3) return byte == 0xbf ? LEAD : TEXT;
    if (is_space(byte)) return LEAD;
    return byte == '{' ? FIRST_KEY : TEXT;
}

static int between_tokens(struct stdout_kind *kind, int byte)
{
    if (is_space(byte)) return kind->state;
    switch (kind->state) {
    case FIRST_KEY: return byte == '}' ? close_nested(kind, byte) : open_key(kind, byte);
    case KEY: return open_key(kind, byte);
    case COLON: return byte == ':' ? VALUE : BROKEN;
    case FIRST_ITEM: return byte == ']' ? close_nested(kind, byte) : open_value(kind, byte);
    case VALUE: return open_value(kind, byte);
    case NEXT: return byte != ',' ? close_nested(kind, byte) : is_in_array(kind) ? VALUE : KEY;
    default: return BROKEN; /* `DONE`: something behind the object */
    }
}

static int in_string(struct stdout_kind *kind, int byte)
{
    if (kind->state == STRING) {
        if (byte == '"') return kind->in_key ? COLON : NEXT;
        if (byte == '\\') return ESCAPE;
        return byte < ' ' ? BROKEN : STRING;
    }
    if (kind->state == ESCAPE) {
        kind->hex_left = 4;
        if (byte == 'u') return HEX;
        return byte != 0 && strchr("\"\\/bfnrt", byte) != NULL ? STRING : BROKEN;
    }
    int lower = byte | 0x20;
    if (!is_digit(byte) && !(lower >= 'a' && lower <= 'f')) return BROKEN;
    kind->hex_left--;
    return kind->hex_left == 0 ? STRING : HEX;
}

static int in_number(struct stdout_kind *kind, int byte)
{
    int state = kind->state;
    bool digit = is_digit(byte);
    if (state == MINUS) return byte == '0' ? NUL : digit ? INTEGER : BROKEN;
    if (state == POINT) return digit ? FRACTION : BROKEN;
    if (state == EXPONENT && (byte == '+' || byte == '-')) return EXPONENT_SIGN;
    if (state == EXPONENT || state == EXPONENT_SIGN) return digit ? EXPONENT_DIGIT : BROKEN;
    if (digit && state != NUL) return state;
    if (byte == '.' && (state == NUL || state == INTEGER)) return POINT;
    if ((byte | 0x20) == 'e' && state != EXPONENT_DIGIT) return EXPONENT;
    /* The byte behind a number is not part of it, so it counts as what comes next. */
    kind->state = NEXT;
    return between_tokens(kind, byte);
}

static int step(struct stdout_kind *kind, int byte)
{
    if (kind->state <= LEAD) return before_object(kind->state, byte);
    if (kind->state <= NEXT || kind->state == DONE) return between_tokens(kind, byte);
    if (kind->state <= HEX) return in_string(kind, byte);
    if (kind->state >= MINUS) return in_number(kind, byte);
    if (byte != *kind->word) return BROKEN;
    kind->word++;
    return *kind->word == '\0' ? NEXT : WORD;
}

void stdout_kind_push(struct stdout_kind *kind, const unsigned char *bytes, size_t length)
{
    for (size_t i = 0; i < length && kind->state < TEXT; i++) kind->state = step(kind, bytes[i]);
}

enum kind_of_stdout stdout_kind_of(const struct stdout_kind *kind)
{
    if (kind->state == START) return KIND_EMPTY;
    if (kind->state <= LEAD || kind->state == TEXT) return KIND_TEXT;
    return kind->state == DONE ? KIND_JSON : KIND_BROKEN;
}

bool stdout_kind_is_settled(const struct stdout_kind *kind)
{
    return kind->state >= DONE;
}
