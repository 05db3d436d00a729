/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/nss/place.h"

#include "base/text.h"
#include "tests/nss/database.h"

bool nss_set_up(struct contract_place *place)
{
    struct database database;

    if (!database_make(&database, DATABASE_PIN))
        return false;
    *place = (struct contract_place){
        .where = database.where, .slot = DATABASE_SLOT, .pin = DATABASE_PIN};
    text_print(place->folder, sizeof place->folder, "%s", database.folder);
    return true;
}

void nss_tear_down(struct contract_place *place)
{
    struct database database = {.where = place->where};

    text_print(database.folder, sizeof database.folder, "%s", place->folder);
    database_remove(&database);
}
