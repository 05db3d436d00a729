/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/screen/lane_rows.h"

#include "ui/model/pace_keys.h"

/* The picture's rows: what happens in each lane, and which way the bytes go. */
static const struct lane_row rows[LANE_ROWS] = {
    {{LANE_EMPTY, LANE_EMPTY, STEP_MAKE_PAIR}, LANE_STILL},
    {{LANE_EMPTY, STEP_RELAY_PUBLIC, LANE_EMPTY}, LANE_LEFTWARDS},
    {{STEP_LOAD_PUBLIC, LANE_EMPTY, LANE_EMPTY}, LANE_STILL},
    {{STEP_MAKE_KEK, LANE_EMPTY, LANE_EMPTY}, LANE_STILL},
    {{STEP_WRAP_KEK, STEP_RELAY_KEK, STEP_UNWRAP_KEK}, LANE_RIGHTWARDS},
    {{STEP_WRAP_KEY, STEP_RELAY_KEY, STEP_UNWRAP_KEY}, LANE_RIGHTWARDS},
    {{LANE_EMPTY, STEP_PROVE, LANE_EMPTY}, LANE_STILL},
    {{LANE_EMPTY, LANE_EMPTY, STEP_COMMIT}, LANE_STILL},
    {{LANE_EMPTY, STEP_PROVE_AGAIN, LANE_EMPTY}, LANE_STILL},
    {{LANE_EMPTY, STEP_DESTROY, LANE_EMPTY}, LANE_STILL},
    {{LANE_EMPTY, STEP_INVENTORY, LANE_EMPTY}, LANE_STILL},
    {{LANE_EMPTY, LANE_EMPTY, STEP_PROVE_FRESH}, LANE_STILL},
};

/* If both sides agree on the transport's key, both make a pair, and the source's public half
 * crosses too. */
static const struct lane_row answers = {{STEP_LOAD_PUBLIC, STEP_RELAY_ANSWER, STEP_LOAD_ANSWER},
                                        LANE_RIGHTWARDS};
/* A public object's turn: it crosses as it is, where keys cross encrypted. */
static const struct lane_row as_it_is = {{STEP_READ_OBJECT, STEP_RELAY_OBJECT, LANE_EMPTY},
                                         LANE_RIGHTWARDS};
/* A copy that is there already. */
static const struct lane_row sets = {{LANE_EMPTY, LANE_EMPTY, STEP_ALIGN}, LANE_STILL};
/* A new key: both sides derive it, and both keep it. */
static const struct lane_row derives = {{STEP_DERIVE, LANE_EMPTY, STEP_DERIVE_THERE}, LANE_STILL},
                             both_keep = {{STEP_COMMIT_SOURCE, LANE_EMPTY, STEP_COMMIT},
                                          LANE_STILL};
static const struct lane_row nothing = {{LANE_EMPTY, LANE_EMPTY, LANE_EMPTY}, LANE_STILL};

bool lanes_agreed(const struct app *app)
{
    return app->run.transport.bits && app->run.transport.kdf[0];
}

enum visit lanes_visit(const struct app *app)
{
    return app->at.visit != VISIT_NONE ? app->at.visit : app->run.visit;
}

/* Are the steps shown those of a key, or public object, by this route? */
static bool shows_route(const struct app *app, enum key_route route, enum step_id first)
{
    const struct run_key *key = run_key_at(&app->run, pace_key_shown(app));

    if (app->at.keys.shown || (app->run.pace.seq && app->run.pace.key))
        return key && key->route == route;
    return run_step_shown(&app->run, first)->state != RUN_AHEAD;
}

/* Of a ceremony for a key service: without the steps of a destination. */
static const struct lane_row *sealed_row(unsigned i)
{
    static const struct lane_row relays_kek = {{STEP_WRAP_KEK, STEP_RELAY_KEK, LANE_EMPTY},
                                               LANE_STILL},
                                 seals = {{STEP_WRAP_KEY, STEP_RELAY_KEY, STEP_SEAL},
                                          LANE_RIGHTWARDS};

    switch (rows[i].step[0] != LANE_EMPTY   ? rows[i].step[0]
            : rows[i].step[1] != LANE_EMPTY ? rows[i].step[1]
                                            : rows[i].step[2]) {
    case STEP_WRAP_KEK:
        return &relays_kek;
    case STEP_WRAP_KEY:
        return &seals;
    case STEP_MAKE_PAIR:
    case STEP_PROVE:
    case STEP_COMMIT:
    case STEP_PROVE_AGAIN:
    case STEP_PROVE_FRESH:
        return &nothing;
    default:
        return &rows[i];
    }
}

