/* SPDX-License-Identifier: Apache-2.0 */
/* The list of hsmferry-agent-fake. */
#include "agent/drivers.h"

#include "tests/fake/fake.h"

const struct hsm_driver *const drivers[] = {
    &fake_driver,
    NULL,
};
