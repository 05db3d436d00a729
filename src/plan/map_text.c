/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/map_text.h"

#include <string.h>

#include "base/text.h"
#include "hsm/fidelity.h"

const char *map_state_name(enum map_state state)
{
    static const char *const names[MAP_STATES] = {
        [MAP_SAME] = "same",
        [MAP_ONLY_SOURCE] = "only on source",
        [MAP_ONLY_DESTINATION] = "only on destination",
        [MAP_NAME_TAKEN] = "name taken",
        [MAP_OTHER_NAME] = "other name",
        [MAP_OTHER_ATTRIBUTES] = "other attributes",
        [MAP_INCOMPLETE] = "incomplete",
        [MAP_CANNOT] = "cannot be migrated",
        [MAP_NOT_KNOWN] = "not known",
    };
    return (unsigned)state < MAP_STATES ? names[state] : "?";
}

const char *map_by_name(enum map_by by)
{
    static const char *const names[MAP_BYS] = {
        [MAP_BY_NAME] = "name",
        [MAP_BY_PUBLIC] = "public key",
        [MAP_BY_CERTIFICATE] = "certificate octets",
        [MAP_BY_KCV] = "check value",
        [MAP_BY_CHALLENGE] = "challenge",
    };
    return (unsigned)by < MAP_BYS ? names[by] : "?";
}

static void add(char *out, const char *separator, const char *text)
{
    size_t len = strlen(out);

    text_print(out + len, MAP_TEXT_MAX - len, "%s%s", separator, text);
}

static void add_attributes(const struct map_row *row, const struct key_desc *source, char *out)
{
    const struct fidelity_pair pair = {.source = source};
    struct fidelity_row attribute;
    const char *separator = "";

    for (unsigned i = 0; source && fidelity_row(&pair, i, &attribute); i++)
        if (row->differs & UINT64_C(1) << i) {
            add(out, separator, attribute.name);
            separator = ", ";
        }
}

char *map_details_text(const struct map_row *row, const struct key_desc *source, char *out)
{
    out[0] = '\0';
    if (row->missing)
        add(out, "", "missing there: ");
    if (row->missing & MAP_NO_PUBLIC)
        add(out, "", "its public key object");
    if (row->missing & MAP_NO_CERTIFICATE)
        add(out, row->missing & MAP_NO_PUBLIC ? ", " : "", "a certificate");
    if (row->differs) {
        add(out, row->missing ? "; " : "", "other attributes: ");
        add_attributes(row, source, out);
    }
    return out;
}

/* How an object is called on the destination. */
static void add_name(const struct key_desc *is, char *out)
{
    char label[KEY_LABEL_TEXT], id[KEY_ID_TEXT], fits[97];

    text_fit(key_label_text(is, label), (int)sizeof fits - 1, false, fits, sizeof fits);
    add(out, "", fits);
    text_fit(key_id_text(is, id), 32, false, fits, sizeof fits);
    if (fits[0])
        add(out, ", id ", fits);
}

char *map_row_text(const struct map_row *row, const struct key_desc *source,
                   const struct key_desc *destination, const char *reason, char *out)
{
    const bool key = source && key_is_movable_class(source);
    const bool named = source && destination && key_name_collides(source, destination);
    const char *what = key ? "key" : "object";
    char more[MAP_TEXT_MAX];

    out[0] = '\0';
    switch ((enum map_state)row->state) {
    case MAP_ONLY_SOURCE:
        text_print(out, MAP_TEXT_MAX, "only on the source");
        break;
    case MAP_ONLY_DESTINATION:
        text_print(out, MAP_TEXT_MAX, "only on the destination");
        break;
    case MAP_CANNOT:
        text_print(out, MAP_TEXT_MAX, "it cannot be migrated%s%s; only on the source",
                   reason[0] ? ": " : "", reason);
        break;
    case MAP_NAME_TAKEN:
        text_print(out, MAP_TEXT_MAX,
                   "its label or id belongs to another %s on the destination: ", what);
        if (destination)
            add_name(destination, out);
        break;
    case MAP_NOT_KNOWN:
        text_print(out, MAP_TEXT_MAX, "%s, which does not show that it is the same %s",
                   row->by == MAP_BY_KCV && !named ? "the same check value under another name"
                   : row->by == MAP_BY_KCV         ? "the same check value and a similar name"
                                                   : "the same label or id",
                   what);
        break;
    case MAP_OTHER_NAME:
        text_print(out, MAP_TEXT_MAX, "the same %s (by %s); on the destination it is ", what,
                   map_by_name((enum map_by)row->by));
        if (destination)
            add_name(destination, out);
        break;
    default:
        text_print(out, MAP_TEXT_MAX, "the same %s (by %s)", what,
                   map_by_name((enum map_by)row->by));
        break;
    }
    map_details_text(row, source, more);
    add(out, more[0] ? "; " : "", more);
    return out;
}
