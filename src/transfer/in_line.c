/* SPDX-License-Identifier: Apache-2.0 */
#include "transfer/in_line.h"

const struct key_desc *in_line_name(const struct plan_item *item)
{
    return item->route == ROUTE_ALIGNED ? &item->align->found : item->key;
}

bool in_line_holds(const struct plan_item *item, const struct key_desc *is, struct err *err)
{
    const struct plan_alignment *align = item->align;
    char changes[TIGHTENING_TEXT];
    struct tightening worse;

    if (!tightening_holds(&align->to, is))
        return err_set(err, ERR_UNSUPPORTED, "the destination has not all of what was set: %.150s",
                       tightening_text(&align->to, changes));
    tightening_of(&align->found, align->found.flags, is, &worse);
    return !tightening_is_set(&worse) ||
           err_set(err, ERR_DATA, "the copy is looser than it was before: %.150s",
                   tightening_text(&worse, changes));
}
