/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the list of keys for hsmferry.1, as it stands in section KEYS there. */
#include <stdio.h>
#include <stdlib.h>

#include "ui/model/dispatch.h"
#include "ui/model/keys.h"
#include "ui/model/replay_app.h"

int main(void)
{
    const struct view *views[REPLAY_VIEWS_MAX + 1] = {NULL};
    size_t count = 0;

    for (; count + 1 < REPLAY_VIEWS_MAX && dispatch_views[count]; count++)
        views[count] = dispatch_views[count];
    views[count] = &replay_view;
    keys_manual(views, stdout);
    return EXIT_SUCCESS;
}
