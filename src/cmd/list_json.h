/* SPDX-License-Identifier: Apache-2.0 */
/* What HSMs hold and said, as members of a JSON document; hsmferry-json(5) explains them. */
#ifndef HSMFERRY_CMD_LIST_JSON_H
#define HSMFERRY_CMD_LIST_JSON_H

#include "base/json_writer.h"
#include "config/config.h"
#include "hsm/facts.h"
#include "hsm/key.h"
#include "protocol/event.h"
#include "worker/worker.h"

/* One HSM: how it is reached, its slots, and the objects of the token that is named. listed: the
 * HSM listed them. */
void list_json_side(struct json_writer *j, enum side side, const struct config_side *from,
                    const struct worker *worker, bool listed);

/* The members that name an object: label, label-hex, id, class, type. */
void list_json_name(struct json_writer *j, const struct key_desc *key);

/* The members of a token in its slot. */
void list_json_slot(struct json_writer *j, const struct hsm_slot *slot);

/* One comparison of two keys with the same name. */
void list_json_compared(struct json_writer *j, const struct compared *compared);

/* A failure, of the list that is open. */
void list_json_error(struct json_writer *j, enum side side, uint32_t key, const struct err *err);

#endif
