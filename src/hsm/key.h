/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a key is, in no API's words. Plain data without pointers: it can be copied, sent between
 * processes and put into an event.
 */
#ifndef HSMFERRY_HSM_KEY_H
#define HSMFERRY_HSM_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum key_class {
    KEY_CLASS_OTHER,
    KEY_CLASS_SECRET,
    KEY_CLASS_PRIVATE,
    KEY_CLASS_PUBLIC,
    KEY_CLASS_CERTIFICATE,
    KEY_CLASS_DATA,
    KEY_CLASSES
};

enum key_kind {
    KEY_KIND_OTHER, /* a type that this program does not move; type_name says which */
    KEY_KIND_AES,
    KEY_KIND_DES3,
    KEY_KIND_GENERIC, /* a generic secret: an HMAC key, a stored password, any value */
    KEY_KIND_RSA,
    KEY_KIND_EC,
    KEY_KIND_EDWARDS,
    KEY_KIND_NONE, /* not a key: a certificate or a data object */
    KEY_KINDS
};

/* What a key may be used for, and how it is guarded: one bit each, so that one table
 * (key_flag_name) serves the screen, the report and the comparison. */
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
    KEY_TOKEN = 1 << 21, /* stays when the session ends */
};
enum {
    KEY_FLAGS = 22,
    KEY_USES = 0x1ff, /* the flags that are uses */
};

enum {
    KEY_LABEL_MAX = 255,
    KEY_ID_MAX = 128,
    KEY_CURVE_MAX = 32,
    KEY_TYPE_MAX = 32,
    KEY_UNREAD_MAX = 80
};

/* What binds a key besides its flags, and whose it is. */
enum key_constraint {
    KEY_DATES = 1 << 0,
    KEY_ALLOWED = 1 << 1,
    KEY_SUBJECT = 1 << 2,
    KEY_DATES_HIDDEN = 1 << 3, /* it has dates, but the HSM fails to read them */
    KEY_TEMPLATE = 1 << 4,
};

/* What a key demands of the keys that it wraps, unwraps or derives (PKCS#11 v2.40 4.8 to 4.10,
 * CKA_WRAP_TEMPLATE and its kin). All 0: nothing. */
enum key_template_use {
    KEY_TEMPLATE_WRAP,
    KEY_TEMPLATE_UNWRAP,
    KEY_TEMPLATE_DERIVE,
    KEY_TEMPLATES
};
struct key_template {
    uint32_t named;       /* enum key_flag: those that it names ... */
    uint32_t flags;       /* ... and as what */
    enum key_class class; /* KEY_CLASS_OTHER: not named */
    enum key_kind kind;   /* KEY_KIND_OTHER: not named */
    uint32_t others;      /* how many attributes there are besides; they are not carried along */
};

enum { KEY_CONSTRAINTS = 31, KEY_DATE_SIZE = 9, KEY_ALLOWED_MAX = 16, KEY_SUBJECT_MAX = 256 };
struct key_constraints {
    uint32_t known;                    /* enum key_constraint: what this HSM told, also "none" */
    char start[KEY_DATE_SIZE];         /* "20260131"; empty: from ever */
    char end[KEY_DATE_SIZE];           /* empty: for ever */
    uint16_t allowed_count;            /* more than KEY_ALLOWED_MAX: too many to hold; 0: all */
    uint32_t allowed[KEY_ALLOWED_MAX]; /* ascending mechanism numbers, as of PKCS#11 */
    uint16_t subject_len;              /* the true length; more than KEY_SUBJECT_MAX: cut */
    uint8_t subject[KEY_SUBJECT_MAX];  /* a DER Name (RFC 5280 4.1.2.6) */
    struct key_template templates[KEY_TEMPLATES];
};

/* What stands for the curve's name where a key has parameters of its own instead of one. */
#define KEY_CURVE_EXPLICIT "explicit parameters"

struct key_desc {
    uint64_t handle; /* meaningful only to the HSM that gave it, until its session ends */
    enum key_class class;
    enum key_kind kind;
    uint32_t bits;             /* RSA: modulus; EC: field; AES, DES3, GENERIC: value; 0: unknown */
    uint32_t length;           /* octets of a secret's value; 0: unknown */
    uint32_t flags;            /* enum key_flag, of those in flags_known */
    uint32_t flags_known;      /* which flags this HSM told */
    char curve[KEY_CURVE_MAX]; /* EC: "P-256", "brainpoolP256r1", KEY_CURVE_EXPLICIT, or a dotted
                                  OID */
    char type_name[KEY_TYPE_MAX]; /* the API's own name of the type: "CKK_AES", "CKO_DATA" */
    uint16_t label_len;           /* the true length; more than KEY_LABEL_MAX: label is cut */
    uint16_t id_len;              /* likewise */
    uint8_t label[KEY_LABEL_MAX];
    uint8_t id[KEY_ID_MAX];
    bool has_public;             /* the public half is known: spki_sha256 is set */
    uint8_t spki_sha256[32];     /* SHA-256 of the DER SubjectPublicKeyInfo (RFC 5280 4.1.2.7) */
    uint8_t kcv[3];              /* AES, DES3: CKA_CHECK_VALUE as the HSM tells it ... */
    uint8_t kcv_len;             /* ... 0 or 3 */
    char unread[KEY_UNREAD_MAX]; /* what of it the HSM failed to read, and its error:
                                    "CKA_UNWRAP_TEMPLATE: CKR_DEVICE_ERROR"; class other: the object
                                    as a whole; empty: nothing */
    struct key_constraints constraints;
};

