/* SPDX-License-Identifier: Apache-2.0 */
#include "session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"

enum { SESSION_LIMIT_MS = 120000 };

static const char *const no_environment[] = {NULL};

/* Our own agent: beside this program in a build tree, else where it is installed. */
static void find_agent(struct session *s)
{
    static const char name[] = "/hsmferry-agent";
    ssize_t len = readlink("/proc/self/exe", s->agent, sizeof s->agent - sizeof name);

    s->own_agent[0] = s->agent;
    while (len > 0 && s->agent[len - 1] != '/')
        len--;
    if (len > 0) {
        memcpy(s->agent + len - 1, name, sizeof name);
        if (access(s->agent, X_OK) == 0)
            return;
    }
    text_print(s->agent, sizeof s->agent, "%s%s", HSMFERRY_AGENT_DIR, name);
}

/* Where all users of this host find each other's locks; else those of one user do. */
static void find_locks(struct session *s)
{
    const char *own = getenv("XDG_RUNTIME_DIR");
    unsigned count = 0;

    s->locks[count++] = "/run/lock";
    if (own && own[0] == '/')
        s->locks[count++] = own;
    s->locks[count] = "/tmp";
}

static bool empty_config(struct config **out, struct err *err)
{
    struct config *config = calloc(1, sizeof *config);
    char here[EVENT_PATH_MAX - 16];

    if (!config)
        return err_set(err, ERR_FAILED, "There is no memory for a ceremony");
    if (!getcwd(here, sizeof here)) {
        free(config);
        return err_set_errno(err, ERR_IO, errno, "The folder for the report cannot be named");
    }
    config->rehearsal = true; /* production wants officers by name, as only a file has them */
    config->policy = policy_default();
    config->side[SIDE_SOURCE].limit_ms = config->side[SIDE_DESTINATION].limit_ms = SESSION_LIMIT_MS;
    text_print(config->report_folder, sizeof config->report_folder, "%s/reports", here);
    *out = config;
    return true;
}

bool session_load(struct session *s, const char *file, struct err *err)
{
    find_agent(s);
    find_locks(s);
    return file ? config_load(file, CONFIG_TO_RUN, &s->config, err) : empty_config(&s->config, err);
}

static struct worker_setup make_setup(const struct session *s, bool recorded, bool calls)
{
    const struct config *config = s->config;
    struct worker_setup setup = {
        .record = recorded ? report_sink(s->report) : NULL,
        .locks = s->locks,
        .calls = calls,
        .ceremony.rehearsal = config->rehearsal,
        .ceremony.officer_count = config->officer_count,
        .ceremony.policy = config->policy,
        .ceremony.prior = s->prior,
    };

    text_print(setup.ceremony.title, sizeof setup.ceremony.title, "%s", config->title);
    text_print(setup.ceremony.file, sizeof setup.ceremony.file, "%s", config->path);
    memcpy(setup.ceremony.officers, config->officers, sizeof setup.ceremony.officers);
    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++) {
        const struct config_side *from = &config->side[side];
        struct worker_side *to = &setup.side[side];
        setup.ceremony.where[side] = from->where;
        to->argv = from->agent ? (const char *const *)from->agent : s->own_agent;
        to->environment =
            from->environment ? (const char *const *)from->environment : no_environment;
        text_print(to->pin_file, sizeof to->pin_file, "%s", from->token.pin_file);
        to->limit_ms = from->limit_ms;
    }
    return setup;
}

static bool renew_report(struct session *s, struct err *err)
{
    struct timespec t;

    report_free(s->report);
    s->report = NULL;
    clock_gettime(CLOCK_REALTIME, &t);
    return report_new(s->config->report_folder, s->config->title,
                      (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000, &s->report, err);
}

bool session_start(struct session *s, bool recorded, bool calls, struct worker **out,
                   struct err *err)
{
    if (recorded && !renew_report(s, err))
        return false;
    const struct worker_setup setup = make_setup(s, recorded, calls);
    return worker_new(&setup, out, err);
}

void session_free(struct session *s)
{
    report_free(s->report);
    config_free(s->config);
    *s = (struct session){0};
}
