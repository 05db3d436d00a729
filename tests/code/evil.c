/* SPDX-License-Identifier: Apache-2.0 */
/* A library that shows that it was loaded: as its code first runs, it makes the file CODE_MARK, or
 * one beside itself whose name ends in ".ran". With HARMLESS it does not, and is otherwise alike.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int sibling(void);

int sibling(void)
{
    return 1;
}

#ifndef HARMLESS
__attribute__((constructor)) static void leave_mark(void)
{
    const char *mark = getenv("CODE_MARK");
    char beside[4096];
    Dl_info self;

    if (!mark && dladdr((void *)(size_t)leave_mark, &self) != 0) {
        snprintf(beside, sizeof beside, "%s.ran", self.dli_fname);
        mark = beside;
    }
    int fd = !mark ? -1 : open(mark, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0)
        close(fd);
}
#endif
