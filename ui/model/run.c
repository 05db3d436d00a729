/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/model/run.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* Copies a string of an event into a field of the same size. */
#define COPY(to, from)                                                                             \
    do {                                                                                           \
        _Static_assert(sizeof(to) == sizeof(from), "fields of one size");                          \
        memcpy((to), (from), sizeof(to));                                                          \
    } while (0)

/* The key with this number, to be changed; NULL: there is none. False: no memory. */
static bool change_key(struct run *run, size_t number, struct run_key **key)
{
    bool is = number >= 1 && number <= run->key_count;

    *key = is ? run_keys_change(run->keys, (uint32_t)number) : NULL;
    return *key || !is;
}

/* Is it about a companion, which is counted with its key? */
static bool is_companion(const struct run *run, const struct event *e)
{
    const struct run_key *key = run_key_at(run, e->key);

    return key && key->companion_of;
}

static bool keep_text(struct run *run, const char **to, const char *text)
{
    *to = texts_keep(&run->texts, text);
    return *to;
}

/* Some warnings are of a plan; others stay true, and what was rejected stays rejected. */
static void forget_warnings(struct run *run)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < run->note_count; i++)
        if (!run->notes[i].plan)
            run->notes[kept++] = run->notes[i];
    run->note_count = kept;
    run->notes_lost = 0;
}

/* An event of another plan than the one before. */
static void meet_plan(struct run *run, uint32_t plan)
{
    if (plan && plan != run->plan)
        forget_warnings(run);
    run->plan = plan ? plan : run->plan;
}

static void forget_keys(struct run *run)
{
    run->failing = (struct failing){0};
    run->key_count = run->chosen = run->movable = run->companions = 0;
    run->refused = 0;
}

static void forget_choices(struct run *run)
{
    forget_keys(run);
    run->more_count = 0;
    run->script = (struct script_summary){0};
    run->script_why[0] = '\0';
}

void run_forget_plan(struct run *run)
{
    forget_choices(run);
    forget_warnings(run);
}

void run_free(struct run *run)
{
    run_keys_free(run->keys);
    texts_free(&run->texts);
    *run = (struct run){0};
}

static void take_begin(struct run *run, const struct event *e)
{
    COPY(run->title, e->begin.title);
    COPY(run->id, e->begin.id);
    COPY(run->version, e->begin.version);
    run->for_service = e->begin.service[0];
    run->visit = visit_of(e->begin.visit);
    run->removal = removal_of(e->begin.removal);
    COPY(run->report, e->begin.report);
}

static void take_choice(struct run *run, const struct event *e)
{
    struct run_choice *choice = e->choice.envelope ? &run->envelope : &run->transport;

    if (e->choice.more && run->more_count == RUN_MORE_MAX)
        return;
    if (e->choice.more)
        choice = &run->more[run->more_count++];
    choice->alg = e->choice.alg;
    choice->bits = e->choice.bits;
    COPY(choice->source_call, e->choice.source_call);
    COPY(choice->destination_call, e->choice.destination_call);
    COPY(choice->keys, e->choice.keys);
    COPY(choice->kdf, e->choice.kdf);
    COPY(choice->reason, e->choice.reason);
}

/* What stands for a kind of keys; that of the transport is none of them. */
static void take_canary(struct run *run, const struct event *e)
{
    if ((unsigned)e->canary.state > CANARY_IMPOSSIBLE)
        return;
    run->canary_ms = e->utc_ms;
    if (!e->canary.transport)
        run->canaries[e->canary.state] |= UINT32_C(1) << e->canary.kind;
}

static void take_note(struct run *run, const struct event *e)
{
    struct run_note *note;

    meet_plan(run, e->note.plan);
    for (unsigned i = 0; i < run->note_count; i++)
        if (run->notes[i].kind == e->kind && strcmp(run->notes[i].text, e->note.text) == 0) {
            run->notes[i].keys += e->key != 0;
            return; /* of another key, or again when the HSMs were asked again */
        }
    if (run->note_count == RUN_NOTES_MAX) {
        run->notes_lost += e->kind == EVENT_WARNING;
        return;
    }
    note = &run->notes[run->note_count++];
    note->kind = e->kind;
    note->keys = e->key != 0;
    note->plan = e->note.plan;
    COPY(note->name, e->note.name);
    COPY(note->text, e->note.text);
}

/* --- the plan --------------------------------------------------------------------------------- */

