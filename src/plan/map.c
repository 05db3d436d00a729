/* SPDX-License-Identifier: Apache-2.0 */
/* The destination's objects are sorted by what identifies them, by label and by id; each object of
 * the source is then searched for. */
#include "plan/map.h"

#include <stdlib.h>
#include <string.h>

#include "hsm/fidelity.h"
#include "hsm/tightening.h"
#include "plan/map_order.h"

enum { KCV_OCTETS = 3 };

struct maker {
    const struct map_sides *sides;
    struct map_object *objects[2];
    struct map_order by_identity, by_label, by_id;
    uint8_t *missing; /* by place in companions: of the key whose objects begin there */
    struct map_object **companions; /* the source's public objects, by the public key in them */
    size_t companion_count;
    uint32_t *row_of; /* by object of the source */
    struct map *map;
};

/* --- objects ---------------------------------------------------------------------------------- */

static const struct map_certificate *certificate_of(const struct map_sides *sides, enum side side,
                                                    size_t index)
{
    const struct map_certificate *all = sides->certificates[side];

    return all && all[index].read ? &all[index] : NULL;
}

static struct map_object object_of(const struct map_sides *sides, enum side side, size_t index)
{
    const struct key_desc *key = &sides->keys[side]->keys[index];
    const struct map_certificate *certificate = certificate_of(sides, side, index);
    struct map_object o = {.key = key, .index = (uint32_t)index};

    if (key->class == KEY_CLASS_CERTIFICATE) {
        if (certificate) {
            o.digest = certificate->sha256;
            o.len = sizeof certificate->sha256;
            o.by = MAP_BY_CERTIFICATE;
        }
    } else if (key->has_public) {
        o.digest = key->spki_sha256;
        o.len = sizeof key->spki_sha256;
        o.by = MAP_BY_PUBLIC;
    } else if (key->class == KEY_CLASS_SECRET && key->kcv_len == KCV_OCTETS) {
        o.digest = key->kcv;
        o.len = KCV_OCTETS;
        o.by = MAP_BY_KCV;
    }
    return o;
}

/* --- two objects ------------------------------------------------------------------------------ */

static bool both(size_t a, size_t b)
{
    return a && b && a != b;
}

/* Is it certain that they are different? Check values are computed by different methods. */
static bool differ(const struct map_object *a, const struct map_object *b)
{
    const struct key_desc *x = a->key, *y = b->key;

    return x->kind != y->kind || both(x->length, y->length) || both(x->bits, y->bits) ||
           (a->len && a->len == b->len && a->by != MAP_BY_KCV &&
            memcmp(a->digest, b->digest, a->len) != 0);
}

uint32_t map_asked_flags(const struct policy *policy, const struct key_desc *key)
{
    return key_is_public_class(key) ? policy_public_flags(key) : policy_want_flags(policy, key);
}

bool map_may_tighten(const struct policy *policy, const struct key_desc *source,
                     const struct key_desc *there)
{
    struct tightening to;

    tightening_of(source, map_asked_flags(policy, source), there, &to);
    return tightening_is_set(&to);
}

/* Does the destination report attributes of this kind? */
static bool is_reported(const struct fidelity_row *row, const struct key_desc *found)
{
    static const struct {
        const char *name;
        uint32_t known;
    } constraints[] = {{"subject", KEY_SUBJECT},
                       {"start date", KEY_DATES},
                       {"end date", KEY_DATES},
                       {"mechanisms", KEY_ALLOWED}};

    for (size_t i = 0; i < sizeof constraints / sizeof constraints[0]; i++)
        if (strcmp(row->name, constraints[i].name) == 0)
            return found->constraints.known & constraints[i].known;
    return !row->constraint || (found->constraints.known & KEY_TEMPLATE);
}

/* Names have separate states. A guard that some HSMs lack, and one that was tightened as
 * asked, are as a migration makes them. */