/* What officers compare to know a key again, by how it is computed. */
enum kcv_method {
    KCV_NONE,   /* a key that has none */
    KCV_ECB,    /* AES, DES3: the first 3 octets of an encrypted block of zeros */
    KCV_CMAC,   /* AES, DES3: the first 3 octets of the CMAC of a block of zeros */
    KCV_REWRAP, /* SHA-256 of the key as encrypted under an AES key made for this alone */
    KCV_SPKI,   /* RSA, EC: SHA-256 of the SubjectPublicKeyInfo; no operation on the key */
    KCV_METHODS
};
enum { KCV_MAX = 32 };
struct kcv_value {
    uint32_t len; /* 0: none */
    uint8_t octets[KCV_MAX];
};

/* A throw-away key that stands for others of its kind. */
struct key_sample {
    enum key_kind kind;        /* AES, DES3, GENERIC, RSA or EC */
    uint32_t length;           /* octets of a secret */
    uint32_t bits;             /* of an RSA modulus */
    char curve[KEY_CURVE_MAX]; /* EC: as in struct key_desc */
};

/* What stands for this key: a secret of its length as far as envelopes tell lengths apart (octets
 * in eights or not), RSA 2048 for RSA of any size (larger ones take seconds to make and go the same
 * way), EC on its own curve. */
void key_sample_of(const struct key_desc *key, struct key_sample *sample);
bool key_sample_equal(const struct key_sample *a, const struct key_sample *b);

/* A growing list of keys. {0} is empty and valid. */
struct key_list {
    struct key_desc *keys;
    size_t count;
    size_t room;
};

/* Appends a copy. Returns false when there is no memory; the list is then unchanged. */
bool key_list_add(struct key_list *list, const struct key_desc *key);
void key_list_free(struct key_list *list);

/* Sets label or id from raw bytes of any length (a longer one is cut, its true length kept up to
 * 65535). */
void key_set_label(struct key_desc *key, const void *label, size_t len);
void key_set_id(struct key_desc *key, const void *id, size_t len);

/* Sets them from what an HSM told. Eight digits are a date, anything else is none (PKCS#11 v2.40
 * 2.1, CK_DATE). Of mechanisms, numbers holds the first KEY_ALLOWED_MAX of count. */
void key_set_dates(struct key_desc *key, const void *start, size_t start_len, const void *end,
                   size_t end_len);
void key_set_allowed(struct key_desc *key, const uint64_t *numbers, size_t count);
void key_set_subject(struct key_desc *key, const void *der, size_t len);

/* Does it demand anything? And does template is demand all that asked does? */
bool key_template_is_set(const struct key_template *template);
bool key_template_covers(const struct key_template *is, const struct key_template *asked);

/* "wrap template"; and what is in one: "class=secret sensitive=yes extractable=no", with "others=2"
 * behind it where there is more; empty: nothing. out has KEY_TEMPLATE_TEXT bytes. Returns out. */
enum { KEY_TEMPLATE_TEXT = 640 };
const char *key_template_name(enum key_template_use use);
char *key_template_text(const struct key_template *template, char *out);

/* Words for reports and screens: "secret", "AES", "sensitive". flag is one bit. */
const char *key_class_name(enum key_class class);
const char *key_kind_name(enum key_kind kind);
const char *key_flag_name(uint32_t flag);

/* "AES 256", "RSA 4096", "EC P-256", "13 bytes", "secret, length unknown", "certificate". out has
 * KEY_TYPE_TEXT bytes. Returns out. */
enum { KEY_TYPE_TEXT = 64 };
char *key_type_text(const struct key_desc *key, char *out);

/* The same of what stands for a key, where no label is beside it: "generic secret, 13 bytes". */
char *key_sample_text(const struct key_sample *sample, char *out);

/* The check value with its method beside it, "848606, ECB of zeros" (PKCS#11 v2.40 4.10.2); empty
 * where there is none. out has KEY_KCV_TEXT bytes. Returns out. */
enum { KEY_KCV_TEXT = 32 };
char *key_kcv_text(const struct key_desc *key, char *out);

/* "none", "ecb-zero", "cmac-zero", "rewrap-sha256", "spki-sha256"; and in words: "ECB of zeros". */
const char *kcv_method_name(enum kcv_method method);
const char *kcv_method_words(enum kcv_method method);

/* The label through text_safe(), "(no label)" where it is empty. out has KEY_LABEL_TEXT bytes. */
enum { KEY_LABEL_TEXT = 4 * KEY_LABEL_MAX + 1 };
char *key_label_text(const struct key_desc *key, char *out);

/* Same class and the same name: equal non-empty label, or equal non-empty id, or neither has any.
 * What "taken" means. */
bool key_name_collides(const struct key_desc *a, const struct key_desc *b);

/* Orders two uint64_t handles, for qsort() and bsearch(). */
int key_compare_handles(const void *a, const void *b);

/* The same id, which is not empty (PKCS#11 v2.40 4.5: what joins the two halves of a key pair and
 * its certificate); the same label, which is not empty. */
bool key_same_id(const struct key_desc *a, const struct key_desc *b);
bool key_same_label(const struct key_desc *a, const struct key_desc *b);

/* Is it a private key that cannot be proven before its public half is known? */
bool key_needs_public(const struct key_desc *key);

/* Same class, label and id. */
bool key_same_name(const struct key_desc *a, const struct key_desc *b);

/* Is flag known and set? Is it known and not set? */
bool key_is(const struct key_desc *key, uint32_t flag);
bool key_is_not(const struct key_desc *key, uint32_t flag);

/* May it be used with this mechanism (PKCS#11's number; 0: none is needed)? A key that names no
 * mechanisms allows all. */
bool key_allows(const struct key_desc *key, uint32_t mechanism);

/* Does this object hold secret key material (a secret or private key)? */
bool key_is_movable_class(const struct key_desc *key);

/* Is it a public key or a certificate, which goes as it is? */
bool key_is_public_class(const struct key_desc *key);

#endif
