/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/nss/database.h"

#include <ftw.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ARGUMENTS_MAX = 16 };

static bool write_pin(const struct database *database, const char *pin)
{
    char path[128];
    FILE *file;

    snprintf(path, sizeof path, "%s/pin", database->folder);
    file = fopen(path, "w");
    if (!file)
        return false;
    fprintf(file, "%s\n", pin);
    return fclose(file) == 0;
}

bool database_tools(void)
{
    return system("command -v certutil >/dev/null && command -v symkeyutil >/dev/null") == 0;
}

bool database_make(struct database *database, const char *pin)
{
    const char *create[] = {"-N", pin ? NULL : "--empty-password", NULL};
    const char *base = getenv("TMPDIR");
    char out[1024];

    *database = (struct database){.where = {.api = "nss"}};
    snprintf(database->folder, sizeof database->folder, "%s/hsmferry-nss.XXXXXX",
             base && strlen(base) < 32 ? base : "/tmp");
    if (!mkdtemp(database->folder))
        return false;
    snprintf(database->where.module, sizeof database->where.module, "sql:%s", database->folder);
    if (write_pin(database, pin ? pin : "") &&
        database_tool(database, "certutil", create, out, sizeof out) == 0)
        return true;
    database_remove(database);
    return false;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)status;
    (void)type;
    (void)where;
    return remove(path);
}

void database_remove(struct database *database)
{
    if (database->folder[0])
        nftw(database->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    *database = (struct database){0};
}

static void read_all(int fd, char *out, size_t size)
{
    size_t len = 0;
    ssize_t got;

    while ((got = read(fd, out + len, size - 1 - len)) > 0)
        len += (size_t)got;
    out[len] = '\0';
}

int database_tool(const struct database *database, const char *tool, const char *const *arguments,
                  char *out, size_t size)
{
    extern char **environ;
    char pin[128];
    const char *argv[ARGUMENTS_MAX + 6] = {tool, "-d", database->where.module, "-f", pin};
    posix_spawn_file_actions_t actions;
    int pipes[2], status = -1, n = 5;
    pid_t pid;

    snprintf(pin, sizeof pin, "%s/pin", database->folder);
    for (int i = 0; arguments[i] && i < ARGUMENTS_MAX; i++)
        argv[n++] = arguments[i];
    if (pipe(pipes) != 0)
        return -1;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, pipes[1], 1);
    posix_spawn_file_actions_adddup2(&actions, pipes[1], 2);
    posix_spawn_file_actions_addclose(&actions, pipes[0]);
    posix_spawn_file_actions_addclose(&actions, pipes[1]);
    if (posix_spawnp(&pid, tool, &actions, NULL, (char *const *)argv, environ) == 0) {
        close(pipes[1]);
        read_all(pipes[0], out, size);
        waitpid(pid, &status, 0);
    } else {
        close(pipes[1]);
    }
    close(pipes[0]);
    posix_spawn_file_actions_destroy(&actions);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