/* The companions of a key are a list. */
static bool join_companion(struct run *run, uint32_t number, uint32_t of)
{
    struct run_key *key, *before;

    if (of == number || !change_key(run, of, &key))
        return of == number;
    if (!key)
        return true;
    if (key->companion && !change_key(run, key->last_companion, &before))
        return false;
    *(key->companion ? &before->next_companion : &key->companion) = number;
    key->last_companion = number;
    return true;
}

static bool begin_plan(struct run *run, const struct event *e)
{
    forget_choices(run);
    meet_plan(run, e->planned.plan);
    run->gate.seq = run->gate.confirmed = 0; /* no question about the old one is open any more */
    run->keys = run->keys ? run->keys : run_keys_new();
    return run->keys;
}

static bool add_key(struct run *run, const struct event *e)
{
    struct run_key *key = run_keys_change(run->keys, e->key);

    if (!key)
        return false;
    run->key_count++;
    *key = (struct run_key){.source = e->planned.desc,
                            .want_flags = e->planned.want_flags,
                            .route = e->planned.route,
                            .kept = e->planned.kept,
                            .companion_of = e->planned.companion_of,
                            .outcome = e->planned.route == ROUTE_NONE ? KEY_REFUSED : KEY_PENDING};
    run->derives |= key->route == ROUTE_DERIVED;
    return keep_text(run, &key->reason, e->planned.reason) &&
           keep_text(run, &key->proof, e->planned.proof) &&
           (!key->companion_of || join_companion(run, e->key, key->companion_of));
}

static bool take_planned(struct run *run, const struct event *e)
{
    bool refused = e->planned.route == ROUTE_NONE;
    bool movable = !refused && !e->planned.kept; /* what is there already stays */

    if (e->key == 1 && !begin_plan(run, e)) /* a new plan begins with its first key */
        return false;
    if (e->key != run->key_count + 1 || e->key > HSM_OBJECTS_MAX)
        return true;
    if (!add_key(run, e))
        return false;
    if (e->planned.companion_of) {
        run->companions += movable;
    } else {
        run->chosen++;
        run->movable += movable;
        run->refused += refused;
    }
    failing_note(&run->failing, e->key, refused);
    return true;
}

static void take_exception(struct run *run, const struct event *e)
{
    size_t len = strlen(run->script_why);

    if (e->exception.from[0])
        text_print(run->script_why + len, sizeof run->script_why - len, "%s%s", len ? "; " : "",
                   e->exception.decided);
}

static void take_script(struct run *run, const struct event *e)
{
    enum script_what what = e->script.what;

    if (what >= SCRIPT_LEFT_OUT && what <= SCRIPT_POLICY)
        script_note(&run->script, what, e->script.text);
    else if (what == SCRIPT_VERDICT)
        run->script_outcome = e->script.outcome;
}

static void take_gate(struct run *run, const struct event *e)
{
    struct run_gate *gate = &run->gate;

    if ((unsigned)e->gate.gate >= GATES)
        return;
    if (gate->gate != e->gate.gate || gate->key != e->key || e->gate.state == GATE_REFUSED)
        gate->confirmed = 0;
    gate->gate = e->gate.gate;
    gate->key = e->key;
    gate->seq = e->gate.state == GATE_OPEN ? e->seq : 0;
    if (!gate->seq) {
        gate->last = e->gate.state;
        gate->confirmed += e->gate.state == GATE_CONFIRMED;
        return;
    }
    gate->tries_left = e->gate.tries_left;
    COPY(gate->question, e->gate.question);
    COPY(gate->officer, e->gate.officer);
    COPY(gate->role, e->gate.role);
}

static bool is_key_step(enum step_id id)
{
    return id >= STEP_WRAP_KEY && id <= STEP_SEAL;
}

/* With which a key has arrived, or is sealed. */
static bool is_last_step(enum step_id id)
{
    return id == STEP_PROVE_AGAIN || id == STEP_SEAL;
}

/* Where the event's step is kept; NULL when there is no memory. */
static struct run_step *place_of(struct run *run, const struct event *e)
{
    struct run_key *key;

    if (!is_key_step(e->step.id))
        return &run->steps[e->step.id];
    if (!change_key(run, e->key ? e->key : run->latest, &key))
        return NULL;
    if (!key)
        return &run->steps[e->step.id];
    key->begun = true;
    return &key->steps[e->step.id - STEP_WRAP_KEY];
}

