/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the sources of config.h. */
#ifndef HSMFERRY_CONFIG_CONFIG_PARTS_H
#define HSMFERRY_CONFIG_CONFIG_PARTS_H

#include "base/schema.h"
#include "config/config_schema.h"
#include "config/config_use.h"

struct config;
struct config_side;
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