static bool is_difference(const struct fidelity_row *row, const struct key_desc *found)
{
    static const char *const exempt[] = {"label", "id", "copyable", "destroyable"};

    for (size_t i = 0; i < sizeof exempt / sizeof exempt[0]; i++)
        if (strcmp(row->name, exempt[i]) == 0)
            return false;
    return is_reported(row, found) &&
           (row->verdict == FIDELITY_LOOSENED || row->verdict == FIDELITY_DIFFERS ||
            row->verdict == FIDELITY_DROPPED ||
            (row->verdict == FIDELITY_TIGHTENED && strcmp(row->asked, row->found) != 0));
}

static uint64_t differences(const struct policy *policy, const struct key_desc *source,
                            const struct key_desc *found)
{
    const uint32_t asked = map_asked_flags(policy, source);
    const struct fidelity_pair pair = {source, &asked, found, false};
    struct fidelity_row row;
    uint64_t differs = 0;

    if (source->class == KEY_CLASS_CERTIFICATE)
        return 0;
    for (unsigned i = 0; fidelity_row(&pair, i, &row); i++)
        if (is_difference(&row, found))
            differs |= UINT64_C(1) << i;
    return differs;
}

/* --- rows ------------------------------------------------------------------------------------- */

static void pair_up(const struct maker *m, size_t i, struct map_object *there, enum map_state state,
                    enum map_by by)
{
    struct map_row *row = &m->map->rows[m->row_of[i]];

    row->object[SIDE_DESTINATION] = there->index + 1;
    row->state = (uint8_t)state;
    row->by = (uint8_t)by;
    there->taken = true;
    if (state == MAP_SAME || state == MAP_OTHER_NAME)
        row->differs = differences(m->sides->policy, m->objects[SIDE_SOURCE][i].key, there->key);
}

/* First what is the same under exactly the same name, then what is the same under another one. A
 * check value of three octets is not enough for the latter. */
static void align_same(const struct maker *m, bool exact)
{
    for (size_t i = 0; i < m->sides->keys[SIDE_SOURCE]->count; i++) {
        const struct map_object *o = &m->objects[SIDE_SOURCE][i];
        const struct map_row *row = &m->map->rows[m->row_of[i]];
        struct map_object *there;
        if (o->len == 0 || row->object[SIDE_DESTINATION])
            continue;
        there = map_find(&m->by_identity, o, exact ? map_compare_identity : map_compare_evidence);
        if (!there || (exact && there->taken))
            continue;
        if (exact)
            pair_up(m, i, there, MAP_SAME, o->by);
        else if (o->by != MAP_BY_KCV)
            pair_up(m, i, there, key_same_name(o->key, there->key) ? MAP_SAME : MAP_OTHER_NAME,
                    o->by);
        else if (!there->taken)
            pair_up(m, i, there, MAP_NOT_KNOWN, MAP_BY_KCV);
    }
}

/* An object with the same id or label, as names_taken() defines it; a certificate may share either
 * of them with others. */
static struct map_object *with_name(const struct maker *m, const struct map_object *o)
{
    struct map_object *there = map_find(&m->by_label, o, map_compare_names);

    if (there || o->key->class == KEY_CLASS_CERTIFICATE)
        return there;
    if (o->key->id_len > 0)
        there = map_find(&m->by_id, o, map_compare_id);
    if (!there && o->key->label_len > 0)
        there = map_find(&m->by_label, o, map_compare_label);
    return there;
}

/* The rest has nothing in common but names. */
static void align_names(const struct maker *m)
{
    for (size_t i = 0; i < m->sides->keys[SIDE_SOURCE]->count; i++) {
        const struct map_object *o = &m->objects[SIDE_SOURCE][i];
        const struct map_row *row = &m->map->rows[m->row_of[i]];
        struct map_object *there = row->object[SIDE_DESTINATION] ? NULL : with_name(m, o);
        if (there)
            pair_up(m, i, there, differ(o, there) ? MAP_NAME_TAKEN : MAP_NOT_KNOWN, MAP_BY_NAME);
    }
}

