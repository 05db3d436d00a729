/* SPDX-License-Identifier: Apache-2.0 */
/* What the host and its terminal offer. */
#include <dirent.h>
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/lock.h"
#include "base/text.h"
#include "cmd/confinement.h"
#include "cmd/doctor.h"
#include "hsm/token_lock.h"
#include "ui/model/layout.h"
#include "ui/screen/term.h"

enum { SECRETS_BYTES = 128 * 1024, LOCKS_SHOWN = 4 };

/* --- locks --- */

void doctor_lock_folder(struct doctor *d)
{
    const char *folder = token_lock_folder(token_lock_folders);
    struct err err = {0};

    if (!lock_folder_check(folder, &err))
        doctor_fault(d, err.code, NULL, "%s", err.what);
    else if (access(folder, W_OK) != 0)
        doctor_fault(d, ERR_DENIED, NULL, "this user may not write to %s", folder);
    else
        doctor_good(d, "%s", folder);
}

static bool is_lock(const char *name)
{
    static const char end[] = ".lock";
    size_t len = strlen(name);

    return strncmp(name, "hsmferry-", 9) == 0 && len > sizeof end &&
           strcmp(name + len - (sizeof end - 1), end) == 0;
}

void doctor_locks(struct doctor *d)
{
    const char *folder = token_lock_folder(token_lock_folders);
    DIR *dir = opendir(folder);
    struct dirent *entry;
    unsigned found = 0;
    char holder[256], shown[FILE_SHOWN];

    while (dir && (entry = readdir(dir))) {
        struct err err = {0};
        if (!is_lock(entry->d_name))
            continue;
        bool usable = lock_look(folder, entry->d_name, holder, sizeof holder, &err);
        if (err.code == ERR_NO_INPUT || (usable && !holder[0]))
            continue;
        if (found++ >= LOCKS_SHOWN)
            continue;
        if (usable)
            doctor_note(d, NULL, "%s is held by %s", file_shown(entry->d_name, shown), holder);
        else
            doctor_note(d, err.next, "%s", err.what);
    }
    if (dir)
        closedir(dir);
    if (found == 0)
        doctor_good(d, "no token is locked");
    else if (found > LOCKS_SHOWN)
        doctor_note(d, NULL, "%u more in %s are held, or cannot be used", found - LOCKS_SHOWN,
                    folder);
}

/* --- this process --- */

/* The box cannot be left, so a child tries it. */
static bool try_box(struct box *box)
{
    struct confinement none = {.count = 0};
    struct err err = {0};
    int fds[2];
    bool ok = false;

    if (pipe(fds) != 0)
        return false;
    pid_t pid = fork();
    if (pid == 0) {
        ok = confinement_enter(&none, false, box, &err) &&
             write(fds[1], box, sizeof *box) == sizeof *box;
        _exit(ok ? 0 : 1);
    }
    close(fds[1]);
    ok = pid > 0 && read(fds[0], box, sizeof *box) == sizeof *box;
    close(fds[0]);
    if (pid > 0)
        waitpid(pid, NULL, 0);
    return ok;
}

void doctor_confinement(struct doctor *d)
{
    struct box box = {0};
    bool required = d->config && d->config->policy.confinement == CONFINEMENT_REQUIRED;

    if (!try_box(&box))
        doctor_fault(d, ERR_FAILED, NULL, "the kernel refuses to confine a process");
    else if (box.whole)
        doctor_good(d, "%s", box.text);
    else if (required)
        doctor_fault(d, ERR_CONFIG, NULL, "the ceremony file requires it, and a process is %s",
                     box.text);
    else
        doctor_note(d, NULL, "a process is %s", box.text);
}

