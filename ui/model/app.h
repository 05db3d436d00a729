/* SPDX-License-Identifier: Apache-2.0 */
/*
 * THE MODEL of the console: what all views share. It knows neither curses nor threads nor any view.
 * It queues requests (a command to the worker, discarding the terminal's input) that the loop
 * carries out; the drawing files read from it what they show.
 * Its inputs, a key press and an event, are in dispatch.h.
 */
#ifndef HSMFERRY_UI_MODEL_APP_H
#define HSMFERRY_UI_MODEL_APP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/secret.h"
#include "config/config.h"
#include "config/recent.h"
#include "plan/plan.h"
#include "plan/script.h"
#include "protocol/event.h"
#include "ui/model/comparisons.h"
#include "ui/model/field.h"
#include "ui/model/inventory.h"
#include "ui/model/layout.h"
#include "ui/model/log.h"
#include "ui/model/mapped.h"
#include "ui/model/modules.h"
#include "ui/model/renames.h"
#include "ui/model/request.h"
#include "ui/model/run.h"
#include "ui/model/scroll.h"
#include "ui/model/settle.h"
#include "ui/model/trial.h"
#include "ui/model/view.h"

struct replay;

/* How far the ceremony has come: one value, so that nothing of one ceremony is left to the next. */
enum app_phase {
    PHASE_IDLE,
    PHASE_CHOOSING,   /* tokens are to be chosen as soon as both sides are open */
    PHASE_PLANNING,   /* the plan is being made */
    PHASE_REVIEWING,  /* the plan is shown; nothing has begun */
    PHASE_STARTING,   /* the word was typed; the engine has not asked for it yet */
    PHASE_RUNNING,    /* until REQUEST_RUN has ended */
    PHASE_LEAVING,    /* it runs; the console ends once it has stopped */
    PHASE_TERMINATED, /* the same, and the next signal does not wait for that */
    PHASE_GONE        /* the console ends now */
};

/* Which keys of the run are looked at. */
struct app_keys {
    uint32_t shown;       /* the key whose steps are shown, from 1; 0: the current key */
    struct scroll scroll; /* over the rows of the ledger */
    bool failures;        /* the ledger shows only those that did not arrive as they should */
};

/* What is on the screen. */
struct app_at {
    enum view_id view;
    enum view_id under; /* the view to which Back leads */
    enum side active;
    struct layout layout;
    struct scroll scroll; /* of a view that keeps none itself */
    struct app_keys keys;
    int64_t now_ms; /* a clock that never goes back */
    int64_t utc_ms;
    char status[512];      /* for the detail line, until the next key */
    char find[128];        /* what was looked for last */
    struct replay *replay; /* what is shown is a recording; NULL: it is live */
    enum visit visit;      /* of a ceremony in two rooms, which is all that is done here */
    enum removal removal;  /* of keys, which is all that is done here */
    enum err_code refused; /* why that visit or removal did not begin */
    unsigned keys_missing; /* bit (1 << n) for each function key that the terminal cannot send */
};

/* What lies over the view. */
struct app_dialog {
    enum dialog_id kind; /* what the officer opened; app_dialog(): also what the engine asks */
    const struct input *input;
    const struct confirm *confirm;
    struct field field;
    struct field kept;    /* typed at a question, while an exception is typed over it */
    struct scroll scroll; /* of what the engine asks */
    struct scroll over;   /* of what the officer opened over it */
    struct err message;
    uint64_t end_seq;      /* the gate whose page was shown to its end */
    int64_t deaf_until_ms; /* it opened by itself: keys before this were meant for something else */
};

struct app_side {
    enum side_state state;
    int64_t since_ms;           /* when it came into this state */
    struct hsm_slot_list slots; /* a copy */
    bool has_token;             /* one was chosen: info and token are set */
    bool choosing; /* REQUEST_CHOOSE is in progress, or waits for that of the other side */
    struct hsm_about info;
    char loading[64];     /* as in struct hsm_info */
    char confinement[96]; /* likewise */
    struct hsm_slot token;
    struct err err; /* why state is SIDE_FAILED */
    struct inventory inventory;
};

/* The PIN that is asked for. */
struct app_pin {
    uint64_t seq; /* what the answer must name; 0: none is asked for */
    enum side side;
    uint32_t flags;
    bool sworn;     /* before the last try: the words were typed */
    bool typed_one; /* one was typed, and is with the HSM */
    char token[4 * 32 + 1];
    char serial[4 * 16 + 1];
    char officer[EVENT_TEXT_MAX]; /* who types it; empty: nobody by name */
    char role[64];
    struct secret typed;
};

/* What officers and engine say to each other. */
struct app_asked {
    struct app_pin pin;
    struct secret answer;   /* for REQUEST_ANSWER */
    struct event exception; /* while it is typed, and until it was handed on */
    bool exception_wanted;  /* the engine waits for it */
};

enum { APP_COMMAND_MAX = 4096 };

/* The report, as the command describes it. */
struct app_report {
    char path[EVENT_PATH_MAX]; /* empty: none was written ... */
    struct err err;            /* ... and why */
    uint8_t sha256[32];
    char commands[2][APP_COMMAND_MAX]; /* that check report and signature, for a shell */
    char next[APP_COMMAND_MAX];        /* what takes the first sealed key to its service; empty:
                                          none is sealed */
    char signed_by[EVENT_TEXT_MAX];    /* key and token; empty: the report is unsigned ... */
    char unsigned_why[ERR_WHAT_MAX];   /* ... for this reason, if one is known */
};

