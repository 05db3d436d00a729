/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/model/request.h"

bool request_is_command(enum request_kind kind)
{
    return kind >= REQUEST_OPEN && kind <= REQUEST_RUN;
}

void request_push(struct request_queue *queue, const struct request *request)
{
    if (queue->count == REQUESTS_MAX)
        return; /* cannot be: each input asks for a few things, and they are done at once */
    if (request->kind == REQUEST_START)
        queue->under_way = 0;
    queue->under_way += request_is_command(request->kind);
    queue->items[(queue->first + queue->count++) % REQUESTS_MAX] = *request;
}

bool request_take(struct request_queue *queue, struct request *request)
{
    if (queue->count == 0)
        return false;
    *request = queue->items[queue->first];
    queue->first = (queue->first + 1) % REQUESTS_MAX;
    queue->count--;
    return true;
}

void request_ended(struct request_queue *queue)
{
    if (queue->under_way > 0)
        queue->under_way--;
}
