/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/to_nss.h"

#include <stdio.h>
#include <stdlib.h>

#include <nss.h>
#include <pk11pub.h>
#include <prerror.h>
#include <secport.h>

static PK11SymKey *unwraps;

static void must(int ok, const char *call)
{
    if (ok)
        return;
    fprintf(stderr, "loops: %s failed: %d\n", call, PR_GetError());
    exit(1);
}

static char *give_pin(PK11SlotInfo *slot, PRBool retry, void *pin)
{
    (void)slot;
    return retry ? NULL : PORT_Strdup(pin);
}

void nss_open(const char *database, const char *pin, const unsigned char *kek, size_t kek_len)
{
    SECItem value = {siBuffer, (unsigned char *)kek, (unsigned)kek_len};
    PK11SlotInfo *slot;

    must(NSS_InitReadWrite(database) == SECSuccess, "NSS_InitReadWrite");
    PK11_SetPasswordFunc(give_pin);
    slot = PK11_GetInternalKeySlot();
    must(PK11_Authenticate(slot, PR_TRUE, (void *)pin) == SECSuccess, "PK11_Authenticate");
    unwraps = PK11_ImportSymKey(slot, CKM_AES_KEY_WRAP_KWP, PK11_OriginUnwrap, CKA_UNWRAP, &value,
                                (void *)pin);
    must(unwraps != NULL, "PK11_ImportSymKey");
    PK11_FreeSlot(slot);
}

void nss_take(unsigned char *blob, size_t len, int size, const char *label)
{
    SECItem wrapped = {siBuffer, blob, (unsigned)len};
    PK11SymKey *key =
        PK11_UnwrapSymKeyWithFlagsPerm(unwraps, CKM_AES_KEY_WRAP_KWP, NULL, &wrapped, CKM_AES_CBC,
                                       CKA_FLAGS_ONLY, size, CKF_ENCRYPT | CKF_DECRYPT, PR_TRUE);

    must(key != NULL, "PK11_UnwrapSymKeyWithFlagsPerm");
    must(PK11_SetSymKeyNickname(key, label) == SECSuccess, "PK11_SetSymKeyNickname");
    PK11_FreeSymKey(key);
}

void nss_close(void)
{
    PK11_FreeSymKey(unwraps);
    must(NSS_Shutdown() == SECSuccess, "NSS_Shutdown");
}
