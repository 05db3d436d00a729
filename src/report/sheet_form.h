/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a sheet looks: as text for paper, or as a page of HTML. signing_sheet.c says what is on it,
 * in sections of facts and tables. All text has been checked: no character in it controls a
 * terminal.
 */
#ifndef HSMFERRY_REPORT_SHEET_FORM_H
#define HSMFERRY_REPORT_SHEET_FORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { SHEET_COLUMNS = 80, SHEET_LINES = 60, SHEET_CELLS = 10 };

/* Colours repeat what the words say; nothing is said by colour alone. */
enum sheet_tone { SHEET_PLAIN, SHEET_GOOD, SHEET_WARNING, SHEET_BAD };

struct sheet_column {
    const char *title;
    int width;  /* columns of the text; 0: this one gets those that are left */
    bool right; /* numbers */
    bool exact; /* digests, ids, calls: all characters as wide as each other */
    bool cut;   /* the text shows as much as fits and "~", and does not go on in the next line */
    bool whole; /* short texts, which a browser does not break */
    bool lane;  /* a place where steps happen */
    bool roomy; /* only if the form is roomy */
};

/* A sheet that is being written. */
struct sheet_page {
    const struct sheet_form *form;
    FILE *out;
    const char *title;                  /* of the ceremony */
    const char *stamp;                  /* "REHEARSAL" */
    const struct sheet_column *columns; /* of the table that is open */
    size_t column_count;
    unsigned line, number; /* text: lines of this page, pages */
    bool in_section, in_facts;
};

struct sheet_form {
    bool roomy;              /* has room for what the text sums up */
    const char *to_the_left; /* arrows, as the data travels */
    const char *to_the_right;
    void (*begin)(struct sheet_page *p);
    void (*section)(struct sheet_page *p, const char *title);
    /* name: empty if the fact belongs to the one before it. exact: as in struct sheet_column. */
    void (*fact)(struct sheet_page *p, const char *name, const char *text, enum sheet_tone tone,
                 bool exact);
    /* columns live until table_end(); no fact or section comes before that. */
    void (*table)(struct sheet_page *p, const struct sheet_column *columns, size_t count);
    void (*row)(struct sheet_page *p, const char *const *cells, enum sheet_tone tone);
    void (*table_end)(struct sheet_page *p);
    /* A place for the signature of a person. */
    void (*signature)(struct sheet_page *p, const char *name, const char *role);
    void (*end)(struct sheet_page *p);
};

/* Text of SHEET_COLUMNS, with a form feed and a heading after each SHEET_LINES lines. */
extern const struct sheet_form sheet_text;

/* One page without scripts that loads nothing, for a browser and for PDF. */
extern const struct sheet_form sheet_html;

#endif
