/* SPDX-License-Identifier: Apache-2.0 */
/*
 * THE CONTRACT that every HSM meets, whatever its API. A driver (src/driver/) implements it on one
 * vendor library; remote.c implements it over a pipe to such a driver; trace.c implements it around
 * another implementation. The ceremony uses nothing else.
 *
 * Rules for all functions:
 * - They return false and set *err on failure. ERR_UNSUPPORTED: this HSM cannot do it, try another
 *   way. ERR_GONE: nothing will answer any more. ERR_HSM: the HSM refused; its error number and
 *   name are in *err. Unless stated otherwise, a failed call leaves nothing on the HSM.
 * - Out-parameters are written only on success, and belong to the caller.
 * - Handles are the HSM's own numbers, valid until hsm_close(); 0 is never valid. A function that
 *   creates an object never returns the handle of one that existed at the login, or that this
 *   session has created and not destroyed: it fails with ERR_HSM, and that object is left
 *   untouched.
 * - Only one thread at a time may use a struct hsm; sessions of one login (another()) may be used
 *   at the same time, and a struct hsm on which sessions() was called by more threads.
 * - "Temporary" objects are session objects: they are destroyed with the session. Every object that
 *   a ceremony creates has the label of its migration (hsmferry:<id>) until it is committed.
 * - No function returns key material in plaintext. wrap() and seal() return ciphertext; prove()
 *   answers a challenge of the caller.
 */
#ifndef HSMFERRY_HSM_HSM_H
#define HSMFERRY_HSM_HSM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/secret.h"
#include "hsm/evidence_form.h"
#include "hsm/facts.h"
#include "hsm/key.h"
#include "hsm/tightening.h"

enum {
    HSM_PATH_MAX = 1024,
    HSM_BLOB_MAX = 16384, /* the longest wrapped key, public key, challenge or answer */
    HSM_CHALLENGE_MAX = 2048,
    HSM_SESSIONS_MAX = 16, /* of one login */
};

/* How to reach an HSM. Strings are terminated. */
struct hsm_where {
    char api[16];              /* the driver: "pkcs11", "nss", "openssl" */
    char module[HSM_PATH_MAX]; /* pkcs11: absolute path of the module; nss: the database,
                                  "sql:/..."; openssl: absolute path of the key file */
    char params[HSM_PATH_MAX]; /* pkcs11: CK_C_INITIALIZE_ARGS reserved string (NSS softoken); "" */
    char dialect[HSM_PATH_MAX]; /* pkcs11: name or absolute path of a vendor's dialect; "": the one
                                   that recognises the HSM */
    char module_sha256[65];     /* SHA-256 of the module's or key file in hexadecimal, which must
                                   match; "": any file is loaded */
    bool environment_trusted;   /* variables that the dialect does not list are allowed too */
    const char *const *variables; /* in an agent: the environment that the library gets, NULL at the
                                     end; NULL: not checked */
    struct box *box; /* in an agent: its confinement, which a driver may tighten; NULL: none */
};

/* The complete attributes of a new key. A driver sends all of them, because an HSM's default for an
 * omitted one can be anything. */
struct hsm_template {
    enum key_class class;
    enum key_kind kind;
    uint32_t length; /* octets of a secret's value; 0: the HSM decides */
    uint32_t flags;  /* enum key_flag: uses, PRIVATE, SENSITIVE, EXTRACTABLE, ... KEY_TOKEN: the key
                        is to be committed; a guard that would prevent that is set by commit() */
    const uint8_t *label;
    size_t label_len;
    const uint8_t *id;
    size_t id_len;
    const struct bytes *spki; /* private keys: the public half (DER), NULL if not known; public
                                 objects: the whole object (DER) */
    const struct key_constraints *constraints; /* as far as this API supports them; NULL: none */
};

/* A new transport key pair, or two for one transport, or what was encapsulated to one. */
struct hsm_pair {
    uint64_t private_handle; /* by ML-KEM alone, on the source: the key that was encapsulated */
    uint64_t public_handle;  /* 0 if the API creates no such object */
    uint64_t kem_private;    /* besides a pair on a curve: those of ML-KEM ... */
    uint64_t kem_public;     /* ... 0: none */
    struct bytes spki; /* DER SubjectPublicKeyInfo as the HSM reports it; by key agreement, the
                          form of hsm/key_agreement.h */
};

