/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/call_kinds.h"

bool call_only_proves(Pb__Request__CallCase call)
{
    return call == PB__REQUEST__CALL_OPEN || call == PB__REQUEST__CALL_INFO ||
           call == PB__REQUEST__CALL_SLOTS || call == PB__REQUEST__CALL_LOGIN ||
           call == PB__REQUEST__CALL_LIST || call == PB__REQUEST__CALL_PROVE ||
           call == PB__REQUEST__CALL_LOCK;
}

bool call_precedes_wrap(Pb__Request__CallCase call)
{
    return call == PB__REQUEST__CALL_DESCRIBE || call == PB__REQUEST__CALL_PUBLIC_KEY ||
           call == PB__REQUEST__CALL_WRAP;
}

bool call_keeps_inventory(Pb__Request__CallCase call)
{
    return call == PB__REQUEST__CALL_INFO || call == PB__REQUEST__CALL_HANDLES ||
           call == PB__REQUEST__CALL_LIST;
}
