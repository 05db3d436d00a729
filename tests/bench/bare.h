/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PKCS#11 with nothing around it, for the bench: the same calls as hsmferry makes, without its
 * checks. What fails ends the program.
 */
#ifndef HSMFERRY_TESTS_BENCH_BARE_H
#define HSMFERRY_TESTS_BENCH_BARE_H

#include <p11-kit/pkcs11.h>

enum { BARE_TEMPLATE_MAX = 24, BARE_LABEL_MAX = 64, BARE_PIN_SIZE = 64 };

/* A user's session on the token with a label. */
struct bare {
    CK_FUNCTION_LIST *p11;
    CK_SESSION_HANDLE session;
};

/* Attributes; the values must outlive it. */
struct template
{
    CK_ATTRIBUTE attributes[BARE_TEMPLATE_MAX];
    CK_ULONG count;
};

/* A kind of key, by its name on the command line. */
struct kind {
    const char *name;
    CK_OBJECT_CLASS class;
    CK_KEY_TYPE type;
    CK_MECHANISM_TYPE generate;   /* the token makes it; otherwise it is put there */
    const CK_ATTRIBUTE_TYPE *use; /* for what the key is used, ended by CKA_CLASS */
};

/* Ends the program unless the call was successful. */
void bare_must(CK_RV rv, const char *call);

/* Loads and initialises the module. */
CK_FUNCTION_LIST *bare_load(const char *path);

/* The first line of the file. */
void bare_read_pin(const char *pin_file, char pin[static BARE_PIN_SIZE]);

/* Logs in at the token with this label. */
struct bare bare_open(CK_FUNCTION_LIST *p11, const char *label, const char *pin_file);

void template_add(struct template *t, CK_ATTRIBUTE_TYPE type, const void *value, size_t len);
void template_add_bool(struct template *t, CK_ATTRIBUTE_TYPE type, CK_BBOOL on);
void template_add_number(struct template *t, CK_ATTRIBUTE_TYPE type, const CK_ULONG *number);

/* NULL: there is no kind of this name. */
const struct kind *kind_named(const char *name);

/* Adds class, type, every use as allowed or not, and the guards, of a secret or private key: what
 * is left out differs between tokens. */
void kind_add(struct template *t, const struct kind *kind, CK_BBOOL on_token, CK_BBOOL extractable);

/* Puts n keys of this kind onto the token: key-00000, key-00001, and so on, each with its public
 * object. */
void fill(const struct bare *token, const struct kind *kind, unsigned n);

#endif
