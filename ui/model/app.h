/* SPDX-License-Identifier: Apache-2.0 */
/*
 * THE MODEL of the console and its two inputs: a key press and an event. It knows neither curses
 * nor threads. What it wants done (a command to the worker, the terminal's input thrown away) it
 * leaves in a queue of requests that the loop carries out; what is to be seen, the drawing files
 * read from it.
 */
#ifndef HSMFERRY_UI_MODEL_APP_H
#define HSMFERRY_UI_MODEL_APP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/secret.h"
#include "config/config.h"
#include "plan/plan.h"
#include "protocol/event.h"
#include "report/signing.h"
#include "ui/model/comparisons.h"
#include "ui/model/field.h"
#include "ui/model/inventory.h"
#include "ui/model/keys.h"
#include "ui/model/layout.h"
#include "ui/model/log.h"
#include "ui/model/modules.h"
#include "ui/model/run.h"
#include "ui/model/scroll.h"

/* What the loop shall do. */
enum request_kind {
    REQUEST_START,     /* a new worker for app->config; the old one goes */
    REQUEST_OPEN,      /* worker_open(side) */
    REQUEST_CHOOSE,    /* worker_choose(side, app->config->side[side].token) */
    REQUEST_REFRESH,   /* worker_refresh(side) */
    REQUEST_COMPARED,  /* worker_compare(app_pair()) */
    REQUEST_DEVICES,   /* worker_devices() with both tokens of the configuration */
    REQUEST_VERDICTS,  /* worker_verdicts() */
    REQUEST_PLAN,      /* worker_plan(): app_selection() */
    REQUEST_SIGN,      /* worker_sign() */
    REQUEST_RUN,       /* worker_run() */
    REQUEST_EXCEPTION, /* worker_exception(app->exception) */
    REQUEST_ANSWER,    /* worker_answer(serial, app->answer), then wipe it */
    REQUEST_STOP,      /* worker_stop() */
    REQUEST_ABANDON,   /* worker_abandon(side) */
    REQUEST_SAVE,      /* config_write(app->config, app->save_path) */
    REQUEST_REPORT,    /* ask where the report is: app_report() */
    REQUEST_FLUSH,     /* throw away what was typed ahead */
    REQUEST_REDRAW,    /* the terminal may show something else than we think */
    REQUEST_SUSPEND,   /* to the shell and back */
    REQUEST_SETTLE,    /* leave, and resume or clean up what was interrupted: app->cleans */
    REQUEST_QUIT,
    REQUESTS
};

struct request {
    enum request_kind kind;
    enum side side;
    uint64_t serial;
};

enum { REQUESTS_MAX = 32 };

/* What lies over the view and takes the keys. */
enum dialog {
    DIALOG_NONE,
    DIALOG_HELP,
    DIALOG_MESSAGE, /* app->message */
    DIALOG_DETAILS, /* of the current object or slot */
    DIALOG_INPUT,   /* a line is typed: app->input says for what */
    DIALOG_MODULES, /* choosing a module */
    DIALOG_CONFIRM, /* y or anything else: app->confirm says what */
    DIALOG_REVIEW,  /* the plan, and the word that starts it */
    DIALOG_PIN,
    DIALOG_GATE,
    DIALOGS
};

enum input {
    INPUT_FIND,
    INPUT_FILTER,
    INPUT_PATTERN,
    INPUT_MODULE,
    INPUT_ENVIRONMENT,
    INPUT_SAVE,
    INPUT_SETTLE,   /* what to do about app->interrupted */
    INPUT_EXPECTED, /* an exception, in three parts */
    INPUT_HAPPENED,
    INPUT_DECIDED,
    INPUTS
};
enum confirm { CONFIRM_QUIT, CONFIRM_STOP, CONFIRM_ABANDON, CONFIRMS };

/* The rows of a side in the setup view: first these, then its slots. */
enum setup_row { SETUP_API, SETUP_MODULE, SETUP_ENVIRONMENT, SETUP_SLOTS };

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

struct app_side {
    enum side_state state;
    int64_t since_ms;           /* when it came into this state */
    struct hsm_slot_list slots; /* a copy */
    struct scroll setup;        /* over the setup rows and the slots */
    bool has_token;             /* one was chosen: info and token are set */
    struct hsm_about info;
    char loading[64];     /* as in struct hsm_info */
    char confinement[96]; /* likewise */
    struct hsm_slot token;
    struct err err; /* why state is SIDE_FAILED */
    struct inventory inventory;
};

/* The PIN that is asked for. */
struct app_pin {
    bool open;
    enum side side;
    uint64_t seq;
    uint32_t flags;
    bool sworn; /* before the last try: the words were typed */
    char token[4 * 32 + 1];
    char serial[4 * 16 + 1];
    char officer[EVENT_TEXT_MAX]; /* who types it; empty: nobody by name */
    char role[64];
    struct secret typed;
};