/* What this side must know of the other one before it derives a key with it. */
struct hsm_meeting {
    enum hsm_alg alg;         /* of the family WRAP_AGREED */
    bool source;              /* is this side the source? */
    uint64_t private_handle;  /* of this side's pair, by make_agreement_pair() ... */
    uint64_t public_handle;   /* ... 0: the API creates no such object */
    uint64_t kem_private;     /* as in struct hsm_pair ... */
    uint64_t kem_public;      /* ... likewise */
    const char *migration;    /* the label of its temporary objects */
    const struct bytes *peer; /* what the other side sent */
    const struct bytes *sent; /* on the source, by a KEM: what encapsulate() returned; else NULL */
};

/* What the source encapsulates to. */
struct hsm_encapsulation {
    enum hsm_alg alg; /* of the family WRAP_AGREED, by ML-KEM */
    enum hsm_kdf kdf; /* which determines the uses of the encapsulated key */
    const struct bytes *peer;
    const char *label;
};

/* A key to derive: AES-256, temporary, sensitive, not extractable, for one use. */
struct hsm_agreement {
    enum hsm_alg alg;
    enum hsm_kdf kdf;
    uint64_t private_handle;
    uint64_t kem_handle; /* the pair's kem_private; 0: none */
    const struct bytes *peer;
    const uint8_t *info; /* the SHA-256 of what meet() returned */
    uint32_t use; /* KEY_WRAP on the source, KEY_UNWRAP on the destination; for the outer layer of
                     HSM_KDF_NESTED, KEY_ENCRYPT and KEY_DECRYPT */
    const char *label;
    const struct hsm_template
        *key; /* NULL: a key of the transport. Otherwise the key that stays is
                 derived, on a curve alone: AES-256, temporary until it is
                 committed, with this template in place of use (0) and label */
};

/* A key that is wrapped in two layers. */
struct hsm_layers {
    enum hsm_alg alg;    /* of the inner layer */
    uint64_t inner;      /* the key that wraps or unwraps ... */
    uint64_t outer;      /* ... and the one that encrypts or decrypts what that wrapped */
    const uint8_t *info; /* HSM_INFO_SIZE octets, which the outer layer authenticates */
};
enum { HSM_LAYER_IV = 12, HSM_LAYER_TAG = 16, HSM_LAYER_MAX = 128 };

struct hsm;

/* Drivers that migrate keys have all members; in one that is a source only, the functions of a
 * destination fail with ERR_UNSUPPORTED. One that only proves (another path to the same token)
 * has open, close, info, slots, login, list and prove; the others are NULL. */
struct hsm_driver {
    const char *name; /* as in struct hsm_where.api */

    /* Loads the API's library and initialises it; the caller frees *out with close(). No token is
     * opened. A module other than where->module_sha256 must not be loaded; a driver that cannot
     * check this refuses it. Errors: ERR_CONFIG (no such module, not a library, a variable that is
     * not allowed for it), ERR_DENIED (not the pinned module), ERR_HSM (it cannot be
     * initialised). */
    bool (*open)(const struct hsm_where *where, struct hsm **out, struct err *err);

    /* Logs out, closes the session (its temporary objects are destroyed), finalises the library,
     * and frees the memory. Works after any failure, also ERR_GONE. */
    void (*close)(struct hsm *hsm);

    /* A further session of the same login, for a second thread: login() was called on hsm, and is
     * not called on *out. An object that one session creates can be used and destroyed by all of
     * them; a temporary object is destroyed with the session that created it. *out must be closed
     * before hsm, whose end ends the login. NULL: this API has only one session, or an agent serves
     * it, which has sessions(). Errors: ERR_HSM (the token has no session left). */
    bool (*another)(struct hsm *hsm, struct hsm **out, struct err *err);