static void add_alone(struct map *map, size_t index)
{
    struct map_row *row = &map->rows[map->count++];

    *row = (struct map_row){.state = MAP_ONLY_DESTINATION};
    row->object[SIDE_DESTINATION] = (uint32_t)index + 1;
}

/* --- public halves and certificates ----------------------------------------------------------- */

static const uint8_t *spki_of(const struct map_sides *sides, enum side side,
                              const struct map_object *object)
{
    const struct map_certificate *certificate = certificate_of(sides, side, object->index);

    if (object->key->class == KEY_CLASS_CERTIFICATE)
        return certificate && certificate->certifies ? certificate->spki_sha256 : NULL;
    return object->key->has_public ? object->key->spki_sha256 : NULL;
}

struct by_spki {
    const struct map_sides *sides;
    size_t *work;
};

static int compare_spki(const void *a, const void *b, void *ctx)
{
    const struct by_spki *by = ctx;
    const struct map_object *x = *(struct map_object *const *)a,
                            *y = *(struct map_object *const *)b;

    ++*by->work;
    return memcmp(spki_of(by->sides, SIDE_SOURCE, x), spki_of(by->sides, SIDE_SOURCE, y), 32);
}

static void list_companions(struct maker *m)
{
    struct by_spki by = {m->sides, &m->map->work};

    for (size_t i = 0; i < m->sides->keys[SIDE_SOURCE]->count; i++) {
        struct map_object *o = &m->objects[SIDE_SOURCE][i];
        if (key_is_public_class(o->key) && spki_of(m->sides, SIDE_SOURCE, o))
            m->companions[m->companion_count++] = o;
    }
    qsort_r(m->companions, m->companion_count, sizeof(struct map_object *), compare_spki, &by);
}

/* Is the object of its name, on the destination, another certificate of the same key? */
static bool is_outdated(const struct maker *m, const struct map_row *row, const uint8_t *spki)
{
    const uint32_t there = row->object[SIDE_DESTINATION];
    const struct map_certificate *other =
        there ? certificate_of(m->sides, SIDE_DESTINATION, there - 1) : NULL;

    return row->state == MAP_NAME_TAKEN && other && other->certifies &&
           memcmp(other->spki_sha256, spki, sizeof other->spki_sha256) == 0;
}

/* What the destination lacks of the objects that hold one public key, from this place on: any
 * public key object, each certificate. They belong to this private key. */
static uint8_t missing_from(const struct maker *m, size_t first, size_t owner, const uint8_t *spki)
{
    bool publics = false, there = false;
    uint8_t missing = 0;

    for (size_t i = first; i < m->companion_count; i++) {
        const struct map_object *o = m->companions[i];
        struct map_row *row = &m->map->rows[m->row_of[o->index]];
        const bool same = row->state == MAP_SAME || row->state == MAP_OTHER_NAME;
        const bool certificate = o->key->class == KEY_CLASS_CERTIFICATE;
        m->map->work++;
        if (memcmp(spki_of(m->sides, SIDE_SOURCE, o), spki, 32) != 0)
            break;
        row->owner = (uint32_t)owner + 1;
        row->outdated = certificate && is_outdated(m, row, spki);
        if (row->outdated)
            memcpy(row->digest, o->digest, sizeof row->digest);
        if (certificate && !same && row->state != MAP_NOT_KNOWN)
            missing |= MAP_NO_CERTIFICATE;
        publics |= !certificate;
        there |= !certificate && (same || row->state == MAP_NOT_KNOWN);
    }
    return publics && !there ? missing | MAP_NO_PUBLIC : missing;
}

