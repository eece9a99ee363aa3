/* home.c: the state directory. */
#pragma once

#include "system.h"

struct run;

/*
 * Opens it, and makes it if it is the default; where it is not ours alone there is none from then on. True
 * where there is none yet that Node would make. Overwrites `path`.
 */
bool home_open(struct run *run);
uid_t home_user(void);
/* Opens a directory, if it is our user's alone, or one in the state directory; -1 for a link. */
int home_open_directory(int parent, const char *name);
int home_open_own(const char *path);
int home_open_inside(const struct run *run, const char *name, bool creates);
/* A regular file of our user, with no other name by which it could be somebody else's too. */
bool home_is_own_file(int file);
