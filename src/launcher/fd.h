/* fd.c: descriptors. */
#pragma once

#include "system.h"

/* The ends of a new channel, closed for whoever is started: [0] is read, [1] is written. */
bool fd_channel(bool is_socket, int ends[2]);
/* The same descriptor by a number that is no stream's: that of one which the caller closed is for what stands in for it. */
int fd_above_streams(int low);
/* Closes all descriptors but these, of which some may be -1. */
void fd_close_all_but(const int *kept, size_t count);