/* A key begins with its first step; begun again, it forgets how far it had come. */
static bool begin_key(struct run *run, const struct event *e, int64_t now_ms)
{
    struct run_key *key;

    if (e->key == 0 || e->key == run->latest ||
        (e->step.id != STEP_WRAP_KEY && e->step.id != STEP_READ_OBJECT))
        return true;
    if (!change_key(run, e->key, &key))
        return false;
    if (key && key->begun && e->step.state != EVENT_BEGUN)
        return true;
    if (run->latest == 0)
        run->first_key_ms = now_ms;
    run->latest = e->key;
    if (!is_companion(run, e))
        run->latest_chosen = e->key;
    if (key && key->begun)
        memset(key->steps, 0, sizeof key->steps);
    return true;
}

/* A key is in progress from its first step to the proof after its commit, or to a failure. */
static bool count_in_progress(struct run *run, const struct event *e, bool is)
{
    struct run_key *key;

    if (!change_key(run, e->key, &key))
        return false;
    if (key && key->in_progress != is) {
        key->in_progress = is;
        run->in_progress += is ? 1 : -1U;
    }
    return true;
}

static bool take_step(struct run *run, const struct event *e, int64_t now_ms)
{
    struct run_step *step;

    if ((unsigned)e->step.id >= STEPS || (unsigned)e->step.state > EVENT_UNDONE)
        return true;
    if (run->begun_ms == 0)
        run->begun_ms = now_ms;
    step = begin_key(run, e, now_ms) ? place_of(run, e) : NULL;
    if (!step)
        return false;
    if (e->step.state == EVENT_BEGUN) {
        *step = (struct run_step){.begun_ms = now_ms, .call = "", .text = ""};
        run->last_step = e->step.id;
        run->last_step_key = e->key || !is_key_step(e->step.id) ? e->key : run->latest;
        if (!count_in_progress(run, e, is_key_step(e->step.id)))
            return false;
    }
    step->state = (enum run_state)(e->step.state + RUN_BEGUN);
    step->call = step->call ? step->call : "";
    step->text = step->text ? step->text : "";
    if (e->step.state == EVENT_UNDONE)
        return true;
    step->bytes = e->step.bytes;
    step->micros = e->step.micros;
    if (e->step.state == EVENT_FAILED || (e->step.state == EVENT_OK && is_last_step(e->step.id))) {
        run->latest_over = e->key;
        if (!count_in_progress(run, e, false))
            return false;
    }
    run->arrived += (is_last_step(e->step.id) || e->step.id == STEP_DESTROY_KEY) &&
                    e->step.state == EVENT_OK && !is_companion(run, e);
    COPY(step->sha256, e->step.sha256);
    return keep_text(run, &step->call, e->step.call) && keep_text(run, &step->text, e->step.text);
}

static void take_pace(struct run *run, const struct event *e, int64_t now_ms)
{
    struct run_pace *pace = &run->pace;

    if ((unsigned)e->pace.step >= STEPS || (unsigned)e->pace.pace >= PACES)
        return;
    pace->pace = e->pace.pace;
    if (e->pace.state == PACE_GOES_ON) {
        pace->seq = 0;
        pace->waited_ms += run->first_key_ms ? e->pace.micros / 1000 : 0;
    }
    if (e->pace.state != PACE_WAITS)
        return;
    pace->seq = e->seq;
    pace->step = e->pace.step;
    pace->key = e->key;
    pace->since_ms = now_ms;
}

static bool note_proof(struct run *run, struct run_key *key, const struct event *e)
{
    static const enum step_id stages[RUN_PROOFS] = {STEP_PROVE, STEP_PROVE_AGAIN, STEP_PROVE_FRESH};
    struct run_proof *proof = key->proofs;

    while (proof < key->proofs + RUN_PROOFS && stages[proof - key->proofs] != e->proof.stage)
        proof++;
    if (proof == key->proofs + RUN_PROOFS)
        return true;
    proof->state = (enum run_state)(e->proof.state + RUN_BEGUN);
    proof->utc_ms = e->utc_ms;
    return keep_text(run, &proof->call[0], e->proof.call[0]) &&
           keep_text(run, &proof->call[1], e->proof.call[1]);
}

