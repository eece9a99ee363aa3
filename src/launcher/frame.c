/* Writes frames; frame.h says how they look. */
#include "launcher.h"

static void put_length(unsigned char *at, size_t length)
{
    for (int i = 0; i < 4; i++) at[i] = (unsigned char)(length >> (8 * i));
}

static void grow(struct bytes *bytes, size_t capacity)
{
    unsigned char *at = realloc(bytes->at, capacity);
    bytes->failed = at == NULL;
    if (at == NULL) return;
    bytes->at = at;
    bytes->capacity = capacity;
}

void bytes_add(struct bytes *bytes, const void *added, size_t length)
{
    size_t needed = bytes->length + length;
    if (needed > bytes->capacity && !bytes->failed) grow(bytes, needed * 2 + 1024);
    if (bytes->failed || length == 0) return;
    memcpy(bytes->at + bytes->length, added, length);
    bytes->length = needed;
}

void bytes_text(struct bytes *bytes, const char *text)
{
    bytes_add(bytes, text, strlen(text));
}

size_t frame_begin(struct bytes *bytes, enum frame_kind kind)
{
    size_t start = bytes->length;
    unsigned char header[6] = {FRAME_VERSION, (unsigned char)kind};
    bytes_add(bytes, header, sizeof header);
    return start;
}

void frame_end(struct bytes *bytes, size_t start)
{
    if (!bytes->failed) put_length(bytes->at + start + 2, bytes->length - start - 6);
}

size_t field_begin(struct bytes *bytes, int tag)
{
    size_t start = bytes->length;
    unsigned char header[5] = {(unsigned char)tag};
    bytes_add(bytes, header, sizeof header);
    return start;
}

void field_end(struct bytes *bytes, size_t start)
{
    if (!bytes->failed) put_length(bytes->at + start + 1, bytes->length - start - 5);
}

void field_bytes(struct bytes *bytes, int tag, const void *value, size_t length)
{
    size_t start = field_begin(bytes, tag);
    bytes_add(bytes, value, length);
    field_end(bytes, start);
}

void field_text(struct bytes *bytes, int tag, const char *text)
{
    if (text != NULL) field_bytes(bytes, tag, text, strlen(text));
}

void write_number(unsigned char value[8], uint64_t number)
{
    for (int i = 0; i < 8; i++) value[i] = (unsigned char)(number >> (8 * i));
}

void field_number(struct bytes *bytes, int tag, uint64_t number)
{
    unsigned char value[8];
    write_number(value, number);
    field_bytes(bytes, tag, value, sizeof value);
}