void doctor_locked_memory(struct doctor *d)
{
    struct rlimit limit = {0, 0};
    void *memory =
        mmap(NULL, SECRETS_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    bool ok = memory != MAP_FAILED && mlock(memory, SECRETS_BYTES) == 0;

    if (memory != MAP_FAILED)
        munmap(memory, SECRETS_BYTES);
    getrlimit(RLIMIT_MEMLOCK, &limit);
    if (ok)
        doctor_good(d, "PINs are kept out of swap");
    else
        doctor_note(d, NULL, "the limit is %llu KB, and PINs could be swapped to the disk",
                    (unsigned long long)limit.rlim_cur / 1024);
}

/* The first line of the kernel's list is its heading. */
static bool swaps(void)
{
    char line[256];
    FILE *list = fopen("/proc/swaps", "re");
    bool found = list && fgets(line, sizeof line, list) && fgets(line, sizeof line, list);

    if (list)
        fclose(list);
    return found;
}

void doctor_dumps(struct doctor *d)
{
    struct rlimit limit = {1, 1};

    getrlimit(RLIMIT_CORE, &limit);
    if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0 || limit.rlim_cur != 0)
        doctor_fault(d, ERR_FAILED, NULL, "this process could leave a core dump");
    else if (swaps())
        doctor_note(d, "Switch swapping off if a token is software: swapoff -a",
                    "none; but memory can be swapped to the disk, and software tokens keep keys in "
                    "memory");
    else
        doctor_good(d, "none, and nothing is swapped to the disk");
}

/* --- terminal --- */

void doctor_terminal(struct doctor *d)
{
    struct winsize size = {0};
    struct err err = {0};
    unsigned missing = 0;
    char keys[64] = "";
    size_t at = 0;

    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
        doctor_note(d, NULL, "standard input and output are not a terminal: line mode");
        return;
    }
    if (!term_look(&missing, &err)) {
        doctor_note(d, NULL, "%s: line mode only", err.what);
        return;
    }
    for (unsigned n = 1; n <= 10; n++)
        if (missing & 1U << n)
            at += text_print(keys + at, sizeof keys - at, " F%u", n);
    ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
    if (size.ws_col < LAYOUT_COLUMNS || size.ws_row < LAYOUT_LINES)
        doctor_note(d, NULL, "%ux%u is small: the screen shows one thing after the other",
                    size.ws_col, size.ws_row);
    else if (missing)
        doctor_note(d,
                    "Press Esc and a digit for these keys, or set TERM to the type of the terminal",
                    "%ux%u; its description has no key%s", size.ws_col, size.ws_row, keys);
    else
        doctor_good(d, "%ux%u, with F1 to F10", size.ws_col, size.ws_row);
}

void doctor_locale(struct doctor *d)
{
    const char *locale = setlocale(LC_CTYPE, "");
    const char *codeset = nl_langinfo(CODESET);
    char shown[FILE_SHOWN];

    if (!locale)
        doctor_note(d, NULL, "the locale that the environment names is not installed");
    else if (strcmp(codeset, "UTF-8") != 0)
        doctor_note(d, NULL, "%s is %s: the screen shows ASCII alone", file_shown(locale, shown),
                    codeset);
    else
        doctor_good(d, "%s", file_shown(locale, shown));
}

/* --- time and chance --- */

void doctor_clock(struct doctor *d)
{
    struct timex timex = {.modes = 0};
    struct stat program = {0};
    time_t now = time(NULL);
    char text[32];
    struct tm tm;

    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
    if (stat("/proc/self/exe", &program) == 0 && program.st_mtime > now)
        doctor_note(d, NULL, "%s is before hsmferry was installed", text);
    else if (adjtimex(&timex) == TIME_ERROR)
        doctor_good(d, "%s, not synchronised: compare it with another clock", text);
    else
        doctor_good(d, "%s, synchronised", text);
}

void doctor_entropy(struct doctor *d)
{
    unsigned char byte;

    if (getrandom(&byte, sizeof byte, GRND_NONBLOCK) == sizeof byte)
        doctor_good(d, "the kernel's random numbers are ready");
    else
        doctor_fault(d, ERR_FAILED, NULL, "the kernel has no random numbers yet");
}
