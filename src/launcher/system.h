/* The system headers that every file needs. */
#pragma once

#ifdef __linux__
#define _GNU_SOURCE
#else
#define _DARWIN_C_SOURCE
#endif

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef HOOKBUS_VERSION
#define HOOKBUS_VERSION "0.0.0"
#endif
#ifndef HOOKBUS_NODE
#define HOOKBUS_NODE "/usr/bin/node"
#endif
