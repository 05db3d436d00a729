/* SPDX-License-Identifier: Apache-2.0 */
/* The drivers of an agent that searches for no primes. */
#include "agent/drivers.h"

#include <string.h>

#include "driver/libp11/libp11.h"
#include "driver/nss/nss.h"
#include "driver/openssl/openssl.h"
#include "driver/pkcs11/pkcs11.h"
#include "tests/faults/pair.h"

static struct hsm_driver quick_pkcs11, quick_nss;

static bool open_pkcs11(const struct hsm_where *where, struct hsm **hsm, struct err *err)
{
    if (strstr(where->module, "softokn"))
        pair_give_to_nss();
    return pkcs11_driver.open(where, hsm, err);
}

static bool open_nss(const struct hsm_where *where, struct hsm **hsm, struct err *err)
{
    pair_give_to_nss();
    return nss_driver.open(where, hsm, err);
}

static void __attribute__((constructor)) make_drivers(void)
{
    quick_pkcs11 = pkcs11_driver;
    quick_pkcs11.open = open_pkcs11;
    quick_nss = nss_driver;
    quick_nss.open = open_nss;
}

const struct hsm_driver *const drivers[] = {
    &quick_pkcs11, &quick_nss, &openssl_driver, &libp11_driver, NULL,
};
