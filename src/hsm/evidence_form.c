/* SPDX-License-Identifier: Apache-2.0 */
#include "hsm/evidence_form.h"

#include <string.h>

bool evidence_seals(enum hsm_proof proof)
{
    return proof == HSM_PROOF_DIGEST || proof == HSM_PROOF_HMAC;
}

static const char format[] = "hsmferry-evidence/1";
enum { PROOF_NAME = 16 };

static uint8_t *put(uint8_t *at, const void *data, size_t len)
{
    memcpy(at, data, len);
    return at + len;
}

void evidence_context(const struct evidence_subject *of, const uint8_t challenge[EVIDENCE_TEXT],
                      uint8_t out[EVIDENCE_CONTEXT])
{
    const uint8_t open = of->open,
                  number[] = {(uint8_t)(of->number >> 24), (uint8_t)(of->number >> 16),
                              (uint8_t)(of->number >> 8), (uint8_t)of->number};
    char proof[PROOF_NAME] = "";
    const char *name = hsm_proof_name(of->proof);
    uint8_t *at = put(out, format, sizeof format - 1);

    memcpy(proof, name, strnlen(name, sizeof proof));
    at = put(at, &open, sizeof open);
    at = put(at, of->migration, EVIDENCE_MIGRATION);
    at = put(at, number, sizeof number);
    at = put(at, proof, sizeof proof);
    put(at, challenge, EVIDENCE_TEXT);
}
