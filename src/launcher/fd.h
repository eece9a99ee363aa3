/* fd.c: descriptors. */
#pragma once

#include "system.h"

/* Opens a pipe or a socket pair, close-on-exec: [0] is read, [1] is written. */
bool fd_pair(bool is_socket, int ends[2]);
/* Moves a descriptor above the streams' numbers, which are reserved even if the caller closed them. */
int fd_above_streams(int low);
/* Closes all descriptors but these; some may be -1. */
void fd_close_all_but(const int *kept, size_t count);
