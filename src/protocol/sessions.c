/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/sessions.h"

#include <inttypes.h>

#include "base/text.h"
#include "hsm/hsm.h"
#include "protocol/side.h"

/* Without the limits. */
static uint32_t worth(const struct sessions_basis *basis)
{
    const int64_t sessions = basis->micros / SESSIONS_WORTH_US;

    return sessions < 1 ? 1 : sessions > UINT16_MAX ? UINT16_MAX : (uint32_t)sessions;
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

uint32_t sessions_wanted(const struct sessions_basis *basis)
{
    const uint32_t wanted =
        basis->fixed ? basis->fixed : least(worth(basis), basis->left / SESSIONS_KEYS);

    return wanted ? least(wanted, HSM_SESSIONS_MAX) : 1;
}

static size_t say_choice(const struct sessions_basis *basis, char *out, size_t size)
{
    const uint32_t ideal = worth(basis), wanted = sessions_wanted(basis);
    size_t len = text_print(out, size,
                            "the HSMs need %" PRId64 ".%" PRId64 " ms for a key (fastest steps of "
                            "the first %" PRIu32 " keys): ",
                            basis->micros / 1000, basis->micros / 100 % 10, basis->keys);

    if (ideal == 1)
        return len + text_print(out + len, size - len,
                                "further sessions are of use from %d ms a key on",
                                2 * SESSIONS_WORTH_US / 1000);
    if (wanted == ideal)
        return len + text_print(out + len, size - len, "one session for each %d ms",
                                SESSIONS_WORTH_US / 1000);
    return len + text_print(out + len, size - len,
                            wanted == basis->left / SESSIONS_KEYS
                                ? "one session for each two keys that are left"
                                : "as many sessions as possible");
}

const char *sessions_reason(const struct sessions_basis *basis, const uint32_t have[2], char *out)
{
    const size_t size = SESSIONS_REASON_SIZE;
    const uint32_t wanted = sessions_wanted(basis);
    size_t len = basis->fixed ? text_print(out, size, "the ceremony file fixes the number")
                              : say_choice(basis, out, size);

    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++)
        if (have[side] < wanted)
            len += text_print(out + len, size - len, "; the %s has no more than %" PRIu32,
                              side_name(side), have[side]);
    return out;
}
