/* SPDX-License-Identifier: Apache-2.0 */
/* The journals of a report folder. */
#ifndef HSMFERRY_CMD_REPORT_FOLDER_H
#define HSMFERRY_CMD_REPORT_FOLDER_H

#include <dirent.h>

/* Their names, the oldest first. Returns how many; below 0: the folder cannot be read. The caller
 * frees each of them, and *names. */
int report_folder_journals(const char *folder, struct dirent ***names);

#endif
