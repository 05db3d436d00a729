/* SPDX-License-Identifier: Apache-2.0 */
/* hsmferry doctor [CEREMONY] */
#include <stdio.h>
#include <sysexits.h>

#include "base/file.h"
#include "cmd/command.h"
#include "cmd/doctor.h"
#include "cmd/message.h"

static void look_at_file(struct doctor *d);

static const struct doctor_check checks[] = {
    {"ceremony file", look_at_file, "Correct it, then run hsmferry doctor again"},
    {"agent", doctor_agents, "Install hsmferry completely, with its agent, in one version"},
    {"dialects", doctor_dialects, "Correct this dialect, or remove its file"},
    {"modules", doctor_modules,
     "Let root own the module and the folders above it, and let nobody else write to them"},
    {"module pins", doctor_pins_of_modules,
     "Determine who changed the module before you load it; then correct module-sha256"},
    {"PIN files", doctor_pin_files, "Let only the user who runs the ceremony read the file"},
    {"reports", doctor_reports, "Choose a report-folder that only this user may write to"},
    {"space", doctor_space, "Free space on this file system, or choose another report-folder"},
    {"log", doctor_log, "Start the host's log, or write \"syslog: no\""},
    {"lock folder", doctor_lock_folder,
     "Let root run: install -d -o root -m 1777 /run/lock/hsmferry"},
    {"token locks", doctor_locks, "Wait until that process ends, if the token is one of yours"},
    {"confinement", doctor_confinement,
     "Use a kernel with Landlock and seccomp (Debian 12 has both)"},
    {"locked memory", doctor_locked_memory,
     "Raise the limit: ulimit -l 1024, or memlock in /etc/security/limits.conf"},
    {"core dumps", doctor_dumps, "Run it without a debugger, and switch swapping off: swapoff -a"},
    {"terminal", doctor_terminal, "Use a terminal of at least 80x24, or hsmferry --plain"},
    {"locale", doctor_locale, "Set LC_ALL=C.UTF-8 for a screen with lines and all characters"},
    {"clock", doctor_clock, "Set the clock: date -u -s '2026-01-31 12:00:00'"},
    {"entropy", doctor_entropy, "Wait until the kernel has collected random numbers"},
};

/* --- the ceremony file --- */

static void look_at_file(struct doctor *d)
{
    struct config *config;
    struct err err = {0};
    char shown[FILE_SHOWN];

    if (!d->file) {
        doctor_note(d, "Run hsmferry doctor CEREMONY.yaml for its devices, too", "none is named");
    } else if (config_load(d->file, CONFIG_TO_RUN, &config, &err)) {
        doctor_good(d, "%s", file_shown(d->file, shown));
        config_free(config);
    } else
        doctor_failed(d, &err);
}

/* --- the command --- */

int command_doctor(const struct invocation *in)
{
    struct doctor d = {.agent = in->host->agent, .file = in->words[0], .out = stdout};
    struct config *config = NULL;
    struct err ignored;

    /* If a module is missing, for instance, everything else is still looked at. */
    if (d.file && config_load(d.file, CONFIG_TO_COMPARE, &config, &ignored))
        d.config = config;
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        d.check = &checks[i];
        d.check->look(&d);
    }
    config_free(config);
    if (d.faults == 0) {
        printf("\nA ceremony can run here%s.\n", d.file ? "" : ", as far as the machine decides");
        return EX_OK;
    }
    printf("\nA ceremony cannot run here yet: %u of these checks failed.\n", d.faults);
    return err_exit(d.code);
}
