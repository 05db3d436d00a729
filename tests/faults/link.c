/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The connection to an agent, which fails at one message: link HOW WAY N FOLDER COMMAND...
 *
 * Passes frames between hsmferry, on standard input and output, and the command. WAY is "to" the
 * agent or "from" it; N counts the messages of this way and of all connections that name the same
 * folder, from 1; 0: none fails. HOW the N-th one fails:
 *
 *   cut      it arrives, and then the connection ends, both ways at once
 *   tear     half of it arrives, and then the connection ends
 *   stall    neither it nor anything after it arrives, either way
 *   garble   it arrives with its length, and each octet of it altered
 *   length   it arrives with a length that no message may have
 *
 * The agent is not told: like one on another host it ends its call, and finds then that nobody is
 * there.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEAD = 4, LONGEST = 1 << 20, FAILED = 99 };

struct way {
    const char *name;
    int from, to;
};

static uint8_t frame[HEAD + LONGEST];

static _Noreturn void end(int code)
{
    _exit(code);
}

/* The end of the data is the end of the connection. */
static void take(int fd, uint8_t *data, size_t len)
{
    while (len > 0) {
        ssize_t n = read(fd, data, len);
        if (n <= 0)
            end(0);
        data += n;
        len -= (size_t)n;
    }
}

static void pass(int fd, const uint8_t *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);
        if (n <= 0)
            end(0);
        data += n;
        len -= (size_t)n;
    }
}

static size_t take_frame(int fd)
{
    take(fd, frame, HEAD);
    size_t len = (size_t)frame[0] << 24 | (size_t)frame[1] << 16 | (size_t)frame[2] << 8 | frame[3];
    if (len > LONGEST)
        end(FAILED);
    take(fd, frame + HEAD, len);
    return HEAD + len;
}

/* The number of this message: each adds an octet to the file. */
static long count(const char *folder, const char *way)
{
    char path[4096];
    int fd;
    off_t number = 0;

    snprintf(path, sizeof path, "%s/%s", folder, way);
    fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, ".", 1) != 1 || (number = lseek(fd, 0, SEEK_CUR)) < 1)
        end(FAILED);
    close(fd);
    return (long)number;
}

/* For who wants to end a connection: the process of each, in their order. */
static void note_number(const char *folder)
{
    char path[4096];

    snprintf(path, sizeof path, "%s/link.pid", folder);
    FILE *file = fopen(path, "ae");
    if (!file || fprintf(file, "%d\n", (int)getpid()) < 0 || fclose(file) != 0)
        end(FAILED);
}

static void fail(const char *how, const struct way *way, size_t len)
{
    if (strcmp(how, "cut") == 0 || strcmp(how, "tear") == 0) {
        pass(way->to, frame, strcmp(how, "cut") == 0 ? len : len / 2);
        end(0);
    }
    if (strcmp(how, "stall") == 0) { /* until hsmferry gives up */
        for (uint8_t octet; read(STDIN_FILENO, &octet, 1) > 0;)
            ;
        end(0);
    }
    if (strcmp(how, "length") == 0)
        frame[0] = 0x7f;
    for (size_t i = HEAD; strcmp(how, "garble") == 0 && i < len; i++)
        frame[i] ^= 0xa5;
    pass(way->to, frame, len);
}

static int start(char **command)
{
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        end(FAILED);
    pid_t pid = fork();
    if (pid == 0) {
        setsid(); /* no signal for the connection is one for the agent */
        if (dup2(ends[1], STDIN_FILENO) >= 0 && dup2(ends[1], STDOUT_FILENO) >= 0)
            execv(command[0], command);
        end(FAILED);
    }
    if (pid < 0)
        end(FAILED);
    close(ends[1]);
    return ends[0];
}

int main(int argc, char **argv)
{
    if (argc < 6)
        return FAILED;
    signal(SIGPIPE, SIG_IGN);
    note_number(argv[4]);
    const int agent = start(argv + 5);
    const struct way ways[] = {{"to", STDIN_FILENO, agent}, {"from", agent, STDOUT_FILENO}};
    const long due = atol(argv[3]);
    struct pollfd ready[] = {{STDIN_FILENO, POLLIN, 0}, {agent, POLLIN, 0}};

    for (;;) {
        if (poll(ready, 2, -1) < 0)
            continue;
        for (size_t i = 0; i < 2; i++) {
            if (!ready[i].revents)
                continue;
            const size_t len = take_frame(ways[i].from);
            const long number = count(argv[4], ways[i].name);
            if (number == due && strcmp(argv[2], ways[i].name) == 0)
                fail(argv[1], &ways[i], len);
            else
                pass(ways[i].to, frame, len);
        }
    }
}
