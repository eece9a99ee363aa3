/* Writes frames; frame.h has the format. */
#include "frame.h"

void frame_write_number(unsigned char *at, int size, uint64_t number)
{
    for (int i = 0; i < size; i++) at[i] = (unsigned char)(number >> (8 * i));
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

size_t frame_begin(struct bytes *bytes, enum frame_kind kind)
{
    unsigned char header[6] = {FRAME_VERSION, (unsigned char)kind};
    bytes_add(bytes, header, sizeof header);
    return bytes->length;
}

void frame_end(struct bytes *bytes, size_t start)
{
    if (!bytes->failed) frame_write_number(bytes->at + start - 4, 4, bytes->length - start);
}

void field_bytes(struct bytes *bytes, int tag, const void *value, size_t length)
{
    unsigned char header[5] = {(unsigned char)tag};
    frame_write_number(header + 1, 4, length);
    bytes_add(bytes, header, sizeof header);
    bytes_add(bytes, value, length);
}

void field_text(struct bytes *bytes, int tag, const char *text)
{
    if (text != NULL) field_bytes(bytes, tag, text, strlen(text));
}

void field_number(struct bytes *bytes, int tag, uint64_t number)
{
    unsigned char value[8];
    frame_write_number(value, sizeof value, number);
    field_bytes(bytes, tag, value, sizeof value);
}