    /* From now on so many threads may use hsm at the same time, and each call waits until one of
     * *have sessions is free. *have: wanted, or fewer if the API or the token has no more; 1: the
     * session that logged in. The further sessions live as long as hsm. Called once, after login().
     * NULL: one thread, one session. Errors: ERR_GONE. */
    bool (*sessions)(struct hsm *hsm, unsigned wanted, unsigned *have, struct err *err);

    /* May a call that was abandoned (ERR_GONE: too late, or cancelled) still change the token? An
     * object that does not exist yet may then appear later. NULL: never. */
    bool (*at_work)(struct hsm *hsm);

    /* Locks the token for a ceremony on another host (hsm/token_lock.h), as long as the agent
     * lives. NULL: this process is on the console's host, and the console locks it. Errors:
     * ERR_DENIED (another ceremony has the lock). */
    bool (*lock)(struct hsm *hsm, const struct hsm_lock *lock, struct err *err);

    bool (*info)(struct hsm *hsm, struct hsm_info *info, struct err *err);

    /* All slots, including empty ones and those with uninitialised tokens, in the library's order;
     * the caller frees list->slots. More than HSM_SLOTS_MAX are an error. */
    bool (*slots)(struct hsm *hsm, struct hsm_slot_list *list, struct err *err);

    /* Opens a read-write session on the token in this slot and logs the user in with pin; exactly
     * one attempt. The pin is empty if the token requires no login, or has its own PIN path. Once
     * for each struct hsm. Errors: ERR_DENIED (wrong, locked, expired PIN; write-protected token),
     * ERR_HSM. */
    bool (*login)(struct hsm *hsm, uint64_t slot, const struct secret *pin, struct err *err);

    /* All objects of the token that this user can see, with their public halves if the HSM has
     * them. Their templates need not be read; constraints.known has KEY_TEMPLATE only if they
     * were. An object that cannot be read is listed as KEY_CLASS_OTHER, never omitted. */
    bool (*list)(struct hsm *hsm, struct key_list *list, struct err *err);

    /* list() piece by piece, for an agent that sends what it has: adds some of the objects to
     * *list, which has those of the calls before. handles are the next ones of all that handles()
     * returned; last: with these, all of them were given. Private keys may get their public halves
     * with the last call. After a failure the list is not complete, and the caller frees it. NULL:
     * there is only list(). */
    bool (*list_some)(struct hsm *hsm, const uint64_t *handles, size_t count, bool last,
                      struct key_list *list, struct err *err);

    /* Asks for what the next list() returns, without waiting: another HSM can be asked meanwhile.
     * list() reports what failed. NULL: list() does all of it. */
    void (*list_ahead)(struct hsm *hsm);

    /* Receives a part of the list that was asked for ahead; *more: another part follows, for which
     * list() would have to wait. Returns false if it failed: list() reports why. NULL: list() does
     * all of it. */
    bool (*list_part)(struct hsm *hsm, bool *more);

    /* The handles of ALL objects on the token and in the session, in ascending order, including
     * incomplete ones without class or label. The caller frees *handles. */
    bool (*handles)(struct hsm *hsm, uint64_t **handles, size_t *count, struct err *err);

    /* Reads one object again. Errors: ERR_NO_INPUT (the object no longer exists). */
    bool (*describe)(struct hsm *hsm, uint64_t handle, struct key_desc *key, struct err *err);

    /* The public half of a private or public key as DER SubjectPublicKeyInfo, built from this
     * object alone, or (private EC keys) from the public object with the same id. Errors:
     * ERR_UNSUPPORTED (it is not available). */
    bool (*public_key)(struct hsm *hsm, uint64_t handle, struct bytes *spki, struct err *err);

    /* The DER of a certificate, as the HSM stores it (RFC 5280 section 4.1). It is not parsed.
     * Errors: ERR_UNSUPPORTED (the object is not a certificate, or the HSM does not return it). */
    bool (*certificate)(struct hsm *hsm, uint64_t handle, struct bytes *der, struct err *err);

    /* Determines the capabilities, at least those that are wanted. Creates temporary test keys and
     * destroys them. */
    bool (*capabilities)(struct hsm *hsm, const struct hsm_wanted *wanted,
                         struct hsm_capabilities *caps, struct err *err);

