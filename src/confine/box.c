/* SPDX-License-Identifier: Apache-2.0 */
#include "confine/box.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "base/text.h"
#include "confine/filter.h"

/* Sanitizers map executable memory and read the memory of other processes, so their builds are not
 * confined. */
static const bool built = HSMFERRY_CONFINED;

static bool unbuilt(struct box *box)
{
    *box = (struct box){.text = "not confined: this program was built without confinement"};
    return true;
}

static bool forbid_privileges(struct err *err)
{
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ||
           err_set_errno(err, ERR_FAILED, errno, "This process cannot give up new privileges");
}

/* Sets box->text. filter FILTER_NONE, abi 0: the kernel does not have it. */
static void describe(struct box *box, enum filter_result filter, int abi)
{
    box->whole = filter == FILTER_ON && abi > 0;
    if (box->whole)
        text_print(box->text, sizeof box->text, "seccomp, Landlock %d", abi);
    else if (filter == FILTER_ON)
        text_print(box->text, sizeof box->text,
                   "not wholly confined: seccomp; the kernel has no Landlock");
    else if (abi > 0)
        text_print(box->text, sizeof box->text,
                   "not wholly confined: Landlock %d; the kernel has no seccomp", abi);
    else
        text_print(box->text, sizeof box->text,
                   "not confined: the kernel has neither seccomp nor Landlock");
}

bool box_console(const struct land_rule *rules, size_t count, int abi_max, struct box *box,
                 struct err *err)
{
    enum filter_result filter;
    int abi;

    umask(077);
    if (!built)
        return unbuilt(box);
    if (!forbid_privileges(err) ||
        !landlock_enter(rules, count, LAND_NO_TCP | LAND_NO_STRANGERS, abi_max, &abi, err) ||
        !filter_console(&filter, err)) /* last, because it forbids the two others */
        return false;
    describe(box, filter, abi);
    return true;
}

bool box_agent(struct box *box, struct err *err)
{
    enum filter_result filter;

    if (!built)
        return unbuilt(box);
    if (!forbid_privileges(err) || !filter_agent(&filter, err))
        return false;
    box->whole = filter == FILTER_ON;
    text_print(box->text, sizeof box->text, "%s",
               box->whole ? "seccomp; files and network as its user"
                          : "not confined: the kernel has no seccomp");
    return true;
}

bool box_agent_files(const struct land_rule *rules, size_t count, bool network, struct box *box,
                     struct err *err)
{
    unsigned also = LAND_NO_STRANGERS | (network ? 0U : LAND_NO_TCP);
    enum filter_result filter = box->whole ? FILTER_ON : FILTER_NONE;
    int abi;

    if (!built)
        return unbuilt(box);
    if (!landlock_enter(rules, count, also, LAND_ABI_MAX, &abi, err) ||
        (!network && !filter_network(&filter, err)))
        return false;
    describe(box, filter, abi);
    if (!network && filter == FILTER_ON) {
        size_t len = strlen(box->text);
        text_print(box->text + len, sizeof box->text - len, ", no network");
    }
    return true;
}