/* The first place in companions of an object with this public key, if there is any. */
static size_t first_with(const struct maker *m, const uint8_t *spki)
{
    size_t low = 0, high = m->companion_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        m->map->work++;
        if (memcmp(spki_of(m->sides, SIDE_SOURCE, m->companions[middle]), spki, 32) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The objects of a public key are looked at once, however many private keys have it. */
enum { LOOKED = 1 << 7, ACCOMPANY = 1 << 6 };

static uint8_t missing_of(const struct maker *m, size_t owner, const uint8_t *spki)
{
    const size_t first = first_with(m, spki);

    if (!(m->missing[first] & LOOKED))
        m->missing[first] |= LOOKED | missing_from(m, first, owner, spki);
    return m->missing[first] & (MAP_NO_PUBLIC | MAP_NO_CERTIFICATE);
}

/* They are migrated with the key. */
static void note_company(const struct maker *m, const uint8_t *spki)
{
    const size_t first = first_with(m, spki);

    if (m->missing[first] & ACCOMPANY)
        return;
    m->missing[first] |= ACCOMPANY;
    for (size_t i = first; i < m->companion_count; i++) {
        if (memcmp(spki_of(m->sides, SIDE_SOURCE, m->companions[i]), spki, 32) != 0)
            break;
        m->map->rows[m->row_of[m->companions[i]->index]].accompanies = true;
    }
}

/* The state of a pair that is the same, from all that is known of it. */
static void conclude(struct map_row *row)
{
    if (row->state != MAP_SAME)
        return;
    row->state = row->missing ? MAP_INCOMPLETE : row->differs ? MAP_OTHER_ATTRIBUTES : MAP_SAME;
}

static void complete(const struct maker *m)
{
    for (size_t i = 0; i < m->sides->keys[SIDE_SOURCE]->count; i++) {
        const struct map_object *o = &m->objects[SIDE_SOURCE][i];
        struct map_row *row = &m->map->rows[m->row_of[i]];
        if (o->key->class != KEY_CLASS_PRIVATE || !o->key->has_public)
            continue;
        if (row->state == MAP_SAME || row->state == MAP_OTHER_NAME)
            row->missing = missing_of(m, i, o->key->spki_sha256);
        else if (row->state == MAP_ONLY_SOURCE)
            note_company(m, o->key->spki_sha256);
    }
    for (size_t i = 0; i < m->map->count; i++)
        conclude(&m->map->rows[i]);
}

/* --- together --------------------------------------------------------------------------------- */

static bool is_movable(const struct map_sides *sides, size_t i)
{
    return !sides->verdicts || (i < sides->verdicts->count && sides->verdicts->at[i].movable);
}

static bool maker_begin(struct maker *m, struct map *map)
{
    const size_t here = m->sides->keys[SIDE_SOURCE]->count;
    const size_t there = m->sides->keys[SIDE_DESTINATION]->count;
    size_t *work = &map->work;
    struct map_object *all;

    map->room = here + 2 * there; /* an answer may leave an object of the destination alone */
    map->rows = calloc(map->room + 1, sizeof *map->rows);
    m->map = map;
    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++) {
        const size_t objects = m->sides->keys[side]->count;
        m->objects[side] = calloc(objects + 1, sizeof *m->objects[side]);
        for (size_t i = 0; m->objects[side] && i < objects; i++)
            m->objects[side][i] = object_of(m->sides, side, i);
    }
    m->missing = calloc(here + 1, sizeof *m->missing);
    m->companions = calloc(here + 1, sizeof(struct map_object *));
    m->row_of = calloc(here + 1, sizeof *m->row_of);
    all = m->objects[SIDE_DESTINATION];
    return map->rows && m->objects[SIDE_SOURCE] && all && m->missing && m->companions &&
           m->row_of && map_order_make(&m->by_identity, all, there, map_compare_identity, work) &&
           map_order_make(&m->by_label, all, there, map_compare_names, work) &&
           map_order_make(&m->by_id, all, there, map_compare_id, work);
}

static void maker_end(const struct maker *m)
{
    map_order_free(&m->by_identity);
    map_order_free(&m->by_label);
    map_order_free(&m->by_id);
    free(m->objects[SIDE_SOURCE]);
    free(m->objects[SIDE_DESTINATION]);
    free(m->missing);
    free(m->companions);
    free(m->row_of);
}

bool map_make(const struct map_sides *sides, struct map *map, struct err *err)
{
    struct maker m = {.sides = sides};
    bool ok;

    *map = (struct map){0};
    ok = maker_begin(&m, map);
    for (size_t i = 0; ok && i < sides->keys[SIDE_SOURCE]->count; i++) {
        struct map_row *row = &map->rows[map->count];
        m.row_of[i] = (uint32_t)map->count++;
        row->object[SIDE_SOURCE] = (uint32_t)i + 1;
        row->movable = is_movable(sides, i);
        row->state = row->movable ? MAP_ONLY_SOURCE : MAP_CANNOT;
    }
    if (ok) {
        align_same(&m, true);
        align_same(&m, false);
        align_names(&m);
        list_companions(&m);
        complete(&m);
        for (size_t i = 0; i < sides->keys[SIDE_DESTINATION]->count; i++)
            if (!m.objects[SIDE_DESTINATION][i].taken)
                add_alone(map, i);
        for (size_t i = 0; i < map->count; i++)
            map->counts[map->rows[i].state]++;
    }
    maker_end(&m);
    if (ok)
        return true;
    map_free(map);
    return err_set(err, ERR_FAILED, "no memory to compare %zu objects with %zu",
                   sides->keys[SIDE_SOURCE]->count, sides->keys[SIDE_DESTINATION]->count);
}

bool map_copy(const struct map *from, struct map *to, struct err *err)
{
    const size_t room = from->room + 1;

    *to = *from;
    to->rows = calloc(room, sizeof *to->rows);
    if (!to->rows) {
        *to = (struct map){0};
        return err_set(err, ERR_FAILED, "no memory for a map of %zu rows", from->count);
    }
    if (from->count)
        memcpy(to->rows, from->rows, from->count * sizeof *to->rows);
    return true;
}

void map_free(struct map *map)
{
    free(map->rows);
    *map = (struct map){0};
}

/* --- challenges ------------------------------------------------------------------------------- */

bool map_may_ask(const struct map_row *row, const struct key_desc *source)
{
    return row->state == MAP_NOT_KNOWN && source && row->object[SIDE_DESTINATION] &&
           key_is_movable_class(source);
}

/* The destination's object is in no row any more, unless another one has it, too. */
static void leave_alone(struct map *map, uint32_t object)
{
    for (size_t i = 0; i < map->count; i++)
        if (map->rows[i].object[SIDE_DESTINATION] == object)
            return;
    if (map->count == map->room)
        return; /* cannot be: each answer leaves one alone at most */
    add_alone(map, object - 1);
    map->counts[MAP_ONLY_DESTINATION]++;
}

void map_answer(struct map *map, size_t at, const struct map_couple *of, enum comparison answer)
{
    struct map_row *row = &map->rows[at];
    const uint32_t object = row->object[SIDE_DESTINATION];

    if (!map_may_ask(row, of->source) || !of->found)
        return;
    map->counts[row->state]--;
    if (answer == COMPARED_SAME) {
        row->by = MAP_BY_CHALLENGE;
        row->differs = differences(of->policy, of->source, of->found);
        row->state = key_same_name(of->source, of->found) ? MAP_SAME : MAP_OTHER_NAME;
        conclude(row);
    } else if (answer == COMPARED_DIFFERS && key_name_collides(of->source, of->found)) {
        row->state = MAP_NAME_TAKEN;
        row->by = MAP_BY_CHALLENGE;
    } else if (answer == COMPARED_DIFFERS) { /* the check values were the same by chance */
        row->object[SIDE_DESTINATION] = 0;
        row->by = MAP_BY_NAME;
        row->state = row->movable ? MAP_ONLY_SOURCE : MAP_CANNOT;
        leave_alone(map, object);
    }
    map->counts[map->rows[at].state]++;
}
