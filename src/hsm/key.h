/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The attributes of a key, independent of any API. Plain data without pointers: it can be copied,
 * sent between processes and put into an event.
 */
#ifndef HSMFERRY_HSM_KEY_H
#define HSMFERRY_HSM_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hsm/key_kind.h"

enum key_class {
    KEY_CLASS_OTHER,
    KEY_CLASS_SECRET,
    KEY_CLASS_PRIVATE,
    KEY_CLASS_PUBLIC,
    KEY_CLASS_CERTIFICATE,
    KEY_CLASS_DATA,
    KEY_CLASSES
};

/* The uses and guards of a key: one bit each, so that one table (key_flag_name) serves the screen,
 * the report and the comparison. */
enum key_flag {
    KEY_ENCRYPT = 1 << 0,
    KEY_DECRYPT = 1 << 1,
    KEY_SIGN = 1 << 2,
    KEY_VERIFY = 1 << 3,
    KEY_WRAP = 1 << 4,
    KEY_UNWRAP = 1 << 5,
    KEY_DERIVE = 1 << 6,
    KEY_SIGN_RECOVER = 1 << 7,
    KEY_VERIFY_RECOVER = 1 << 8,
    KEY_PRIVATE = 1 << 9, /* visible only after login */
    KEY_SENSITIVE = 1 << 10,
    KEY_EXTRACTABLE = 1 << 11,
    KEY_MODIFIABLE = 1 << 12,
    KEY_COPYABLE = 1 << 13,
    KEY_DESTROYABLE = 1 << 14,
    KEY_WRAP_WITH_TRUSTED = 1 << 15,
    KEY_ALWAYS_AUTHENTICATE = 1 << 16,
    KEY_TRUSTED = 1 << 17,
    /* history, which no import can set */
    KEY_ALWAYS_SENSITIVE = 1 << 18,
    KEY_NEVER_EXTRACTABLE = 1 << 19,
    KEY_LOCAL = 1 << 20,
    KEY_TOKEN = 1 << 21, /* persists after the session */
    /* uses of ML-KEM keys (PKCS#11 3.2), which no other key has */
    KEY_ENCAPSULATE = 1 << 22,
    KEY_DECAPSULATE = 1 << 23,
};
enum {
    KEY_FLAGS = 24,
    KEY_USES = 0xc001ff, /* the flags that are uses */
};

enum {
    KEY_LABEL_MAX = 255,
    KEY_ID_MAX = 128,
    KEY_CURVE_MAX = 32,
    KEY_TYPE_MAX = 32,
    KEY_UNREAD_MAX = 72
};

/* Constraints of a key other than its flags, and its subject. */
enum key_constraint {
    KEY_DATES = 1 << 0,
    KEY_ALLOWED = 1 << 1,
    KEY_SUBJECT = 1 << 2,
    KEY_DATES_HIDDEN = 1 << 3, /* it has dates, but the HSM fails to read them */
    KEY_TEMPLATE = 1 << 4,
};

/* What a key requires of the keys that it wraps, unwraps or derives (PKCS#11 v2.40 sections 4.8 to
 * 4.10: CKA_WRAP_TEMPLATE and the other templates). All 0: nothing. */
enum key_template_use {
    KEY_TEMPLATE_WRAP,
    KEY_TEMPLATE_UNWRAP,
    KEY_TEMPLATE_DERIVE,
    KEY_TEMPLATES
};
struct key_template {
    uint32_t named;       /* enum key_flag: the flags in the template ... */
    uint32_t flags;       /* ... and their values */
    enum key_class class; /* KEY_CLASS_OTHER: not in the template */
    enum key_kind kind;   /* KEY_KIND_OTHER: not in the template */
    uint32_t others;      /* number of its other attributes, which are not migrated */
};

enum { KEY_CONSTRAINTS = 31, KEY_DATE_SIZE = 9, KEY_ALLOWED_MAX = 16, KEY_SUBJECT_MAX = 256 };
struct key_constraints {
    uint32_t known;            /* enum key_constraint: reported by this HSM, including "none" */
    char start[KEY_DATE_SIZE]; /* "20260131"; empty: no start */
    char end[KEY_DATE_SIZE];   /* empty: no end */
    uint16_t allowed_count;    /* more than KEY_ALLOWED_MAX: too many to store; 0: all mechanisms */
    uint32_t allowed[KEY_ALLOWED_MAX]; /* mechanism numbers of PKCS#11, ascending */
    uint16_t subject_len;              /* the true length; more than KEY_SUBJECT_MAX: truncated */
    uint8_t subject[KEY_SUBJECT_MAX];  /* a DER Name (RFC 5280 section 4.1.2.6) */
    struct key_template templates[KEY_TEMPLATES];
};