    /* Protocol step 1. Generates a temporary RSA pair with e = 65537: the private half sensitive,
     * not extractable, for unwrapping by OAEP only, not modifiable, not copyable, and (if the API
     * can express it) with a template that makes unwrapped keys sensitive. */
    bool (*make_pair)(struct hsm *hsm, uint32_t bits, const char *label, struct hsm_pair *pair,
                      struct err *err);

    /* The same for a ceremony in two rooms, whose wrapped keys arrive in a later session: both
     * halves are TOKEN objects with this label, which destroy() removes in this session and
     * remove() in a later one. The caller reads the private half to see which guards the token
     * took: whether it is modifiable or copyable, its allowed mechanisms, and its unwrap template.
     * After a failed call, objects with this label may be on the token. */
    bool (*make_token_pair)(struct hsm *hsm, uint32_t bits, const char *label,
                            struct hsm_pair *pair, struct err *err);

    /* Protocol step 3. Loads an RSA public key as a temporary object that may only wrap. */
    bool (*load_public)(struct hsm *hsm, const struct bytes *spki, const char *label,
                        uint64_t *handle, struct err *err);

    /* Protocol steps 1 and 3 of a transport that is agreed on; NULL, like the next two: this API
     * has none. Generates a temporary key pair for alg: the private half sensitive, not
     * extractable, to derive only, not modifiable and not copyable if the API can express it.
     * Errors: ERR_UNSUPPORTED (no such pair). The agent's service: ERR_DENIED (the session has
     * one). */
    bool (*make_agreement_pair)(struct hsm *hsm, enum hsm_alg alg, const char *label,
                                struct hsm_pair *pair, struct err *err);

    /* Protocol step 3 of a transport by a KEM, on the source; NULL: this API has none. Encapsulates
     * a secret to with->peer, the destination's public half, which the agent's service has checked;
     * besides, for a hybrid, generates a pair as make_agreement_pair() does. The secret is a
     * temporary key, sensitive, not extractable: by HSM_KDF_KEM, AES-256 that may only wrap; by
     * HSM_KDF_NESTED, AES-256 that may only encrypt; by HSM_KDF_HKDF, one that may only be derived
     * from. pair->spki is what crosses. Errors: as make_agreement_pair(). */
    bool (*encapsulate)(struct hsm *hsm, const struct hsm_encapsulation *with,
                        struct hsm_pair *pair, struct err *err);

    /* Protocol step 3, on both sides: checks the other side's public half, and returns what this
     * side knows of both: transport, migration, the destination's public half and the source's
     * (hsm/key_agreement.h), of which this side's is read from the HSM now. Officers compare the
     * fingerprints. A driver has agreement_meet() here. Errors: ERR_DATA (not the public half of
     * such a pair). The agent's service: ERR_DENIED (this session did not make the pair, or it met
     * another public half before). */
    bool (*meet)(struct hsm *hsm, const struct hsm_meeting *with, struct bytes *known,
                 struct err *err);

    /* Protocol steps 5 and 7: derives the wrapping key. The caller reads it again to check. The
     * agent's service has checked that the pair met this public half and no other, and that it
     * derives for the first time; and lets the key wrap, or unwrap, one fresh AES key and nothing
     * else. If encapsulate() made the key for this use, it is that one. A pair from which a key
     * that stays (on->key) is derived derives nothing else. Errors: ERR_UNSUPPORTED (not by this
     * KDF). */
    bool (*agree)(struct hsm *hsm, const struct hsm_agreement *on, uint64_t *handle,
                  struct err *err);

    /* Protocol step 4. Generates a temporary AES key: sensitive, extractable (it must be wrapped
     * once), for wrapping only, and neither modifiable nor copyable if the API can express it. */
    bool (*make_kek)(struct hsm *hsm, uint32_t bits, const char *label, uint64_t *handle,
                     struct err *err);

