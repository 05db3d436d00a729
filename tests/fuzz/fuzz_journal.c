/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Journals (record/journal.h), and the reports that are made of them. An input is a journal as it
 * is; then the same lines with the sums that they should bear, so that a fuzzer gets behind those.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/sha.h>

#include "base/text.h"
#include "journal/event_line.h"
#include "journal/history.h"
#include "journal/journal.h"
#include "report/report.h"
#include "report/verify.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/replayed.h"

static void check_report(const char *path)
{
    int fd = fuzz_memory("", 0);
    struct bytes report;
    struct yaml_tree *tree;
    struct err err = {0};
    bool torn;

    if (!report_again(path, fd, &torn, &err))
        fuzz_must(false, "a journal that can be read makes a report");
    report = fuzz_content(fd);
    fuzz_must(verify_seal(&report, &err), "a report has its seal");
    if (!yaml_tree_read(report.data, report.len, true, &tree, &err))
        fuzz_must(false, "a report is read as it was written");
    /* Its steps may come in any order. */
    if (!verify_journal(&report, &tree, path, &err))
        fuzz_must(strstr(err.what, "this journal says") == NULL, "it is the report of its journal");
    yaml_tree_free(tree);
    /* Who can write a journal can make it say what no ceremony says. */
    if (!verify_schema(&report, &tree, &err)) {
        fuzz_must_report(&err);
    } else {
        if (!verify_logic(tree, &err))
            fuzz_must_report(&err);
        yaml_tree_free(tree);
    }
    bytes_free(&report);
    close(fd);
}

static void check_journal(const void *data, size_t len)
{
    const char *path = fuzz_file(data, len);
    struct event_log log = {0};
    struct err err = {0};
    bool torn;

    if (!journal_read(path, &log, &torn, &err)) {
        fuzz_must_report(&err);
        event_log_free(&log);
        return;
    }
    struct history history = history_of(&log);
    fuzz_must(!history.settled || history.over, "what is settled is over");
    if (log.len > 0) {
        check_report(path);
        fuzz_replay(path, history.over);
    }
    event_log_free(&log);
}

/* A line that is read as an event is written as the same line. */
static void check_line(const char *line, size_t len)
{
    static char again[EVENT_LINE_MAX];
    struct event event;

    if (len <= EVENT_LINE_MAX && event_line_read(line, len, RECORD_FORMAT, NULL, &event))
        fuzz_must(event_line_write(&event, NULL, again) == len && memcmp(again, line, len) == 0,
                  "an event is written as the line that it was read from");
}

/* Puts the sum on a line in place of the one that it has. */
static void sign_line(const char *line, size_t len, bool first, uint8_t head[SHA256_SIZE], FILE *to)
{
    static uint8_t joined[SHA256_SIZE + EVENT_LINE_MAX];
    const char *sum = memmem(line, len, "\tsum=", 5);
    char hex[2 * SHA256_SIZE + 1];

    if (sum)
        len = (size_t)(sum - line);
    if (len > EVENT_LINE_MAX)
        len = EVENT_LINE_MAX;
    fwrite(line, 1, len, to);
    if (first) {
        SHA256((const uint8_t *)line, len, head);
    } else {
        check_line(line, len);
        memcpy(joined, head, SHA256_SIZE);
        memcpy(joined + SHA256_SIZE, line, len);
        SHA256(joined, SHA256_SIZE + len, head);
        fprintf(to, "\tsum=%s", text_hex(head, SHA256_SIZE, hex));
    }
    putc('\n', to);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const char *line = (const char *)data, *end;
    uint8_t head[SHA256_SIZE];
    char *summed = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&summed, &size);

    fuzz_must(to != NULL, "this host has memory for a journal");
    for (size_t left = len; left > 0 && (end = memchr(line, '\n', left)); line = end + 1) {
        sign_line(line, (size_t)(end - line), line == (const char *)data, head, to);
        left -= (size_t)(end + 1 - line);
    }
    fclose(to);
    check_journal(data, len);
    if (size != len || memcmp(summed, data, len) != 0)
        check_journal(summed, size);
    free(summed);
    return 0;
}
