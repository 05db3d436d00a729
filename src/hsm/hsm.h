/* SPDX-License-Identifier: Apache-2.0 */
/*
 * THE CONTRACT that every HSM meets, whatever its API. A driver (src/driver/) implements it beside
 * one vendor library; remote.c implements it over a pipe to such a driver; trace.c implements it
 * around another. The ceremony sees nothing else.
 *
 * Rules for all functions:
 * - They return false and set *err on failure. ERR_UNSUPPORTED: this HSM cannot do it, ask another
 *   way. ERR_GONE: nothing will answer any more. ERR_HSM: the HSM refused; its own number and name
 *   are in *err. Unless said otherwise, a failed call has left nothing behind on the HSM.
 * - Out-parameters are written only on success, and belong to the caller.
 * - Handles are the HSM's own numbers, valid until hsm_close(); 0 is never a valid one. A function
 *   that makes an object never answers with the handle of one that was there at the login, or that
 *   this session has made and not destroyed: ERR_HSM, and that object is left alone.
 * - One thread at a time for each struct hsm; sessions of one login (another()) may be used at the
 *   same time.
 * - "Temporary" objects are session objects: they vanish with the session. Every object that a
 *   ceremony makes carries the label of its migration (hsmferry:<id>) until it is committed.
 * - No function returns key material in clear. wrap() returns ciphertext; prove() answers over a
 *   challenge of the caller.
 */
#ifndef HSMFERRY_HSM_HSM_H
#define HSMFERRY_HSM_HSM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/secret.h"
#include "hsm/facts.h"
#include "hsm/key.h"

enum {
    HSM_PATH_MAX = 1024,
    HSM_BLOB_MAX = 16384, /* the longest wrapped key, public key, challenge or answer */
    HSM_CHALLENGE_MAX = 1024,
};

/* Where an HSM is. Strings are terminated. */
struct hsm_where {
    char api[16];              /* the driver: "pkcs11", "nss" */
    char module[HSM_PATH_MAX]; /* pkcs11: absolute path of the module; nss: the database, "sql:/..."
                                */
    char params[HSM_PATH_MAX]; /* pkcs11: CK_C_INITIALIZE_ARGS reserved string (NSS softoken); "" */
    char dialect[HSM_PATH_MAX]; /* pkcs11: name or absolute path of a vendor's dialect; "": the one
                                   that recognises the HSM */
    char module_sha256[65];     /* pkcs11: of the module's file, in hexadecimal: no other is loaded;
                                   "": any */
    bool environment_trusted;   /* also variables that the dialect does not list */
    const char *const *variables; /* in an agent: what the library finds set, NULL at the end;
                                     NULL: nobody looks */
    struct box *box; /* in an agent: its confinement, which a driver may tighten; NULL: none */
};

/* What a key is to be, in full: a driver sends every attribute, omitted ones default to anything.
 */
struct hsm_template {
    enum key_class class;
    enum key_kind kind;
    uint32_t length; /* octets of a secret's value; 0: let the HSM decide */
    uint32_t flags; /* uses, PRIVATE, SENSITIVE, EXTRACTABLE, ... as enum key_flag. KEY_TOKEN: it is
                       to be committed, so a guard that would forbid that waits for commit() */
    const uint8_t *label;
    size_t label_len;
    const uint8_t *id;
    size_t id_len;
    const struct bytes *spki; /* private keys: the public half (DER), NULL where unknown;
                                 public objects: all that they consist of (DER) */
    const struct key_constraints *constraints; /* as far as this API has them; NULL: none */
};

/* A transport key pair, as made. */
struct hsm_pair {
    uint64_t private_handle;
    uint64_t public_handle; /* 0 where the API makes no such object */
    struct bytes spki;      /* DER SubjectPublicKeyInfo as the HSM tells it */
};

struct hsm;

/* Those that move keys have all members. One that only proves (another path to the same token) has
 * open, close, info, slots, login, list and prove; the others are NULL. */
struct hsm_driver {
    const char *name; /* as in struct hsm_where.api */