enum removal lanes_removal(const struct app *app)
{
    return app->at.removal != REMOVAL_NONE ? app->at.removal : app->run.removal;
}

/* Of a removal: what is destroyed is in the lane of its side, the proofs are in that of the other
 * one. */
static const struct lane_row *removal_row(enum removal removal, unsigned i)
{
    static const struct lane_row retire[] = {
        {{LANE_EMPTY, STEP_DISTINGUISH, LANE_EMPTY}, LANE_STILL},
        {{LANE_EMPTY, STEP_PROVE_NOW, LANE_EMPTY}, LANE_STILL},
        {{STEP_DESTROY_KEY, LANE_EMPTY, LANE_EMPTY}, LANE_STILL},
        {{LANE_EMPTY, LANE_EMPTY, STEP_PROVE_AFTER}, LANE_STILL},
        {{LANE_EMPTY, STEP_INVENTORY, LANE_EMPTY}, LANE_STILL},
        {{LANE_EMPTY, LANE_EMPTY, STEP_PROVE_FRESH}, LANE_STILL},
    };
    static const struct lane_row undo[] = {
        {{LANE_EMPTY, STEP_DISTINGUISH, LANE_EMPTY}, LANE_STILL},
        {{LANE_EMPTY, STEP_PROVE_NOW, LANE_EMPTY}, LANE_STILL},
        {{LANE_EMPTY, LANE_EMPTY, STEP_DESTROY_KEY}, LANE_STILL},
        {{STEP_PROVE_AFTER, LANE_EMPTY, LANE_EMPTY}, LANE_STILL},
        {{LANE_EMPTY, STEP_INVENTORY, LANE_EMPTY}, LANE_STILL},
        {{STEP_PROVE_FRESH, LANE_EMPTY, LANE_EMPTY}, LANE_STILL},
    };

    return i >= sizeof retire / sizeof retire[0] ? &nothing
           : removal == REMOVAL_RETIRE           ? &retire[i]
                                                 : &undo[i];
}

/* Of a new key, for which no AES key is made. */
static const struct lane_row *derived_row(unsigned i)
{
    return rows[i].step[0] == STEP_MAKE_KEK || rows[i].step[0] == STEP_WRAP_KEK ? &nothing
           : rows[i].step[0] == STEP_WRAP_KEY                                   ? &derives
           : rows[i].step[2] == STEP_COMMIT                                     ? &both_keep
                                                                                : &rows[i];
}

static const struct lane_row *row_of_all(const struct app *app, unsigned i)
{
    if (lanes_removal(app) != REMOVAL_NONE)
        return removal_row(lanes_removal(app), i);
    if (app->run.for_service)
        return sealed_row(i);
    if (lanes_agreed(app) && rows[i].step[0] == STEP_LOAD_PUBLIC)
        return &answers;
    if (app->run.derives)
        return derived_row(i);
    if (shows_route(app, ROUTE_ALIGNED, STEP_ALIGN))
        return rows[i].step[0] == STEP_WRAP_KEY || rows[i].step[1] == STEP_PROVE ? &nothing
               : rows[i].step[2] == STEP_COMMIT                                  ? &sets
                                                                                 : &rows[i];
    if (!shows_route(app, ROUTE_PUBLIC, STEP_READ_OBJECT))
        return &rows[i];
    return rows[i].step[0] == STEP_WRAP_KEY ? &as_it_is
           : rows[i].step[1] == STEP_PROVE  ? &nothing
                                            : &rows[i];
}

struct lane_row lanes_row(const struct app *app, unsigned i)
{
    const enum visit visit = lanes_visit(app);
    const struct visit_steps *of = &visit_steps[visit];
    struct lane_row row = *row_of_all(app, i);

    for (unsigned lane = 0; visit != VISIT_NONE && lane < 3; lane++)
        if (row.step[lane] != LANE_EMPTY && !((of->transport | of->key | of->object | of->closing) &
                                              UINT32_C(1) << row.step[lane])) {
            row.step[lane] = LANE_EMPTY;
            row.direction = LANE_STILL;
        }
    return row;
}
