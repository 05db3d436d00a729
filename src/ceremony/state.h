/* SPDX-License-Identifier: Apache-2.0 */
/* What a ceremony knows while it runs: shared by the engine's own files, seen by nobody else. */
#ifndef HSMFERRY_CEREMONY_STATE_H
#define HSMFERRY_CEREMONY_STATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/secret.h"
#include "ceremony/ceremony.h"
#include "hsm/hsm.h"
#include "protocol/event.h"
#include "transfer/own_key.h"

enum { AES_BITS = 256 }; /* of the symmetric transport key */

/* One of the two HSMs. */
struct party {
    struct hsm *hsm;
    struct hsm_slot_list slots;
    const struct hsm_slot *slot; /* the chosen one, in slots; NULL before */
    struct hsm_about info;       /* as told with it */
    struct key_list keys;
    struct hsm_offers offers;
    uint64_t *before; /* the handles of all objects right after the login; sorted */
    size_t before_count;
    bool intact; /* the last look showed them all, and nothing beside them but what was brought */
    bool gone;   /* nothing will answer any more */
    struct secret pin; /* destination: kept for the fresh process, wiped after it */
};

/* What became of one key. */
struct fate {
    enum key_outcome outcome;
    bool told;      /* EVENT_KEY_DONE went out */
    uint64_t final; /* its handle on the destination once committed */
    bool proven;    /* kept, and proven twice in this session, or waived */
    bool rewrapped; /* both sides encrypted it to the same, where nothing proves it */
    enum hsm_proof proof;
    struct key_desc found; /* as read back on the destination */
    struct err err;
};

/* Facts of a step, gathered while it runs and told when it ends. */
struct step_facts {
    const char *words;           /* the API's own call */
    const struct bytes *crossed; /* what leaves, crosses the relay, arrives; NULL: nothing */
    char text[EVENT_TEXT_MAX];
};

/* The one key that is under way. */
struct passage {
    struct bytes spki; /* of a private key; of a public object all of it, as the source told it */
    struct bytes blob; /* the encrypted key */
    uint64_t temporary;
    struct key_desc arrived; /* the temporary, as read back */
    bool parity;             /* it differs from the original in parity bits alone */
    bool committing;         /* commit() was called: from here on the outcome must be looked for */
};

/* The name of the warning that the host's clock went back. */
#define TELL_CLOCK "clock"

struct ceremony {
    struct ceremony_setup setup;
    struct ceremony_host host;
    char id[40];
    char label[64]; /* of everything temporary: "hsmferry:<id>" */
    uint64_t seq;
    int64_t utc_ms;    /* when the last event was told */
    struct err untold; /* why the last note was not */
    int64_t begun_us;
    atomic_bool stop;

    struct party side[2];
    bool has_deal;
    struct negotiation deal;
    enum hsm_alg envelope; /* the one that was told first */
    struct plan verdicts;
    bool has_verdicts;
    struct plan plan;
    struct fate *fates; /* one for each item of the plan */

    size_t at;   /* the row of the table that comes next */
    size_t item; /* the key that is under way */
    bool begun;  /* the first step was reached: the plan is fixed */
    bool ending; /* a failure or the end: only the closing rows are still carried out */
    bool over;
    bool aborted;       /* an officer or a signal stopped it */
    uint32_t done;      /* bit for each row of the table that is done and not undone */
    struct err failure; /* the first one that ended the ceremony or cost a key */
    uint32_t left_over;
    uint32_t lost;  /* objects that were there before and are gone */
    bool inventory; /* both inventories before the first step were told */
    bool unsure;    /* nobody could look whether something is left over */
    int exit_code;

    bool read_out;                /* both devices were told */
    struct hsm_slot confirmed[2]; /* ... as they were then */
    struct err devices_failure;   /* how that gate was answered */
    bool gate_open;
    enum gate gate_now;  /* the open one */
    unsigned gate_tries; /* left */
    uint32_t gates_passed;
    unsigned gate_roles; /* tries left to name the right role */
    bool gate_half;      /* the first of two officers has confirmed */
    uint32_t gate_words; /* bit for each place of the fingerprint asked of the first of them */
    char gate_expected[64];
    const struct officer *gate_officer; /* whose answer is awaited; NULL: nobody's by name */

    struct hsm_pair pair;     /* step 1 */
    struct bytes read_back;   /* step 3 */
    uint64_t public_handle;   /* step 3 */
    uint64_t source_aes;      /* step 4 */
    struct bytes aes_blob;    /* step 5 */
    uint64_t destination_aes; /* step 7 */
    struct passage passage;
};

static inline struct hsm *source_of(struct ceremony *c)
{
    return c->side[SIDE_SOURCE].hsm;
}

static inline struct hsm *destination_of(struct ceremony *c)
{
    return c->side[SIDE_DESTINATION].hsm;
}

/* The key under way. */
static inline struct plan_item *item_of(struct ceremony *c)
{
    return &c->plan.items[c->item];
}

