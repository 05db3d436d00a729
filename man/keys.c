/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the list of keys for hsmferry.1, as it stands in section KEYS there. */
#include <stdio.h>
#include <stdlib.h>

#include "ui/model/dispatch.h"

int main(void)
{
    keys_manual(dispatch_views, stdout);
    return EXIT_SUCCESS;
}
