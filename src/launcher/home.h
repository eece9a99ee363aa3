/* home.c: the state directory. */
#pragma once

#include "system.h"

struct run;

/*
 * Opens the state directory, and makes the default one; `settings.home` becomes empty if a check fails. True if Node
 * has to make or stamp it first. Overwrites `path`.
 */
bool home_open(struct run *run);
uid_t home_user(void);
/* Open a directory, but no link: any, one that only the user can write, or one in the state directory. -1 on failure. */
int home_open_directory(int parent, const char *name);
int home_open_own(const char *path);
int home_open_inside(const struct run *run, const char *name, bool creates);
/* Whether it is a regular file of the user without a second name, which could be another user's. */
bool home_is_own_file(int file);
