/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/model/next.h"

#include <string.h>

/* What encrypts this key: the envelope that its plan names, the first one if it names none, or the
 * transport key itself. */
static const struct run_choice *choice_of(const struct run *run, const struct run_key *key)
{
    if (!key || key->route == ROUTE_DIRECT)
        return &run->transport;
    for (unsigned i = 0; i < run->more_count; i++)
        if (strstr(key->reason, hsm_alg_name(run->more[i].alg)))
            return &run->more[i];
    return &run->envelope;
}

/* The API's own call, if the mechanism of this step was agreed on. */
static const char *call_of(enum step_id id, const struct run_choice *choice)
{
    return id == STEP_WRAP_KEK || id == STEP_WRAP_KEY       ? choice->source_call
           : id == STEP_UNWRAP_KEK || id == STEP_UNWRAP_KEY ? choice->destination_call
                                                            : "";
}

void next_words(const struct run *run, enum step_id id, uint32_t key, struct next_words *out)
{
    const struct run_key *of = run_key_at(run, key);
    const struct run_choice *choice =
        id == STEP_WRAP_KEK || id == STEP_UNWRAP_KEK ? &run->transport : choice_of(run, of);
    static const char blob[] = "in one blob"; /* as the plan says it */
    const struct next_step next = {.id = id,
                                   .key = of ? &of->source : NULL,
                                   .route = of ? of->route : ROUTE_NONE,
                                   .alg = choice->alg,
                                   .blob = of && of->route == ROUTE_DIRECT &&
                                           strncmp(of->reason, blob, sizeof blob - 1) == 0,
                                   .transport = run->transport.alg,
                                   .transport_bits = run->transport.bits,
                                   .call = call_of(id, choice)};

    next_step_words(&next, out);
}
