/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fields of sealed files: ONE table for writing, reading, the published schemas and the tests,
 * so that nothing is lost between them. Every field is in every file, in the order of the table.
 */
#ifndef HSMFERRY_SEALED_SEALED_FIELDS_H
#define HSMFERRY_SEALED_SEALED_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sealed/sealed.h"

enum sealed_type {
    SEALED_TEXT,    /* a terminated string of safe text */
    SEALED_LABEL,   /* raw octets that people read, by text_safe() */
    SEALED_OCTETS,  /* raw octets, in hexadecimal */
    SEALED_HEX,     /* exactly so many octets, in hexadecimal; all zero: "" */
    SEALED_BYTES,   /* a struct bytes, in base64 (RFC 4648 section 4) */
    SEALED_YES,     /* a bool: "yes" or "no" */
    SEALED_NUMBER,  /* unsigned, decimal */
    SEALED_TIME,    /* milliseconds since 1970, whole seconds: "2026-11-23T12:41:07Z" */
    SEALED_WORD,    /* an enum, by its name */
    SEALED_BITS,    /* unsigned: a list of the names of its bits */
    SEALED_NUMBERS, /* an array of uint32_t */
    SEALED_MAP,     /* a structure */
    SEALED_LIST,    /* an array of structures, of which a member holds the number */
    SEALED_ROWS,    /* an array of structures, one for each value of an enum, which names it */
};

struct sealed_table;

struct sealed_field {
    const char *name;
    enum sealed_type type;
    size_t at, size; /* its offset and size; of an element, for lists and rows */
    uint32_t max;    /* BYTES, LABEL, OCTETS: octets; WORD, BITS: names; else elements */
    const char *(*word)(unsigned);    /* WORD, BITS, ROWS: names a value, a bit number, a row */
    size_t count_at, count_size;      /* LABEL, OCTETS, NUMBERS, LIST: the member that counts */
    bool counted;                     /* the field before is this number; it may be more than max */
    const struct sealed_table *table; /* MAP, LIST, ROWS */
};

struct sealed_table {
    const struct sealed_field *fields;
    size_t count;
};

/* The first field of each row, which names it. */
#define SEALED_ROW_NAME "of"

/* The last second of the year 9999. */
#define SEALED_TIME_MAX INT64_C(253402300799000)

#define SEALED_MANIFEST "manifest"

/* The largest file, in octets. */
#define SEALED_SIZE_MAX INT64_C(4294967296)

/* The last field of each file: over the octets of all lines before it. */
struct sealed_manifest {
    uint64_t octets;
    uint8_t sha256[SHA256_SIZE];
};

/* A file is the fields of sealed_head, those of its format, the list of its keys or results, and
 * the manifest. */
extern const struct sealed_table sealed_head_table;             /* struct sealed_head */
extern const struct sealed_table sealed_tables[SEALED_FORMATS]; /* struct sealed_offer ... */
extern const struct sealed_table sealed_key_table;              /* struct sealed_key */
extern const struct sealed_table sealed_result_table;           /* struct sealed_result */
extern const struct sealed_table sealed_manifest_table;         /* struct sealed_manifest */

/* The name of the list in files of this format, and its fields: "keys", "results"; NULL: none. */
const char *sealed_list_name(enum sealed_format format);
const struct sealed_table *sealed_list_table(enum sealed_format format);

/* The number in an unsigned member of this size, and back. False: it does not fit. */
uint64_t sealed_get(const void *member, size_t size);
bool sealed_set(void *member, size_t size, uint64_t number);

#endif