/* Where the report is, as main.c tells it. */
struct app_report {
    bool written;
    char path[EVENT_PATH_MAX];
    uint8_t sha256[32];
    struct signing signing;
    struct err err; /* why there is none */
};

struct app {
    struct config *config;            /* the ceremony as asked for; changed here */
    char interrupted[EVENT_PATH_MAX]; /* journal of a ceremony that was interrupted; empty: none */
    bool cleans;                      /* it is to be cleaned up, not resumed */
    char **old_environment;           /* of the configuration before */
    int columns, lines;
    struct layout layout;
    int64_t now_ms; /* a clock that never goes back */
    int64_t utc_ms;

    enum view view;
    enum view under; /* where Back goes */
    enum dialog dialog;
    enum side active;
    struct app_side side[2];
    struct comparisons comparisons;
    struct run run;
    struct log log;
    struct scroll log_scroll;
    bool log_follows; /* the log shows its end as it grows */
    struct modules modules;

    struct field field; /* of the dialog that is open */
    enum input input;
    enum confirm confirm;
    struct scroll dialog_scroll;
    struct err message;
    char status[512]; /* for the detail line, until the next key */
    char find[128];   /* what was looked for last */
    char save_path[EVENT_PATH_MAX];

    struct app_pin pin;
    struct event exception; /* while it is typed, and until it was handed on */
    struct secret answer;
    unsigned commands; /* commands under way */
    enum app_phase phase;
    bool marks_are_files;  /* the marks are the ceremony file's own selection */
    struct err last_error; /* of the command under way */
    size_t verify_at;      /* key of the plan shown in the verification view, from 1; 0: of the
                              inventory */
    struct app_report report;

    struct request requests[REQUESTS_MAX];
    unsigned request_first, request_count;
};

/* config must outlive the app. Errors: ERR_FAILED (memory). */
bool app_new(struct config *config, struct app **out, struct err *err);
void app_free(struct app *app);

/* Asks for the first worker, and for what can be opened at once; where something was interrupted,
 * first what is to become of that. */
void app_start(struct app *app);

/* --- inputs ---------------------------------------------------------------------------------- */

void app_size(struct app *app, int columns, int lines);
void app_time(struct app *app, int64_t now_ms, int64_t utc_ms);
void app_press(struct app *app, int press);
void app_event(struct app *app, const struct event *event);

/* A signal asks us to end: the first stops at the next boundary, the second does not wait. */
void app_terminate(struct app *app);

/* What the worker holds, copied here before the EVENT_DONE that announces it is given in. */
void app_take_slots(struct app *app, enum side side, const struct hsm_slot_list *slots);
void app_take_keys(struct app *app, enum side side, const struct key_list *keys);
void app_take_verdicts(struct app *app, const struct plan *verdicts);
void app_take_report(struct app *app, const struct app_report *report);

/* The ceremony file was written to app->save_path. */
void app_saved(struct app *app);

/* A request could not be carried out. */
void app_failed(struct app *app, enum request_kind kind, const struct err *err);

/* --- outputs --------------------------------------------------------------------------------- */

/* Takes the next request; false when there is none. */
bool app_request(struct app *app, struct request *request);

/* The handles of the marked keys for worker_plan(), or the ceremony file's own URIs. The caller
 * frees *handles. */
bool app_selection(const struct app *app, struct selection *selection, uint64_t **handles,
                   struct err *err);

/* What takes the keys now; DIALOG_NONE: the view. */
enum dialog app_dialog(const struct app *app);

/* Rows of a list in the view's pane of this side, as the layout has it. */
size_t app_page(const struct app *app, enum side side);

/* The pair in the verification view; either may be NULL. */
void app_pair(const struct app *app, const struct key_desc **source,
              const struct key_desc **destination);

/* How an object relates to those of the other side, also by what both HSMs were asked. */
enum relation app_relation(const struct app *app, enum side side, const struct key_desc *key);

/* Rows of the setup view's list, and the slot of a row (NULL: not a slot). */
size_t app_setup_rows(const struct app *app, enum side side);
const struct hsm_slot *app_setup_slot(const struct app *app, enum side side, size_t row);

/* Is this the slot that the ceremony names? */
bool app_slot_is_chosen(const struct app *app, enum side side, const struct hsm_slot *slot);

/* What to type, in words, for the dialog that is open; and its title. */
const char *app_input_title(const struct app *app);
const char *app_input_prompt(const struct app *app);
const char *app_confirm_question(const struct app *app);

/* Does the word that starts have to be checked here because the file waives the engine's gate? */
bool app_review_waived(const struct app *app);

/* Is a ceremony under way, from the word that starts it to its end? */
bool app_is_running(const struct app *app);

/* The exit code of the console as things stand. */
int app_exit_code(const struct app *app);

/* What a side is called on the screen: its token's label, or "(no token)". */
const char *app_side_label(const struct app *app, enum side side);

#endif
