/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the sources of config.h. */
#ifndef HSMFERRY_CONFIG_CONFIG_PARTS_H
#define HSMFERRY_CONFIG_CONFIG_PARTS_H

#include <stdbool.h>

#include "base/schema.h"
#include "config/config_schema.h"
#include "config/config_use.h"
#include "protocol/event.h"

struct config;
struct config_arriving;
struct config_side;
struct derived_key;
struct key_desc;
struct uri;

/* The state while a ceremony file is interpreted. */
struct loader {
    struct schema_source yaml;
    struct config *config;
    enum config_use use;
    struct err *err;
};

/* The advice for a PIN in the file. */
extern const char config_pin_advice[];

/* Fails with ERR_CONFIG at the place in the file that path names (see schema_at()). */
bool config_wrong(const struct loader *l, const char *path, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

bool config_no_memory(const struct loader *l);

/* "keys.2" into out, which has CONFIG_PLACE bytes. Returns out. */
enum { CONFIG_PLACE = 64 };
const char *config_entry(const char *list, size_t index, char *out);

/* Parses the URI at path. */
bool config_take_uri(const struct loader *l, const char *text, const char *path, struct uri *uri);

/* Checks and takes all values of one device, which is at this place ("source"). */
bool config_take_side(const struct loader *l, const char *at, const struct raw_side *raw,
                      struct config_side *to);

/* Takes the key that arrives as a file; after "keys". */
bool config_take_arriving(const struct loader *l, const struct raw_arriving *raw);

/* Takes the key that both HSMs derive: its name and uses, and the old one as the only one of
 * "keys". After "keys" and "policy". */
bool config_take_derive(const struct loader *l, const struct raw_derive *raw);
bool config_same_derive(const struct derived_key *a, const struct derived_key *b);

/* Writes what config_take_arriving() reads; and compares two of them. */
bool config_same_arriving(const struct config_arriving *a, const struct config_arriving *b);
const char *config_arriving_kind(const struct key_desc *key, char *out);

/* A path in the file is relative to the file's folder. False: it is too long. */
bool config_place_path(const struct config *config, const char *path, char out[EVENT_PATH_MAX]);

/* Can this side's agent, named at path, be trusted to check its module? */
bool config_check_agent(const struct loader *l, const struct config_side *side, const char *path);

/* Do both sides have the same API, module, parameters, environment and agent? */
bool config_same_place(const struct config_side *a, const struct config_side *b);

/* Reads and checks the content of fd as config_load() does. path: its path; name: its name in
 * messages. */
bool config_read(int fd, const char *path, const char *name, enum config_use use,
                 struct config **out, struct err *err);

/* Writes config as a ceremony file into fd. */
bool config_print(const struct config *config, int fd, struct err *err);

#endif