    /* Loads the API's library and initialises it; *out is freed with close(). No token is opened.
     * What is not where->module_sha256 must not be loaded; a driver that cannot tell refuses it.
     * Errors: ERR_CONFIG (no such module, not a library, a variable that is not for it), ERR_DENIED
     * (another module than that one), ERR_HSM (it does not start). */
    bool (*open)(const struct hsm_where *where, struct hsm **out, struct err *err);

    /* Logs out, ends the session (its temporary objects vanish), finalises the library, frees.
     * Works after any failure, also ERR_GONE. */
    void (*close)(struct hsm *hsm);

    /* A further session of the same login, for a second thread: login() was called on hsm, and is
     * not called on *out. What one session makes, all of them may use and destroy; a temporary
     * object vanishes with the session that made it. *out must be closed before hsm, whose end is
     * that of the login. NULL: this API has one session only, or only one is offered (an agent
     * serves one). Errors: ERR_HSM (the token has no session left). */
    bool (*another)(struct hsm *hsm, struct hsm **out, struct err *err);

    /* May a call that was given up (ERR_GONE: too late, or abandoned) still change the token? What
     * is not there yet may be there later. NULL: never. */
    bool (*at_work)(struct hsm *hsm);

    bool (*info)(struct hsm *hsm, struct hsm_info *info, struct err *err);

    /* All slots, also empty ones and uninitialised tokens, in the library's order; the caller
     * frees list->slots. More than HSM_SLOTS_MAX are an error. */
    bool (*slots)(struct hsm *hsm, struct hsm_slot_list *list, struct err *err);

    /* Opens a read-write session on the token in this slot and logs the user in with pin; exactly
     * one attempt. An empty pin where the token needs no login, or has its own PIN path. Once per
     * struct hsm. Errors: ERR_DENIED (wrong, locked, expired PIN; write-protected token),
     * ERR_HSM. */
    bool (*login)(struct hsm *hsm, uint64_t slot, const struct secret *pin, struct err *err);

    /* All objects of the token that this user sees, with their public halves where the HSM has
     * them. One that cannot be read is listed as KEY_CLASS_OTHER, never left out. */
    bool (*list)(struct hsm *hsm, struct key_list *list, struct err *err);

    /* The handles of ALL objects on the token and in the session, in ascending order: also half
     * ones without class or label. The caller frees *handles. */
    bool (*handles)(struct hsm *hsm, uint64_t **handles, size_t *count, struct err *err);

    /* Reads one object anew. Errors: ERR_NO_INPUT (no such object any more). */
    bool (*describe)(struct hsm *hsm, uint64_t handle, struct key_desc *key, struct err *err);

    /* The public half of a private or public key as DER SubjectPublicKeyInfo, built from this
     * object alone, or (private EC keys) from the public object with the same id.
     * Errors: ERR_UNSUPPORTED (it cannot be had). */
    bool (*public_key)(struct hsm *hsm, uint64_t handle, struct bytes *spki, struct err *err);

    /* The DER of a certificate, as the HSM stores it (RFC 5280 4.1). It is not looked into.
     * Errors: ERR_UNSUPPORTED (the object is no certificate, or does not tell). */
    bool (*certificate)(struct hsm *hsm, uint64_t handle, struct bytes *der, struct err *err);

    /* What it can do. Makes throw-away session keys and destroys them. */
    bool (*capabilities)(struct hsm *hsm, struct hsm_capabilities *caps, struct err *err);

    /* Protocol step 1. An RSA pair with e = 65537, temporary: the private half sensitive, not
     * extractable, for unwrapping by OAEP only, not modifiable, not copyable, and (where the API
     * can say so) forcing what it unwraps to be sensitive. */
    bool (*make_pair)(struct hsm *hsm, uint32_t bits, const char *label, struct hsm_pair *pair,
                      struct err *err);

    /* Protocol step 3. Loads an RSA public key as a temporary object that may only wrap. */
    bool (*load_public)(struct hsm *hsm, const struct bytes *spki, const char *label,
                        uint64_t *handle, struct err *err);

