/* SPDX-License-Identifier: Apache-2.0 */
#include "transfer/step_result.h"

bool step_has(const struct step_head *head, uint32_t there, struct err *err)
{
    if ((head->needs & ~there) == 0)
        return true;
    return err_set(err, ERR_FAILED, "step %d, %s, was begun before the steps that it needs",
                   step_number(head->id), step_title(head->id));
}