    /* Generates a test key, to try a wrap option before a real key is migrated with it: inside the
     * HSM, temporary, sensitive, extractable, modifiable and copyable; ciphers encrypt and decrypt,
     * other secrets and private keys sign, RSA also decrypts,
     * pairs that cannot sign derive or decapsulate. public_key() finds a private key's
     * other half; if the API creates a separate object for it, its handle is *public_handle,
     * otherwise and for secrets 0. Errors: ERR_UNSUPPORTED (no such keys can be generated). */
    bool (*make_key)(struct hsm *hsm, const struct key_sample *sample, const char *label,
                     uint64_t *handle, uint64_t *public_handle, struct err *err);

    /* Protocol steps 5 and 8. Encrypts key under wrapping. Errors: ERR_DENIED (the key may not
     * leave, or not under this one), ERR_UNSUPPORTED (not by this algorithm). For every driver, the
     * agent's service has already checked that the key may leave, that wrapping is a key for alg
     * that may wrap, and that alg can wrap a key of this length (agent/guard.h). */
    bool (*wrap)(struct hsm *hsm, enum hsm_alg alg, uint64_t wrapping, uint64_t key,
                 struct bytes *wrapped_key, struct err *err);

    /* Protocol steps 7 and 10. Decrypts wrapped_key under unwrapping into a new TEMPORARY object
     * with the attributes of template, as far as this API supports them; the caller reads it again
     * to check. Any altered wrapped key gives the same ERR_DATA message, which the service sets: a
     * driver returns ERR_DATA for every error that its API returns for such a blob. The service has
     * already checked that the blob has a length that alg produces, and that unwrapping is a key
     * for alg that may unwrap. */
    bool (*unwrap)(struct hsm *hsm, enum hsm_alg alg, uint64_t unwrapping,
                   const struct bytes *wrapped_key, const struct hsm_template *template,
                   uint64_t *handle, struct err *err);

    /* wrap() and unwrap() of one AES key in two layers, for HSM_KDF_NESTED: an IV, and the inner
     * wrapped key, encrypted by AES-256-GCM with its tag. A driver has layers_wrap() and
     * layers_unwrap() of hsm/layers.h here, and what those need: gcm_encrypt() and gcm_decrypt(),
     * for texts of up to HSM_LAYER_MAX octets, which only the agent's service reaches, and which
     * are NULL in remote.c; every altered text, IV or context is ERR_DATA. NULL, all four: this API
     * has no such transport. */
    bool (*wrap_layers)(struct hsm *hsm, const struct hsm_layers *by, uint64_t key,
                        struct bytes *wrapped_key, struct err *err);
    bool (*unwrap_layers)(struct hsm *hsm, const struct hsm_layers *by,
                          const struct bytes *wrapped_key, const struct hsm_template *template,
                          uint64_t *handle, struct err *err);
    bool (*gcm_encrypt)(struct hsm *hsm, uint64_t key, const uint8_t iv[HSM_LAYER_IV],
                        const struct bytes *context, const struct bytes *text,
                        struct bytes *ciphertext, struct err *err);
    bool (*gcm_decrypt)(struct hsm *hsm, uint64_t key, const uint8_t iv[HSM_LAYER_IV],
                        const struct bytes *context, const struct bytes *ciphertext,
                        struct bytes *text, struct err *err);

    /* Protocol step 11. Answers challenge with this key. Errors: ERR_UNSUPPORTED (not by this
     * proof, or the key's uses forbid it). */
    bool (*prove)(struct hsm *hsm, enum hsm_proof proof, uint64_t handle,
                  const struct bytes *challenge, struct bytes *answer, struct err *err);

    /* Generates the evidence key (evidence_form.h): temporary, AES with EVIDENCE_BITS, sensitive,
     * extractable (it must be wrapped once), for encryption only, and, if the API can express it,
     * only by AES-GCM, neither modifiable nor copyable. The destination unwraps it for decryption
     * only. Errors: ERR_UNSUPPORTED (no such key). The agent's service: ERR_DENIED (the session has
     * one). */
    bool (*make_evidence_key)(struct hsm *hsm, const char *label, uint64_t *handle,
                              struct err *err);

