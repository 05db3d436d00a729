/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/drivers.h"

const struct hsm_driver *const drivers[] = {
    NULL,
};