static bool take_proof(struct run *run, const struct event *e)
{
    struct run_key *key;

    if ((unsigned)e->proof.state > EVENT_UNDONE)
        return true;
    if (!change_key(run, e->key, &key))
        return false;
    if (!key)
        return true;
    if (e->proof.state == EVENT_OK && (unsigned)e->proof.stage < STEPS) {
        key->stages |= 1U << e->proof.stage;
        key->proven_ms = e->utc_ms;
        run->proven_fresh += e->proof.stage == STEP_PROVE_FRESH && !key->companion_of;
    }
    return note_proof(run, key, e) && keep_text(run, &key->proof, e->proof.text);
}

/* A resumed ceremony reports them again. */
static bool take_kcv(struct run *run, const struct event *e)
{
    struct run_key *key;
    unsigned at = 0;

    if (!change_key(run, e->key, &key))
        return false;
    while (key && at < key->kcv_count && key->kcvs[at].method != e->kcv.method)
        at++;
    if (!key || at == sizeof key->kcvs / sizeof key->kcvs[0])
        return true;
    key->kcvs[at] = e->kcv;
    key->kcv_count += at == key->kcv_count;
    return true;
}

static bool take_key_done(struct run *run, const struct event *e)
{
    enum key_outcome outcome = e->key_done.outcome;
    struct run_key *key;

    if (!count_in_progress(run, e, false) || !change_key(run, e->key, &key))
        return false;
    if (!key)
        return true;
    if (outcome != KEY_REFUSED && !key->companion_of)
        run->key_last = e->key;
    key->outcome = outcome;
    key->destination = e->key_done.desc;
    run->failed += !key->companion_of && (outcome == KEY_FAILED || outcome == KEY_UNKNOWN);
    failing_note(&run->failing, e->key,
                 outcome != KEY_MIGRATED && outcome != KEY_BUNDLED && outcome != KEY_DESTROYED &&
                     outcome != KEY_ALIGNED && outcome != KEY_DERIVED);
    return outcome == KEY_MIGRATED || keep_text(run, &key->reason, e->key_done.text);
}

static void take_call(struct run *run, const struct event *e, int64_t now_ms)
{
    struct run_call *call = &run->call[e->side == SIDE_DESTINATION];

    call->since_ms = 0;
    if (e->call.state != EVENT_BEGUN)
        return;
    call->since_ms = now_ms ? now_ms : 1;
    COPY(call->name, e->call.name);
    COPY(call->words, e->call.words);
}

static void take_fingerprint(struct run *run, const struct event *e)
{
    struct run_fingerprint *f = &run->fingerprint[e->side == SIDE_DESTINATION];

    f->bits = e->fingerprint.bits;
    f->bytes = e->fingerprint.bytes;
    COPY(f->spki_sha256, e->fingerprint.spki_sha256);
}

static void take_inventory(struct run *run, const struct event *e)
{
    if (e->inventory.after && e->side != SIDE_RELAY)
        run->after[e->side] = (struct run_inventory){
            true, e->inventory.objects, e->inventory.unexplained, e->inventory.missing};
}

/* The last error of a command is why it failed; after the end, errors are those of others. */
static void take_error(struct run *run, const struct event *e)
{
    char line[sizeof run->failure];
    unsigned failed = 0;

    if (run->over)
        return;
    run->failure[0] = '\0';
    if (e->kind == EVENT_DONE)
        return;
    while (failed < STEPS && run->steps[failed].state != RUN_FAILED)
        failed++;
    err_line(&e->error, line, sizeof line);
    if (failed < STEPS)
        text_print(run->failure, sizeof run->failure, "step %d, %s, %s: %s", step_number(failed),
                   step_title(failed), side_name(step_side(failed)), line);
    else
        text_cut(run->failure, sizeof run->failure, line);
}

static void take_end(struct run *run, const struct event *e, int64_t now_ms)
{
    run->over = true;
    run->ended_ms = now_ms;
    run->outcome = e->end.outcome;
    run->exit_code = e->end.exit_code;
    run->migrated = e->end.migrated;
    run->companions_migrated = e->end.companions;
    run->unproven = e->end.unproven;
    run->sealed = e->end.sealed;
    run->destroyed = e->end.destroyed;
    run->refused = e->end.refused;
    run->failed = e->end.failed;
    run->left_over = e->end.left_over;
    COPY(run->end_text, e->end.text);
    run->gate.seq = run->pace.seq = 0;
}

