/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/lock_tokens.h"

#include "ceremony/members.h"

bool lock_tokens(struct ceremony *c, struct err *err)
{
    for (enum side side = SIDE_SOURCE; c->host.lock_token && side <= SIDE_DESTINATION; side++)
        if (!c->side[side].slot)
            return err_set(err, ERR_USAGE, "no token of the %s is chosen", side_name(side));
        else if (!c->host.lock_token(c->host.ctx, side, c->side[side].hsm, c->side[side].slot, err))
            return false;
    return true;
}
