/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/report_folder.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static int is_journal(const struct dirent *entry)
{
    static const char suffix[] = ".journal";
    const size_t len = strlen(entry->d_name);

    return len >= sizeof suffix && strcmp(entry->d_name + len - sizeof suffix + 1, suffix) == 0;
}

/* Their names begin with the time. Those of one second end in a number, from the second one on. */
static int compare_times(const struct dirent **a, const struct dirent **b)
{
    char stems[2][NAME_MAX + 1];

    for (size_t i = 0; i < 2; i++) {
        text_print(stems[i], sizeof stems[i], "%s", i == 0 ? (*a)->d_name : (*b)->d_name);
        *strrchr(stems[i], '.') = '\0';
    }
    return strverscmp(stems[0], stems[1]);
}

int report_folder_journals(const char *folder, struct dirent ***names)
{
    *names = NULL;
    return scandir(folder, names, is_journal, compare_times);
}