/* What needs neither memory nor a clock. */
static void (*const takers[EVENT_KINDS])(struct run *, const struct event *) = {
    [EVENT_BEGIN] = take_begin,
    [EVENT_CHOICE] = take_choice,
    [EVENT_CANARY] = take_canary,
    [EVENT_REJECTED] = take_note,
    [EVENT_WARNING] = take_note,
    [EVENT_SCRIPT] = take_script,
    [EVENT_EXCEPTION] = take_exception,
    [EVENT_GATE] = take_gate,
    [EVENT_FINGERPRINT] = take_fingerprint,
    [EVENT_INVENTORY] = take_inventory,
    [EVENT_ERROR] = take_error,
    [EVENT_DONE] = take_error,
};

bool run_event(struct run *run, const struct event *e, int64_t now_ms)
{
    switch (e->kind) {
    case EVENT_PLANNED:
        return take_planned(run, e);
    case EVENT_STEP:
        return take_step(run, e, now_ms);
    case EVENT_PROOF:
        return take_proof(run, e);
    case EVENT_KCV:
        return take_kcv(run, e);
    case EVENT_KEY_DONE:
        return take_key_done(run, e);
    case EVENT_PACE:
        take_pace(run, e, now_ms);
        break;
    case EVENT_CALL:
        take_call(run, e, now_ms);
        break;
    case EVENT_FILE:
        run_file_take(run->files, &run->file_count, e);
        break;
    case EVENT_END:
        take_end(run, e, now_ms);
        break;
    default:
        if ((unsigned)e->kind < EVENT_KINDS && takers[e->kind])
            takers[e->kind](run, e);
    }
    return true;
}

const struct run_key *run_key_at(const struct run *run, size_t number)
{
    if (number == 0 || number > run->key_count)
        return NULL;
    return run_keys_at(run->keys, (uint32_t)number);
}

uint32_t run_keys_done(const struct run *run)
{
    uint32_t done = run->arrived + run->failed; /* one that arrived can still fail */

    return done < run->movable ? done : (uint32_t)run->movable;
}

static const struct run_step ahead = {.call = "", .text = ""};

const struct run_step *run_step(const struct run *run, size_t key, enum step_id id)
{
    const struct run_key *of = run_key_at(run, key);
    const struct run_step *step =
        !is_key_step(id) || !of ? &run->steps[id] : &of->steps[id - STEP_WRAP_KEY];

    return step->state == RUN_AHEAD ? &ahead : step;
}

uint32_t run_latest_shown(const struct run *run)
{
    const struct run_key *latest = run_key_at(run, run->latest);
    bool closing = run->steps[STEP_DESTROY].state != RUN_AHEAD;

    return closing && latest && latest->companion_of && run->latest_chosen ? run->latest_chosen
                                                                           : run->latest;
}

const struct run_step *run_step_shown(const struct run *run, enum step_id id)
{
    const struct run_key *latest = run_key_at(run, run->latest);
    bool of_objects = id == STEP_READ_OBJECT || id == STEP_RELAY_OBJECT;

    if (of_objects && run->steps[STEP_DESTROY].state != RUN_AHEAD)
        return &ahead;
    if (latest && latest->companion_of && id < STEP_READ_OBJECT)
        return run_step(run, run->latest_chosen, id);
    return run_step(run, run_latest_shown(run), id);
}

const struct run_place *run_place(const struct run *run)
{
    static const struct run_place hsm = {.arrived = "moved",
                                         .proven = "proven",
                                         .made = "The transport key, as the DESTINATION made it:",
                                         .hsms = 2};
    static const struct run_place service = {.arrived = "sealed",
                                             .proven = "sealed",
                                             .made = "The service's wrapping key, as its file has "
                                                     "it:",
                                             .hsms = 1};

    static const struct run_place removal = {
        .arrived = "destroyed", .proven = "destroyed", .made = "", .hsms = 2};

    return run->removal != REMOVAL_NONE ? &removal : run->for_service ? &service : &hsm;
}

bool run_step_now(const struct run *run, enum step_id *id)
{
    *id = run->last_step;
    return !run->over && run_step(run, run->last_step_key, *id)->state == RUN_BEGUN;
}

bool run_unanswered(const struct run *run, int64_t now_ms, int64_t limit_ms, enum side *side,
                    int64_t *for_ms)
{
    for (unsigned i = SIDE_SOURCE; i <= SIDE_DESTINATION; i++) {
        if (run->call[i].since_ms == 0 || now_ms - run->call[i].since_ms < limit_ms)
            continue;
        *side = (enum side)i;
        *for_ms = now_ms - run->call[i].since_ms;
        return true;
    }
    return false;
}
