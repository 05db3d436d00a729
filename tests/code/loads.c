/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control of what an agent does not let happen: loads what it is told to by the same calls, and
 * keeps nothing away from it. Or lets an agent load it, which gets all of this environment.
 *
 * usage: loads pkcs11 MODULE | loads nss DATABASE | loads agent AGENT MODULE
 */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <nss.h>
#include <openssl/evp.h>
#include <p11-kit/pkcs11.h>

#include "link/remote.h"

static int load_module(const char *path)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    void *symbol = library ? dlsym(library, "C_GetFunctionList") : NULL;
    CK_C_INITIALIZE_ARGS arguments = {.flags = CKF_OS_LOCKING_OK};
    CK_C_GetFunctionList get;
    CK_FUNCTION_LIST *fn;
    CK_ULONG count = 0;

    if (!symbol) {
        puts(library ? "no C_GetFunctionList" : dlerror());
        return library ? 0 : 1;
    }
    memcpy(&get, &symbol, sizeof get);
    if (get(&fn) != CKR_OK || fn->C_Initialize(&arguments) != CKR_OK)
        return 0; /* a TPM, say, that is not there */
    fn->C_GetSlotList(CK_FALSE, NULL, &count);
    fn->C_Finalize(NULL);
    return 0;
}

static int load_database(const char *folder)
{
    if (NSS_Initialize(folder, "", "", SECMOD_DB, NSS_INIT_NOROOTINIT) != SECSuccess)
        return 1;
    NSS_Shutdown();
    return 0;
}

static int let_agent(const char *agent, const char *module)
{
    const char *const argv[] = {agent, NULL};
    struct remote_setup setup = {.where.api = "pkcs11",
                                 .argv = argv,
                                 .environment = (const char *const *)environ,
                                 .limit_ms = 60000,
                                 .abandon_fd = -1};
    struct hsm *hsm;
    struct err err;

    snprintf(setup.where.module, sizeof setup.where.module, "%s", module);
    if (!remote_open(&setup, &hsm, &err)) {
        puts(err.what);
        return 1;
    }
    hsm->driver->close(hsm);
    return 0;
}

int main(int argc, char **argv)
{
    unsigned char hash[EVP_MAX_MD_SIZE];

    EVP_Q_digest(NULL, "SHA256", NULL, "", 0, hash, NULL); /* an agent hashes, too */
    if (argc == 3 && strcmp(argv[1], "pkcs11") == 0)
        return load_module(argv[2]);
    if (argc == 3 && strcmp(argv[1], "nss") == 0)
        return load_database(argv[2]);
    if (argc == 4 && strcmp(argv[1], "agent") == 0)
        return let_agent(argv[2], argv[3]);
    fputs("usage: loads pkcs11 MODULE | loads nss DATABASE | loads agent AGENT MODULE\n", stderr);
    return 64;
}