    /* Protocol step 4. A fresh AES key, temporary, sensitive, extractable (it must be wrapped
     * once), for wrapping only, neither modifiable nor copyable where the API can say so. */
    bool (*make_kek)(struct hsm *hsm, uint32_t bits, const char *label, uint64_t *handle,
                     struct err *err);

    /* A throw-away key to try a way with before a real one takes it: made inside the HSM,
     * temporary, sensitive, extractable, modifiable and copyable; ciphers encrypt and decrypt,
     * other secrets and private keys sign, RSA also decrypts. public_key() finds a private key's
     * other half, which is an object of its own (*public_handle) where the API makes one; else,
     * and of secrets, that is 0. Errors: ERR_UNSUPPORTED (it makes no such keys). */
    bool (*make_key)(struct hsm *hsm, const struct key_sample *sample, const char *label,
                     uint64_t *handle, uint64_t *public_handle, struct err *err);

    /* Protocol steps 5 and 8. Encrypts key under wrapping. Errors: ERR_DENIED (the key may not
     * leave, or not under this one), ERR_UNSUPPORTED (not by this algorithm). The agent's service
     * has checked for every driver that the key may leave, that wrapping is a key for alg which may
     * wrap, and that alg carries the key's length (agent/guard.h). */
    bool (*wrap)(struct hsm *hsm, enum hsm_alg alg, uint64_t wrapping, uint64_t key,
                 struct bytes *wrapped_key, struct err *err);

    /* Protocol steps 7 and 10. Decrypts wrapped_key under unwrapping into a new TEMPORARY object
     * that is what template says, as far as this API can; the caller reads it back. A wrapped key
     * that was changed in any way gives one and the same ERR_DATA message, which is the service's:
     * a driver returns ERR_DATA for whatever its API says of such a blob. The service has checked
     * that the blob is as long as alg makes it, and that unwrapping is a key for alg which may
     * unwrap. */
    bool (*unwrap)(struct hsm *hsm, enum hsm_alg alg, uint64_t unwrapping,
                   const struct bytes *wrapped_key, const struct hsm_template *template,
                   uint64_t *handle, struct err *err);

    /* Protocol step 11. Answers challenge with this key. Errors: ERR_UNSUPPORTED (not by this
     * proof, or the key's uses forbid it). */
    bool (*prove)(struct hsm *hsm, enum hsm_proof proof, uint64_t handle,
                  const struct bytes *challenge, struct bytes *answer, struct err *err);

    /* The one irreversible step: makes the temporary object a token object with this label and id.
     * Everything else stays as it is. *final is the new handle; the temporary one may or may not
     * still exist. Once this has been called, a failure means UNKNOWN: look before saying more; but
     * ERR_CONFLICT: this id is another key's on a token that knows keys by it; nothing was made. */
    bool (*commit)(struct hsm *hsm, uint64_t temporary, const uint8_t *label, size_t label_len,
                   const uint8_t *id, size_t id_len, uint64_t *final, struct err *err);

    /* Makes a public key or a certificate of template->spki: at once a token object with this label
     * and id, since there is no secret in it that would have to be proven first. Errors as with
     * commit(): UNKNOWN, but ERR_UNSUPPORTED (this HSM stores no such object) and ERR_CONFLICT (it
     * would take another one's place): nothing was made. */
    bool (*make_public)(struct hsm *hsm, const struct hsm_template *template, uint64_t *final,
                        struct err *err);

    /* Destroys an object that this session made. One that is already gone is no error. Errors:
     * ERR_DENIED (this session did not make it; nothing was destroyed). A driver may leave that
     * check to the agent's service, which makes it for all of them. */
    bool (*destroy)(struct hsm *hsm, uint64_t handle, struct err *err);

    /* THE NAMED ACT on an object that another session made: reads object is->handle again, and
     * destroys it only where its class, label and id are those of *is. One that is already gone is
     * no error. Errors: ERR_CONFLICT (it is another object; nothing was destroyed). */
    bool (*remove)(struct hsm *hsm, const struct key_desc *is, struct err *err);
};

/* What every implementation's own structure begins with. */
struct hsm {
    const struct hsm_driver *driver;
};

#endif
