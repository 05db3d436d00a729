/* SPDX-License-Identifier: Apache-2.0 */
/* Sealed files (sealed/sealed_read.h). Of an input as it is, and with the manifest that it should
 * bear: what is taken is exactly what the writer writes of it, and nothing is handed out before its
 * author is confirmed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

#include "base/text.h"
#include "sealed/sealed_read.h"
#include "sealed/sealed_words.h"
#include "tests/fuzz/fuzz.h"

static bool never(void *ctx, const struct sealed_key *key, struct err *err)
{
    (void)ctx, (void)key, (void)err;
    fuzz_must(false, "no key of a file is handed out before it is trusted");
    return false;
}

static void must_be_sound(const struct sealed_key *key, const struct sealed_evidence *evidence)
{
    fuzz_must(evidence->answer.clear.len == 0 || sealed_may_be_clear(&key->desc, evidence->proof),
              "no answer by which a weak key could be guessed is unencrypted");
}

static bool check_key(void *ctx, const struct sealed_key *key, struct err *err)
{
    uint32_t *keys = ctx;

    (void)err;
    ++*keys;
    fuzz_must(key->proof_count <= SEALED_PROOFS_MAX && key->desc.label_len <= KEY_LABEL_MAX &&
                  key->desc.id_len <= KEY_ID_MAX,
              "a key is within its limits");
    fuzz_must(fuzz_is_safe(key->desc.type_name) && fuzz_is_safe(key->desc.curve),
              "what a key says is harmless on a terminal");
    for (uint32_t i = 0; i < key->proof_count; i++)
        must_be_sound(key, &key->proofs[i]);
    must_be_sound(key, &key->open);
    return true;
}

static bool check_result(void *ctx, const struct sealed_result *result, struct err *err)
{
    uint32_t *results = ctx;

    (void)err;
    ++*results;
    fuzz_must(fuzz_is_safe(result->text), "what a result says is harmless on a terminal");
    return true;
}

/* Everything in the head is as expected. */
static struct sealed_expected expect(const struct sealed_head *head)
{
    return (struct sealed_expected){.format = head->format,
                                    .stages = 1U << head->stage,
                                    .order = head->order,
                                    .rehearsal = head->rehearsal,
                                    .ceremony = head->ceremony,
                                    .now_ms = head->expires_ms - 1};
}

static void check_taken(struct sealed_reader *r, const uint8_t *data, size_t len)
{
    const struct sealed_head *head = &sealed_file(r)->head;
    struct sealed_expected expected = expect(head);
    uint8_t sha256[SHA256_SIZE], seen[SHA256_SIZE];
    char words[TEXT_WORDS_SIZE];
    uint32_t count = 0;
    unsigned left;
    struct err err;

    SHA256(data, len, sha256);
    fuzz_must(!sealed_read_keys(r, never, NULL, &err) && !sealed_sha256(r, seen, &err),
              "nothing is taken from a file before it is trusted");
    fuzz_must(sealed_check(r, &expected, &err), "a file is what it is");
    fuzz_must(sealed_trust_words(r, sealed_words_to_read(sha256, words), &left, &err),
              "its words are those of its SHA-256");
    fuzz_must(sealed_sha256(r, seen, &err) && memcmp(seen, sha256, SHA256_SIZE) == 0,
              "its SHA-256 is that of its octets");
    if (head->format == SEALED_BUNDLE)
        fuzz_must(sealed_read_keys(r, check_key, &count, &err), "its keys are read again");
    if (head->format == SEALED_RECEIPT)
        fuzz_must(sealed_read_results(r, check_result, &count, &err), "so are its results");
    if (head->format == SEALED_BUNDLE || head->format == SEALED_RECEIPT)
        fuzz_must(count == head->keys, "there are as many as it says");
}

static void check_file(const uint8_t *data, size_t len)
{
    struct sealed_reader *r;
    struct err err = {0};

    if (!sealed_open(fuzz_file(data, len), &r, &err)) {
        fuzz_must_report(&err);
        return;
    }
    check_taken(r, data, len);
    sealed_close(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const char mark[] = "\nmanifest:\n";
    const uint8_t *at = memmem(data, len, mark, sizeof mark - 1);
    size_t body = at ? (size_t)(at - data) + 1 : 0;
    char *sealed = malloc(body + 128), hex[2 * SHA256_SIZE + 1];
    uint8_t sha256[SHA256_SIZE];
    int end;

    fuzz_must(sealed != NULL, "this host has memory for a sealed file");
    check_file(data, len);
    if (body > 0) {
        memcpy(sealed, data, body);
        end = snprintf(sealed + body, 128, "manifest:\n  octets: %zu\n  sha256: \"%s\"\n", body,
                       text_hex(SHA256(data, body, sha256), SHA256_SIZE, hex));
        check_file((uint8_t *)sealed, body + (size_t)end);
    }
    free(sealed);
    return 0;
}