    /* Encrypts EVIDENCE_TEXT octets by AES-256-GCM under key, with cipher->iv, which an HSM may
     * change, and context as additional data. decrypt() writes them to *text, which has room for
     * two ciphertexts; every altered ciphertext, IV or context is ERR_DATA. Only the agent's
     * service calls these two, for data that it does not return: no message asks for them,
     * and they are NULL in remote.c. Errors: ERR_UNSUPPORTED (this HSM does not do it). */
    bool (*encrypt)(struct hsm *hsm, uint64_t key, const struct bytes *context,
                    const struct secret *text, struct evidence_cipher *cipher, struct err *err);
    bool (*decrypt)(struct hsm *hsm, uint64_t key, const struct bytes *context,
                    const struct evidence_cipher *cipher, struct secret *text, struct err *err);

    /* Protocol step 11 in two rooms, on the source: of->key answers, and what would allow guessing
     * it is encrypted under of->evidence_key. Closed: cipher->challenge is given. Open: all of
     * *cipher is set. A driver has evidence_key_seal() here. Errors: as prove(). The agent's
     * service has already checked that the proof may be sealed, and that the evidence key is the
     * one that this session generated, for encryption only. */
    bool (*seal)(struct hsm *hsm, const struct evidence_subject *of, struct evidence_cipher *cipher,
                 struct err *err);

    /* And on the destination: does of->key answer as the source's key did? Open: *answer is the
     * answer. A driver has evidence_key_unseal() here. Errors: ERR_DATA (another key, or altered
     * evidence: one message for all of it), as prove(). The service has already checked that the
     * evidence key is an object of this session, for decryption only and not extractable. */
    bool (*unseal)(struct hsm *hsm, const struct evidence_subject *of,
                   const struct evidence_cipher *cipher, struct bytes *answer, struct err *err);

    /* The one irreversible step: turns the temporary object into a token object with this label and
     * id, and changes nothing else. *final is the new handle; the temporary object may or may not
     * still exist. After a failure of this call the result is UNKNOWN and must be looked up; except
     * after ERR_CONFLICT (the id belongs to another key, and the token identifies keys by it):
     * nothing was created. */
    bool (*commit)(struct hsm *hsm, uint64_t temporary, const uint8_t *label, size_t label_len,
                   const uint8_t *id, size_t id_len, uint64_t *final, struct err *err);

    /* Creates a public key or a certificate from template->spki: immediately as a token object with
     * this label and id, because it contains no secret that would have to be proven first. Errors
     * as for commit(): UNKNOWN, except ERR_UNSUPPORTED (this HSM stores no such object) and
     * ERR_CONFLICT (it would replace another one), after which nothing was created. */
    bool (*make_public)(struct hsm *hsm, const struct hsm_template *template, uint64_t *final,
                        struct err *err);

    /* Destroys an object that this session created. An object that no longer exists is not an
     * error. Errors: ERR_DENIED (this session did not create it; nothing was destroyed). A driver
     * may leave that check to the agent's service, which makes it for all of them. */
    bool (*destroy)(struct hsm *hsm, uint64_t handle, struct err *err);

    /* THE NAMED ACT on an object that another session created: reads object is->handle again, and
     * destroys it only if its class, label and id are those of *is. An object that no longer exists
     * is not an error. Errors: ERR_CONFLICT (it is another object; nothing was destroyed). */
    bool (*remove)(struct hsm *hsm, const struct key_desc *is, struct err *err);

    /* THE OTHER NAMED ACT: reads object is->handle again and, only if its class, label and id are
     * those of *is, sets attributes of it. After a failure any of them may be set: the caller reads
     * the object again. Errors: ERR_CONFLICT (it is another object), ERR_NO_INPUT (it no longer
     * exists), ERR_UNSUPPORTED, ERR_HSM. The agent's service: ERR_DENIED (it would loosen the key).
     */
    bool (*tighten)(struct hsm *hsm, const struct key_desc *is, const struct tightening *to,
                    struct err *err);
};

/* The first member of every implementation's own structure. */
struct hsm {
    const struct hsm_driver *driver;
};

#endif