/* The one token that uri names, which can be used; whose: "source". Errors: as ceremony_choose().
 */
bool find_slot(const struct hsm_slot_list *slots, const char *whose, const struct uri *uri,
               const struct hsm_slot **found, struct err *err);

/* Does this token want a PIN that is typed here? */
static inline bool needs_pin(const struct hsm_slot *slot)
{
    return (slot->flags & HSM_TOKEN_LOGIN_REQUIRED) && !(slot->flags & HSM_TOKEN_PROTECTED_PATH);
}

/* Claims both tokens for this ceremony. */
bool claim_both(struct ceremony *c, struct err *err);

/* Forgets the key under way; the plan. */
void passage_reset(struct ceremony *c);
void forget_plan(struct ceremony *c);

/* What becomes of an item that the plan leaves out. */
struct fate fate_of_left_out(const struct plan_item *item);

/* Takes out the check value of a stored secret: 24 bits of a digest of a password that somebody can
 * guess must not be shown or recorded. */
void hide_oracle(struct key_desc *key);

/* --- tell.c: events --- */

bool tell_begin(struct ceremony *c, struct err *err);
bool tell_side(struct ceremony *c, enum side side, enum side_state state, struct err *err);
bool tell_hsm(struct ceremony *c, enum side side, const struct hsm_slot *slot, struct err *err);
bool tell_note(struct ceremony *c, enum event_kind kind, enum side side, const char *name,
               const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* Why the last tell_note() was refused. Returns false. */
bool tell_why(const struct ceremony *c, struct err *err);

/* The transport was found not to work: what was rejected, and what is tried instead. */
bool tell_deal_again(struct ceremony *c, enum hsm_alg rejected, const char *why, struct err *err);
/* A warning about one key of the plan. */
bool tell_warning(struct ceremony *c, size_t item, struct err *err, const char *name,
                  const char *fmt, ...) __attribute__((format(printf, 5, 6)));
bool tell_deal(struct ceremony *c, struct err *err);
bool tell_plan(struct ceremony *c, struct err *err);
/* By c->gate_officer. */
bool tell_gate(struct ceremony *c, enum gate gate, enum gate_state state, const char *question,
               struct err *err);
bool tell_step(struct ceremony *c, enum step_id id, enum event_state state, int64_t micros,
               const struct step_facts *facts, struct err *err);
bool tell_fingerprint(struct ceremony *c, enum side side, const struct bytes *spki, uint32_t bits,
                      struct err *err);
/* path: how the destination's key was reached, where not by the driver that moved it; else NULL. */
bool tell_proof(struct ceremony *c, size_t item, enum step_id stage, enum hsm_proof proof,
                const char *path, const char *text, struct err *err);
bool tell_inventory(struct ceremony *c, enum side side, bool after, size_t objects,
                    uint32_t unexplained, uint32_t missing, const uint64_t *handles,
                    struct err *err);
/* Told at most once for each key. A refusing sink cannot undo what is: it is remembered. */
void tell_key_done(struct ceremony *c, size_t item);
void tell_error(struct ceremony *c, const struct err *failure);
void tell_end(struct ceremony *c, enum end_outcome outcome, const char *text);

/* --- gate.c --- */

/* True when nothing stands before this row any more; else the gate is open, or *err is set. */
bool gate_pass(struct ceremony *c, enum gate gate, struct err *err);

/* Judges what was typed at the open gate. On false the ceremony is to end with *err. */
bool gate_answer(struct ceremony *c, enum gate gate, const char *typed, struct err *err);

/* --- steps.c: the table --- */

/* Is it carried out once, or for each item of the plan, or for each of these? */
enum row_for { ROW_ONCE, ROW_ITEM, ROW_KEY, ROW_PUBLIC };

/* One row: a step, what it does, what takes it back, which gate stands before it. */
struct step_row {
    enum step_id id;
    enum row_for for_each;
    bool closing;   /* carried out also when something failed before */
    enum gate gate; /* waits before this row; GATE_NONE: for nobody */
    bool (*run)(struct ceremony *c, struct step_facts *facts, struct err *err);
    bool (*undo)(struct ceremony *c, struct err *err); /* NULL: it leaves nothing behind */
};

/* The rows in their order; count of them in *count. */
const struct step_row *steps_table(size_t *count);

/* What STEP_PROVE_AGAIN does: reads back and proves the key at hand, once it is committed. */
bool steps_prove_again(struct ceremony *c, struct step_facts *facts, struct err *err);

/* Reads what the source tells of an item in clear: a key's public half, a whole public object. */
bool steps_read_public(struct ceremony *c, const struct plan_item *item, struct bytes *out,
                       struct err *err);

/* half.c: finds the public half of each private key of the plan that could leave, and notes in the
 * source's list what its certificates certify. Errors: ERR_GONE, ERR_FAILED, or a record that
 * refuses. */
bool halves_find(struct ceremony *c, struct err *err);

/* demands.c: makes c->plan of what was chosen, with all that is read of the source before the
 * canary: public halves, what accompanies the keys, what they demand. destination: the names that
 * are taken there. Errors: as plan_make(), ERR_GONE, or a record that refuses. */
bool plan_review(struct ceremony *c, const struct key_list *destination,
                 const struct selection *selection, struct err *err);

/* Gives what of the plan goes along with a key, or is public itself, its last verdict: from what
 * the source tells of it now. Errors: ERR_GONE. */
bool companions_read(struct ceremony *c, struct err *err);

/* What the rows of a public object do. */
bool companions_relay(struct ceremony *c, struct step_facts *facts, struct err *err);
bool companions_make(struct ceremony *c, struct step_facts *facts, struct err *err);

/* own_key_check() on this side; adds to the step's text what the HSM does not report. */
bool steps_check_own_key(struct ceremony *c, enum side side, uint64_t handle,
                         const struct own_key *want, struct step_facts *facts, struct err *err);

/* To be passed each handle that an HSM gives for a new object. Errors: ERR_HSM: it is that of an
 * object that was there at the login, or of a key that has arrived. *handle is then 0: nothing is
 * done with that object, whatever the agent thinks of it. */
bool steps_made(struct ceremony *c, enum side side, uint64_t *handle, struct err *err);

/* Destroys what *handle is, which becomes 0; 0 is nothing. Errors: also ERR_HSM as steps_made(). */
bool steps_destroy(struct ceremony *c, enum side side, uint64_t *handle, struct err *err);

/* The named act on one object that this session did not make: tells handle, class, label and id,
 * and destroys it if it still bears them. why: "left by the interrupted ceremony". */
bool steps_remove(struct ceremony *c, enum side side, const struct key_desc *key, const char *why,
                  struct err *err);

/* rewrap.c: compares the key at hand with the destination's by encrypting both under one key of
 * their own, where the copy may leave anyway. What cannot be done is no failure: then *check says
 * why. Errors: ERR_DATA (not the same key; a key of ours is not as it was made), ERR_GONE,
 * ERR_UNFINISHED (something is left over). */
bool rewrap_check(struct ceremony *c, uint64_t handle, const struct key_desc *found,
                  struct check *check, struct err *err);

/* --- walk.c, resume.c --- */

/* Makes the first row that is needed the next one, once the plan says what is there already. */
bool walk_resume(struct ceremony *c, struct err *err);

/* Objects that bear neither class nor label nor id: halves, as a crash may leave them. */
bool is_nameless(const struct key_desc *key);
uint32_t count_nameless(const struct key_list *list);

/* --- canary.c: before the ceremony --- */

/* Does the plan use a way that no throw-away key has gone yet, where one must? */
bool canary_due(const struct ceremony *c);

/* Tries each of those ways, and notes in c->deal what was found; the plan is then to be judged
 * again. Errors: what ends the attempt as a whole: an HSM is gone, the officers stopped it, no
 * transport works, ERR_UNFINISHED (something is left over). */
bool canary_run(struct ceremony *c, struct err *err);

/* For a plan that is not judged again, as after an interruption: tries what is due, and whatever
 * does not pass is a failure. */
bool canary_must_pass(struct ceremony *c, struct err *err);

/* The same again for one that resumes, once everything was looked at and swept: before that its
 * throw-away keys did not become token objects. */
bool canary_must_store(struct ceremony *c, struct err *err);

/* --- closing.c: what the closing rows do --- */

bool closing_destroy(struct ceremony *c, struct step_facts *facts, struct err *err);
bool closing_inventory(struct ceremony *c, struct step_facts *facts, struct err *err);
bool closing_fresh(struct ceremony *c, struct step_facts *facts, struct err *err);

/* Logs in to the destination's token in a process of its own, and lists its keys. */
bool closing_enter(struct ceremony *c, struct hsm *fresh, struct key_list *list, struct err *err);

/* application.c: proves the migrated private keys once more on the path of applications, where
 * there is one; a key for which that goes wrong is no longer called migrated. Returns how many it
 * proved; why others could not be tried is told as a warning. */
size_t closing_as_application(struct ceremony *c);

/* The inventory of one side right after its login, before anything is tried or made. */
bool login_inventory(struct ceremony *c, enum side side, struct err *err);

/* Was this object there at the login? */
bool inventory_has(const struct party *party, uint64_t handle);

/* An object of the inventory was destroyed by a named act. */
void inventory_forget(struct party *party, uint64_t handle);

/* The inventory before the first step, of both sides. Errors: ERR_UNFINISHED: an object is gone
 * since the login. */
bool opening_inventory(struct ceremony *c, struct err *err);

/* Before the review: adds to *err what is true now, by both inventories: nothing was changed; or,
 * with another code, what is gone; or that it is not known. Returns false; but true where err->code
 * is ERR_NONE and nothing is gone. */
bool inventory_tell_now(struct ceremony *c, struct err *err);

#endif
