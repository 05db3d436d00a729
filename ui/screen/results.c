/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/screen/results.h"

void results_take(struct app *app, struct worker *worker, const struct event *e)
{
    bool one_side = e->side == SIDE_SOURCE || e->side == SIDE_DESTINATION;

    if (e->kind == EVENT_ROWS && one_side) {
        struct key_list rows;
        for (worker_rows(worker, e->side, &rows); rows.count > 0;
             worker_rows(worker, e->side, &rows)) {
            app_take_rows(app, e->side, &rows);
            key_list_free(&rows);
        }
        key_list_free(&rows);
    }
    if (e->kind != EVENT_DONE || !e->done.ok)
        return;
    if (e->done.command == WORKER_OPEN && one_side)
        app_take_slots(app, e->side, worker_slots(worker, e->side));
    else if ((e->done.command == WORKER_CHOOSE || e->done.command == WORKER_REFRESH) && one_side)
        app_take_keys(app, e->side, worker_keys(worker, e->side));
    else if (e->done.command == WORKER_VERDICTS)
        app_take_verdicts(app, worker_verdicts_now(worker));
    else if (e->done.command == WORKER_MAP)
        app_take_map(app, worker_map_now(worker));
}

enum request_kind results_request(unsigned command)
{
    static const enum request_kind kinds[WORKER_COMMANDS] = {
        [WORKER_OPEN] = REQUEST_OPEN,
        [WORKER_DEVICES] = REQUEST_DEVICES,
        [WORKER_CHOOSE] = REQUEST_CHOOSE,
        [WORKER_REFRESH] = REQUEST_REFRESH,
        [WORKER_VERDICTS] = REQUEST_VERDICTS,
        [WORKER_COMPARE] = REQUEST_COMPARED,
        [WORKER_MAP] = REQUEST_MAP,
        [WORKER_PLAN] = REQUEST_PLAN,
        [WORKER_RESUME] = REQUEST_INTERRUPTED,
        [WORKER_REVIEW] = REQUEST_REVIEW,
        [WORKER_RUN] = REQUEST_RUN,
        [WORKER_SIGN] = REQUEST_SIGN,
        [WORKER_VISIT] = REQUEST_VISIT,
    };
    return command < WORKER_COMMANDS ? kinds[command] : REQUESTS;
}
