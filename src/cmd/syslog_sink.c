/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/syslog_sink.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "protocol/gate.h"
#include "protocol/outcome.h"

enum { LINE_MAX_LEN = 900 }; /* what every syslog takes: RFC 3164 has 1024 octets */

/* syslog(3) does not say whether anybody listens. */
static bool somebody_listens(void)
{
    static const int types[] = {SOCK_DGRAM, SOCK_STREAM};
    const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};
    bool found = false;

    for (size_t i = 0; !found && i < sizeof types / sizeof types[0]; i++) {
        int fd = socket(AF_UNIX, types[i] | SOCK_CLOEXEC, 0);
        found = fd >= 0 &&
                connect(fd, (const struct sockaddr *)(const void *)&address, sizeof address) == 0;
        int no = errno;
        if (fd >= 0)
            close(fd);
        errno = no;
    }
    return found;
}

bool syslog_sink_open(struct err *err)
{
    if (!somebody_listens()) {
        err_set_errno(err, ERR_CONFIG, errno, "The ceremony file wants a log, and /dev/log");
        err_now(err, "Nothing was started");
        return err_next(err, "Start the host's log (systemd-journald, rsyslog), or write "
                             "\"syslog: no\"");
    }
    openlog("hsmferry", LOG_PID | LOG_NDELAY, LOG_AUTH);
    return true;
}

static void put_begin(struct syslog_sink *s, const struct event *event, char *line)
{
    char title[EVENT_TEXT_MAX], host[128], file[FILE_SHOWN];

    text_print(s->id, sizeof s->id, "%.8s", event->begin.id);
    text_safe(event->begin.title, strnlen(event->begin.title, sizeof event->begin.title), title,
              sizeof title);
    text_safe(event->begin.host, strnlen(event->begin.host, sizeof event->begin.host), host,
              sizeof host);
    text_print(line, LINE_MAX_LEN, "%s %s begins%s%s%s%s: %s; ceremony file %s",
               event->begin.rehearsal ? "rehearsal" : "ceremony", s->id,
               event->begin.visit[0] ? ", visit " : "", event->begin.visit,
               host[0] ? ", host " : "", host, title,
               event->begin.file[0] ? file_shown(event->begin.file, file) : "none");
}

static void put_gate(const struct syslog_sink *s, const struct event *event, char *line)
{
    char officer[EVENT_TEXT_MAX];

    text_safe(event->gate.officer, strnlen(event->gate.officer, sizeof event->gate.officer),
              officer, sizeof officer);
    text_print(line, LINE_MAX_LEN, "ceremony %s: gate %s %s%s%s", s->id,
               gate_name(event->gate.gate), gate_state_name(event->gate.state),
               officer[0] && event->gate.state != GATE_OPEN ? " by " : "",
               event->gate.state != GATE_OPEN ? officer : "");
}

static void put_end(const struct syslog_sink *s, const struct event *event, char *line)
{
    text_print(line, LINE_MAX_LEN,
               "ceremony %s ends: %s, %u migrated, %u sealed, %u refused, %u failed, %u left over, "
               "exit code %d",
               s->id, end_outcome_name(event->end.outcome), event->end.migrated, event->end.sealed,
               event->end.refused, event->end.failed, event->end.left_over, event->end.exit_code);
}

/* No line contains a typed word, nor anything that crosses the relay. */
static void log_event(struct syslog_sink *s, const struct event *event)
{
    char line[LINE_MAX_LEN];

    if (event->kind == EVENT_BEGIN)
        put_begin(s, event, line);
    else if (event->kind == EVENT_GATE)
        put_gate(s, event, line);
    else if (event->kind == EVENT_END)
        put_end(s, event, line);
    else
        return;
    syslog(event->kind == EVENT_END && event->end.exit_code != 0 ? LOG_WARNING : LOG_NOTICE, "%s",
           line);
}

static bool take(struct event_sink *sink, const struct event *event, struct err *err)
{
    struct syslog_sink *s = (struct syslog_sink *)sink;

    if (!s->next->emit(s->next, event, err))
        return false;
    log_event(s, event);
    return true;
}

static bool take_together(struct event_sink *sink, bool begins, struct err *err)
{
    struct event_sink *next = ((struct syslog_sink *)sink)->next;

    return !next->together || next->together(next, begins, err);
}

struct event_sink *syslog_sink_before(struct syslog_sink *s, struct event_sink *next)
{
    *s = (struct syslog_sink){.sink = {.emit = take, .together = take_together}, .next = next};
    return &s->sink;
}
