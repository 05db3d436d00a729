/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hsmferry-agent: serves one HSM on its standard input and output. hsmferry starts one for each
 * HSM. Before any vendor library is loaded, descriptors 0, 1 and 2 are redirected so that it cannot
 * do harm with them.
 */
#include <errno.h>
#include <fcntl.h>
#include <protobuf-c/protobuf-c.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "agent/drivers.h"
#include "agent/serve.h"
#include "base/err.h"
#include "base/secret.h"
#include "confine/box.h"
#include "hsm/variables.h"

static const char usage[] =
    "hsmferry-agent serves one HSM to hsmferry, which starts it and communicates with it over its\n"
    "standard input and output. It is not run by hand.\n"
    "\n"
    "  --help         this text\n"
    "  --version      its version and the drivers it has\n"
    "  --module PATH  serve with this module, or database, and no other\n";

static int print_version(void)
{
    printf("hsmferry-agent (%s)\nprotobuf-c %s\ndrivers:", PACKAGE_STRING, protobuf_c_version());
    for (size_t i = 0; drivers[i]; i++)
        printf(" %s", drivers[i]->name);
    putchar('\n');
    return EX_OK;
}

static int run_options(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--version") == 0)
        return print_version();
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        fputs(usage, stdout);
        return EX_OK;
    }
    fputs(usage, stderr);
    return EX_USAGE;
}

/* Moves the two ends of the channel away from 0 and 1. All output then goes to standard error,
 * which is the console's log pipe. */
static bool move_channel(int *in, int *out, struct err *err)
{
    *in = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    *out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (*in < 0 || *out < 0 || null < 0)
        return err_set_errno(err, ERR_IO, errno, "standard input and output cannot be moved");
    if (dup2(null, STDIN_FILENO) < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
        return err_set_errno(err, ERR_IO, errno, "standard input and output cannot be replaced");
    if (null > STDERR_FILENO)
        close(null);
    return true;
}

/* The process that starts agents for a possibly compromised console names the only module that this
 * agent may load. */
static const char *named_module(int argc, char **argv)
{
    return argc == 3 && strcmp(argv[1], "--module") == 0 ? argv[2] : NULL;
}

/* Removes variables that direct a library to code, files or hosts, regardless of who started the
 * agent. OpenSSL then uses the host's configuration, and p11-kit does not read the user's. */
static void drop_environment(void)
{
    variables_drop(environ);
    setenv("P11_KIT_NO_USER_CONFIG", "1", 1);
}

int main(int argc, char **argv)
{
    struct err err = {0};
    struct box box;
    struct service_limits limits = {.module = named_module(argc, argv), .box = &box};
    int in, out;

    drop_environment(); /* before any library reads it */
    if (!secret_harden_process(&err)) {
        fprintf(stderr, "hsmferry-agent: %s\n", err.what);
        return err_exit(err.code);
    }
    if ((argc > 1 && !limits.module) || isatty(STDIN_FILENO) || isatty(STDOUT_FILENO))
        return run_options(argc, argv);

    service_limits_place(&limits);
    signal(SIGPIPE, SIG_IGN); /* the end of the console must not prevent the logout */
    if (!box_agent(&box, &err) || !move_channel(&in, &out, &err)) {
        fprintf(stderr, "hsmferry-agent: %s\n", err.what);
        return err_exit(err.code);
    }
    setvbuf(stdout, NULL, _IOLBF, 0); /* keeps the library's output in order */
    return serve(in, out, &limits);
}