/* What each view keeps for itself. */
struct setup_state {
    struct scroll scroll[2]; /* over the rows of a side: see setup_view.h */
    bool stale;              /* title, kind or officers were changed since the worker was made */
    bool next_asked;         /* the devices are compared as soon as both HSMs are open */
    struct modules modules;
    const struct modules *stores; /* NSS databases that are known; NULL: none */
    const struct recent *recent;  /* the HSMs of the last ceremony; NULL: none */
    char **old_environment;       /* of the configuration before */
};

struct inventory_state {
    struct comparisons comparisons;
    struct mapped mapped;
    struct renames renames;
    struct trial_shown trial;      /* of the plan that is being made */
    char filter_before[128];       /* while another one is typed */
    bool review_asked;             /* the plan is made as soon as both HSMs are listed and free */
    bool marks_are_files;          /* the marks are the ceremony file's own selection */
    struct script script;          /* what that named when the ceremony opened */
    struct script_summary differs; /* how the marks differ from it */
};

struct verify_state {
    size_t at; /* the key of the plan that is shown, from 1; 0: the one at the inventory's cursor */
    struct scroll scroll;
    bool mapped; /* at 0: the row at the map's cursor */
};

struct app {
    struct config *config;           /* the ceremony as asked for; changed here */
    const struct view *const *views; /* NULL at the end */
    struct settle settle;            /* of a ceremony that was interrupted */
    enum app_phase phase;
    struct app_at at;
    struct app_dialog dialog;
    struct app_side side[2];
    struct run run;
    struct log log;
    struct request_queue queue;
    struct app_asked asked;
    struct app_report report;
    struct setup_state setup;
    struct inventory_state inventory;
    struct verify_state verify;
};

/* --- what the views do with it ---------------------------------------------------------------- */

/* The view that is shown. */
const struct view *app_view(const struct app *app);

/* Queues a request; commands to the worker are counted until they have ended. */
void app_ask(struct app *app, enum request_kind kind, enum side side);

/* One line for the officer, gone with the next key. */
void app_say(struct app *app, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Opens a dialog; a failure in one; a line to be typed; a question. */
void app_open(struct app *app, enum dialog_id dialog);
void app_show_error(struct app *app, const struct err *err);
void app_open_input(struct app *app, const struct input *input, const char *text);
void app_open_confirm(struct app *app, const struct confirm *confirm);

/* The scroll of the dialog that takes the keys. */
struct scroll *app_scroll_of(struct app *app);

/* Scrolls a dialog of count lines, page of them at once; the first one shown is that of
 * app_scroll_of(). True when the key was for that. */
bool app_scroll(struct app *app, int press, size_t count, int page);

/* The same for a page of so many lines in a dialog that has others besides: its end stays at the
 * foot. */
bool app_scroll_page(struct app *app, int press, size_t lines, int others);

/* Shows another view. */
void app_go(struct app *app, enum view_id view);

/* Moves the cursor of the view that is shown. */
void app_move(struct app *app, long delta);

/* Rows of a page in the view that is shown. */
size_t app_page(const struct app *app);

/* --- what the loop gives it ------------------------------------------------------------------- */

void app_size(struct app *app, int columns, int lines);
void app_time(struct app *app, int64_t now_ms, int64_t utc_ms);

/* The lists have changed under their cursors. */
void app_resize(struct app *app);

/* What the worker holds, copied here before app_done() says that it has ended. */
void app_take_slots(struct app *app, enum side side, const struct hsm_slot_list *slots);
void app_take_keys(struct app *app, enum side side, const struct key_list *keys);

/* Objects of a list that is not complete: they are shown until app_take_keys(). */
void app_take_rows(struct app *app, enum side side, const struct key_list *rows);

/* Is the list of this side not complete yet? Says so if it is not: marks wait for it. */
bool app_awaits_list(struct app *app, enum side side);
void app_take_verdicts(struct app *app, const struct plan_verdicts *verdicts);
void app_take_map(struct app *app, const struct map *map);
void app_take_report(struct app *app, const struct app_report *report);

/* The ceremony file was written to queue.save_path. */
void app_saved(struct app *app);

/* --- what is true of it ----------------------------------------------------------------------- */

/* What takes the keys now; DIALOG_NONE: the view. */
enum dialog_id app_dialog(const struct app *app);

/* What the engine asks, whatever the officer opened over it; DIALOG_NONE: nothing. */
enum dialog_id app_question(const struct app *app);

/* Is a ceremony running, from the word that starts it to its end? */
bool app_is_running(const struct app *app);

/* Did a dialog open by itself just now? It takes no keys yet. */
bool app_is_deaf(const struct app *app);

/* A dialog opens by itself: for a moment it takes no keys. */
void app_be_deaf(struct app *app);

/* Is one visit, or one removal, all that is done on this console? */
bool app_does_one(const struct app *app);

/* The exit code of the console as things stand. */
int app_exit_code(const struct app *app);

/* What every screen says of this ceremony's kind: "REHEARSAL", "PRODUCTION"; empty: nobody has
 * chosen one yet. Of a replay, "REPLAY" stands before it. */
const char *app_stamp(const struct app *app);

/* What a side is called on the screen: its token's label, or "(no token)". */
const char *app_side_label(const struct app *app, enum side side);

/* The other HSM. */
enum side app_other(enum side side);

#endif
