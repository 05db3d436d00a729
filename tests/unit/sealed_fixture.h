/* SPDX-License-Identifier: Apache-2.0 */
/* Sealed files in which every field has a value, for tests. */
#ifndef HSMFERRY_TESTS_UNIT_SEALED_FIXTURE_H
#define HSMFERRY_TESTS_UNIT_SEALED_FIXTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "sealed/sealed.h"
#include "sealed/sealed_expect.h"

enum { FIXTURE_KEYS = 4, FIXTURE_NOW_S = 1795953600 }; /* 2026-11-29T12:00:00Z */

/* A file of this format and stage, without its keys; freed with sealed_file_free(). */
void fixture_file(enum sealed_format format, enum sealed_stage stage, struct sealed_file *file);

/* Key number 1 to FIXTURE_KEYS of a bundle: a test key (AES), an RSA key, its certificate, a stored
 * secret. */
void fixture_key(uint32_t number, struct sealed_key *key);
void fixture_result(uint32_t number, struct sealed_result *result);

/* Writes a whole file with what the head counts. */
void fixture_write(const char *path, const struct sealed_file *file, uint8_t sha256[SHA256_SIZE]);

/* What a visit expects that takes this file, with everything known. It points into file. */
struct sealed_expected fixture_expected(const struct sealed_file *file);

/* A folder for files, for cmocka: made, emptied, removed. */
int fixture_make_folder(void **state);
int fixture_empty_folder(void **state);
int fixture_remove_folder(void **state);

/* The path of this name in the folder: one string for each of the last four calls. */
const char *fixture_path(const char *name);

/* A whole file; the caller frees it. */
struct bytes fixture_load(const char *path);
void fixture_save(const char *path, const void *data, size_t len);

#endif
