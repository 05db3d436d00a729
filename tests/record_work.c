/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much work it is to read the record of a ceremony: the code that does it is compiled so that
 * each block of it that runs calls __sanitizer_cov_trace_pc(). For record.sh.
 *
 * usage: record_work replay|resume|verify|sheet JOURNAL REPORT   prints the number of blocks
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cmd/find_interrupted.h"
#include "cmd/recorded.h"
#include "report/signing_sheet.h"
#include "report/verify.h"
#include "ui/model/replay_app.h"

static uint64_t work;

void __sanitizer_cov_trace_pc(void);

void __sanitizer_cov_trace_pc(void)
{
    work++;
}

static bool replays(const char *journal, const char *report, struct err *err)
{
    struct recorded recorded;
    struct replay_app *r = NULL;
    bool ok =
        recorded_read(journal, &recorded, err) && replay_app_new(&recorded.recording, &r, err);

    (void)report;
    replay_app_free(r);
    recorded_free(&recorded);
    return ok;
}

static bool resumes(const char *journal, const char *report, struct err *err)
{
    struct interrupted it;
    bool ok = interrupted_read(journal, &it, err);

    (void)report;
    interrupted_free(&it);
    return ok;
}

static bool load(const char *report, struct bytes *bytes, struct yaml_tree **tree, struct err *err)
{
    return verify_load(report, VERIFY_REPORT_MAX, bytes, err) && verify_seal(bytes, err) &&
           verify_schema(bytes, tree, err) && verify_logic(*tree, err);
}

static bool verifies(const char *journal, const char *report, struct err *err)
{
    struct bytes bytes = {0};
    struct yaml_tree *tree = NULL;
    bool ok = load(report, &bytes, &tree, err) && verify_journal(&bytes, &tree, journal, err);

    yaml_tree_free(tree);
    bytes_free(&bytes);
    return ok;
}

static bool prints(const char *journal, const char *report, struct err *err)
{
    static const uint8_t sha256[32];
    static const char *const none[] = {NULL};
    const struct sheet_about about = {.sha256 = sha256, .signatures = none};
    struct bytes bytes = {0};
    struct yaml_tree *tree = NULL;
    FILE *out = fopen("/dev/null", "w");
    bool ok = out && load(report, &bytes, &tree, err) &&
              sheet_print(yaml_tree_root(tree), &about, &sheet_text, out, err);

    (void)journal;
    if (out)
        fclose(out);
    yaml_tree_free(tree);
    bytes_free(&bytes);
    return ok;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        bool (*run)(const char *journal, const char *report, struct err *err);
    } works[] = {{"replay", replays}, {"resume", resumes}, {"verify", verifies}, {"sheet", prints}};
    struct err err = {0};

    for (size_t i = 0; argc == 4 && i < sizeof works / sizeof works[0]; i++) {
        if (strcmp(works[i].name, argv[1]) != 0)
            continue;
        if (!works[i].run(argv[2], argv[3], &err)) {
            fprintf(stderr, "%s\n", err.what);
            return err_exit(err.code);
        }
        printf("%" PRIu64 "\n", work);
        return 0;
    }
    return 64;
}