/* Stands for the curve's name if a key has explicit parameters instead of a named curve. */
#define KEY_CURVE_EXPLICIT "explicit parameters"

struct key_desc {
    uint64_t handle; /* meaningful only to the HSM that gave it, until its session ends */
    enum key_class class;
    enum key_kind kind;
    uint32_t bits;             /* RSA: modulus; EC: field; AES, DES3, GENERIC: value; 0: unknown */
    uint32_t length;           /* octets of a secret's value; 0: unknown */
    uint32_t flags;            /* enum key_flag, of those in flags_known */
    uint32_t flags_known;      /* the flags that this HSM reports */
    char curve[KEY_CURVE_MAX]; /* EC: "P-256", "brainpoolP256r1", KEY_CURVE_EXPLICIT, or a dotted
                                  OID; other pairs: the name of a key_set, or "set 9" for a
                                  number that is none */
    char type_name[KEY_TYPE_MAX]; /* the API's name of the type: "CKK_AES", "CKO_DATA" */
    uint16_t label_len;           /* the true length; more than KEY_LABEL_MAX: label is truncated */
    uint16_t id_len;              /* likewise */
    uint8_t label[KEY_LABEL_MAX];
    uint8_t id[KEY_ID_MAX];
    bool has_public;             /* the public half is known: spki_sha256 is set */
    uint8_t spki_sha256[32];     /* of the DER SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7) */
    uint8_t kcv[3];              /* AES, DES3: CKA_CHECK_VALUE as the HSM reports it ... */
    uint8_t kcv_len;             /* ... 0 or 3 */
    char unread[KEY_UNREAD_MAX]; /* what the HSM failed to read, and its error:
                                    "CKA_UNWRAP_TEMPLATE: CKR_DEVICE_ERROR"; class other: the whole
                                    object; empty: nothing */
    struct key_constraints constraints;
};

/* How a check value is computed, which officers compare to recognise a key. */
enum kcv_method {
    KCV_NONE,   /* a key that has none */
    KCV_ECB,    /* AES, DES3: the first 3 octets of the encryption of a block of zeros */
    KCV_CMAC,   /* AES, DES3: the first 3 octets of the CMAC of a block of zeros */
    KCV_REWRAP, /* SHA-256 of the key wrapped under an AES key generated for this purpose only
                 */
    KCV_SPKI,   /* RSA, EC: SHA-256 of the SubjectPublicKeyInfo; no operation on the key */
    KCV_METHODS
};
enum { KCV_MAX = 32 };
struct kcv_value {
    uint32_t len; /* 0: none */
    uint8_t octets[KCV_MAX];
};

/* A test key that represents real keys of its type. */
struct key_sample {
    enum key_kind kind;
    uint32_t length;           /* octets of a secret */
    uint32_t bits;             /* of an RSA modulus */
    char curve[KEY_CURVE_MAX]; /* other pairs: as in struct key_desc */
};

/* The test key that represents this key: a secret whose length wraps alike (a multiple of eight
 * octets or not), RSA 2048 for RSA of any size (larger ones take seconds to generate and are
 * wrapped in the same way), other pairs of the same curve or parameter set. */
void key_sample_of(const struct key_desc *key, struct key_sample *sample);
bool key_sample_equal(const struct key_sample *a, const struct key_sample *b);

/* What an HSM generates for it: few generate secrets of a type that is bound to a hash, and a
 * generic secret of the same length arrives as one. */
struct key_sample key_sample_generated(const struct key_sample *sample);

/* A growing list of keys. {0} is empty and valid. */
struct key_list {
    struct key_desc *keys;
    size_t count;
    size_t room;
};

/* Appends a copy. Returns false when there is no memory; the list is then unchanged. */
bool key_list_add(struct key_list *list, const struct key_desc *key);
void key_list_free(struct key_list *list);

/* Sets label or id from raw bytes of any length (a longer one is truncated; its true length is kept
 * up to 65535). */
void key_set_label(struct key_desc *key, const void *label, size_t len);
void key_set_id(struct key_desc *key, const void *id, size_t len);

