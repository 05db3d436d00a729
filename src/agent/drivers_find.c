/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "agent/drivers.h"
#include "base/text.h"

bool drivers_find(const char *api, const struct hsm_driver **out, struct err *err)
{
    char known[128] = "";

    for (size_t i = 0; drivers[i]; i++) {
        if (strcmp(drivers[i]->name, api) == 0) {
            *out = drivers[i];
            return true;
        }
        size_t len = strlen(known);
        text_print(known + len, sizeof known - len, "%s%s", len ? ", " : "", drivers[i]->name);
    }
    err_set(err, ERR_CONFIG, "there is no driver for the API \"%s\"", api);
    return err_next(err, "Name one of these: %s", known);
}
