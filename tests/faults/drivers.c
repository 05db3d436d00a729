/* SPDX-License-Identifier: Apache-2.0 */
/* The list of hsmferry-agent-faults. */
#include "agent/drivers.h"

#include "driver/libp11/libp11.h"
#include "tests/faults/around.h"

const struct hsm_driver *const drivers[] = {
    &around_pkcs11,
    &around_nss,
    &libp11_driver,
    NULL,
};
