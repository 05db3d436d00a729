/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A VIEW of the console, and what may lie over it: each is one file that ends in one const struct.
 * The core (app.h) is below them and knows none; dispatch.c is above them and holds the two tables.
 * A view calls no other view: it names the one to show, in enum view_id. All members but name and
 * keys may be NULL.
 *
 * To add a view: its file, its line in dispatch.c, local.mk. It is drawn as a list of its rows
 * unless screen.c has a picture for it, and its keys belong in the manual page, where man/keys
 * writes them.
 */
#ifndef HSMFERRY_UI_MODEL_VIEW_H
#define HSMFERRY_UI_MODEL_VIEW_H

#include <stdbool.h>
#include <stddef.h>

#include "protocol/event.h"
#include "ui/model/press.h"
#include "ui/model/request.h"

struct sheet;

/* The views that others go to by name. A view that has a door needs none. */
enum view_id {
    VIEW_SETUP,
    VIEW_INVENTORY,
    VIEW_CEREMONY,
    VIEW_VERIFY,
    VIEW_LOG,
    VIEW_END,
    VIEW_LEDGER,
    VIEW_STEPS,
    VIEW_MAP,
    VIEWS_NAMED
};

/* A line of a view that the screen draws as a list. */
struct view_row {
    char text[512];
    int dim;  /* columns at its start that matter less */
    bool bad; /* a failure */
};

struct view {
    const char *name;           /* in help and manual: "Inventory" */
    const struct key_row *keys; /* in the order of hint line and help */
    const struct key_row *door; /* the key that leads here from all views with keys_doors */

    /* What is shown, unless ui/screen has a picture for it. */
    void (*title)(const struct app *app, char *out, size_t size);
    void (*head)(const struct app *app, struct view_row *row); /* above the rows */
    size_t (*count)(const struct app *app);
    void (*row)(const struct app *app, size_t i, struct view_row *row);
    size_t (*at)(const struct app *app); /* the row at the cursor; NULL: app->at.scroll */

    void (*move)(struct app *app, long delta); /* NULL: app->at.scroll in count() rows */
    size_t (*page)(const struct app *app);     /* rows of a page; NULL: those of the body */
    bool (*find)(struct app *app, const char *text, bool next);
    void (*details)(const struct app *app, struct sheet *sheet);

    /* What is at the cursor, for the line below a view that is a list. */
    void (*line)(const struct app *app, char *out, size_t size);

    /* For the hint line: does this key of the view, or its door, do something now? NULL: all do. */
    bool (*offers)(const struct app *app, const struct key_row *row);

    void (*enter)(struct app *app); /* it has become the view */
    void (*size)(struct app *app);  /* the layout or a list has changed */

    /* Of every event and of every command that has ended, whichever view is shown. */
    void (*event)(struct app *app, const struct event *event);
    void (*done)(struct app *app, enum request_kind kind, enum side side, bool ok);
};

/* What lies over the view and takes the keys. */
enum dialog_id {
    DIALOG_NONE,
    DIALOG_HELP,
    DIALOG_MESSAGE, /* app->dialog.message */
    DIALOG_DETAILS, /* the view's details() */
    DIALOG_INPUT,   /* a line is typed: app->dialog.input says for what */
    DIALOG_MODULES, /* choosing a module */
    DIALOG_CONFIRM, /* y or anything else: app->dialog.confirm says what */
    DIALOG_REVIEW,  /* the plan, and the word that starts it */
    DIALOG_PIN,
    DIALOG_GATE,
    DIALOG_SETTLE,    /* what is to become of an interrupted ceremony */
    DIALOG_LEFT_OPEN, /* its review was left: what is true then */
    DIALOGS
};

struct dialog {
    const char *hint; /* its keys, for the hint line */
    const char *(*hint_now)(
        const struct app *app); /* the same, if they change; NULL: they do not */
    void (*press)(struct app *app, int press);
    bool (*pastes)(const struct app *app); /* may text be pasted? NULL: it is typed */
    void (*page)(const struct app *app, struct sheet *sheet);
    void (*event)(struct app *app, const struct event *event); /* as in struct view */
    void (*done)(struct app *app, enum request_kind kind, enum side side, bool ok);
};

/* A line that is typed, by the view that asks for it. */
struct input {
    const char *title, *prompt;
    void (*changed)(struct app *app); /* after each key */
    void (*done)(struct app *app);    /* on Enter */
    void (*left)(struct app *app);    /* on Esc */
    bool is_path;                     /* Tab completes it */
    bool typed_only;                  /* it confirms something: nothing is pasted */
    void (*count)(const struct app *app, char *out, size_t size); /* "12 of 41 shown"; or NULL */
    bool engine_waits; /* a question of the engine waits until it is typed */
};

/* A question for y or anything else. */
struct confirm {
    const char *question;
    void (*yes)(struct app *app);
};

#endif
