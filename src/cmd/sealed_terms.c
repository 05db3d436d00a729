/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/sealed_terms.h"

#include <string.h>

struct sealed_terms sealed_terms_of(const struct config *config)
{
    const struct config_sealed *from = &config->sealed;
    const int64_t hours = from->wanted ? from->hours : CONFIG_SEALED_HOURS;
    struct sealed_terms terms = {.order = from->one_bundle ? SEALED_ONE_BUNDLE : SEALED_STRICT,
                                 .expiry_ms = hours * 60 * 60 * 1000};

    for (unsigned i = 0; i < from->signer_count; i++) {
        struct sealed_signers *of = from->signers[i].side <= SIDE_DESTINATION
                                        ? &terms.signers[from->signers[i].side]
                                        : NULL;
        if (of && of->count < SEALED_SIGNERS_MAX)
            memcpy(of->sha256[of->count++], from->signers[i].sha256, sizeof of->sha256[0]);
    }
    return terms;
}