/* Sets constraints from an HSM's attributes. Eight digits are a date; any other value counts as
 * none (PKCS#11 v2.40 section 2.1, CK_DATE). numbers holds the first KEY_ALLOWED_MAX of count
 * mechanisms. */
void key_set_dates(struct key_desc *key, const void *start, size_t start_len, const void *end,
                   size_t end_len);
void key_set_allowed(struct key_desc *key, const uint64_t *numbers, size_t count);
void key_set_subject(struct key_desc *key, const void *der, size_t len);

/* Does a template require anything? Does template is require everything that asked does? */
bool key_template_is_set(const struct key_template *template);
bool key_template_covers(const struct key_template *is, const struct key_template *asked);

/* "wrap template"; and the content of one: "class=secret sensitive=yes extractable=no", followed by
 * "others=2" if there is more; empty: nothing. out has KEY_TEMPLATE_TEXT bytes. Returns out. */
enum { KEY_TEMPLATE_TEXT = 640 };
const char *key_template_name(enum key_template_use use);
char *key_template_text(const struct key_template *template, char *out);

/* Names for reports and screens: "secret", "AES", "sensitive". flag is one bit. */
const char *key_class_name(enum key_class class);
const char *key_kind_name(enum key_kind kind);
const char *key_flag_name(uint32_t flag);

/* "AES 256", "RSA 4096", "EC P-256", "ML-DSA-65", "13 bytes", "HMAC-SHA-256, 32 bytes", "secret,
 * length unknown", "certificate". out has
 * KEY_TYPE_TEXT bytes. Returns out. */
enum { KEY_TYPE_TEXT = 64 };
char *key_type_text(const struct key_desc *key, char *out);

/* The same for a test key, for use without a label next to it: "generic secret, 13 bytes". */
char *key_sample_text(const struct key_sample *sample, char *out);

/* The check value with its method, "848606, ECB of zeros" (PKCS#11 v2.40 section 4.10.2); empty if
 * there is none. out has KEY_KCV_TEXT bytes. Returns out. */
enum { KEY_KCV_TEXT = 32 };
char *key_kcv_text(const struct key_desc *key, char *out);

/* "none", "ecb-zero", "cmac-zero", "rewrap-sha256", "spki-sha256"; and for people: "ECB of
 * zeros". */
const char *kcv_method_name(enum kcv_method method);
const char *kcv_method_words(enum kcv_method method);

/* Octets that label and id hold: less than their true lengths if they are truncated. */
size_t key_label_held(const struct key_desc *key);
size_t key_id_held(const struct key_desc *key);

/* The id in hexadecimal; empty if there is none. out has KEY_ID_TEXT bytes. Returns out. */
enum { KEY_ID_TEXT = 2 * KEY_ID_MAX + 1 };
char *key_id_text(const struct key_desc *key, char *out);

/* The label through text_safe(), or "(no label)" if it is empty. out has KEY_LABEL_TEXT bytes. */
enum { KEY_LABEL_TEXT = 4 * KEY_LABEL_MAX + 1 };
char *key_label_text(const struct key_desc *key, char *out);

/* Same class and the same name: equal non-empty label, or equal non-empty id, or neither has any.
 * This defines whether a name is "taken". */
bool key_name_collides(const struct key_desc *a, const struct key_desc *b);

/* Orders two uint64_t handles, for qsort() and bsearch(). */
int key_compare_handles(const void *a, const void *b);

/* The same non-empty id (PKCS#11 v2.40 section 4.5: it connects the two halves of a key pair and
 * its certificate); the same non-empty label. */
bool key_same_id(const struct key_desc *a, const struct key_desc *b);
bool key_same_label(const struct key_desc *a, const struct key_desc *b);

/* Is it a private key that can be proven only when its public half is known? */
bool key_needs_public(const struct key_desc *key);

/* Same class, label and id. */
bool key_same_name(const struct key_desc *a, const struct key_desc *b);

/* Is flag known and set? Is it known and not set? */
bool key_is(const struct key_desc *key, uint32_t flag);
bool key_is_not(const struct key_desc *key, uint32_t flag);

/* May it be used with this mechanism (PKCS#11's number; 0: none is needed)? A key without a list of
 * allowed mechanisms allows all. */
bool key_allows(const struct key_desc *key, uint32_t mechanism);

/* Does this object hold secret key material (a secret or private key)? */
bool key_is_movable_class(const struct key_desc *key);

/* Is it a public key or a certificate, which is migrated without being wrapped? */
bool key_is_public_class(const struct key_desc *key);

#endif
