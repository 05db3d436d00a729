/* SPDX-License-Identifier: Apache-2.0 */
#include "report/signing_sheet.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum { SHEET_TEXT = 8192, SHEET_LABEL = 15 };

struct sheet {
    FILE *out;
    const struct node *report;
    unsigned line, page;
};

static void head(struct sheet *s)
{
    char title[128];

    text_fit(node_text(s->report, "ceremony.title"), 50, false, title, sizeof title);
    fprintf(s->out, "%s%s   %s   page %u\n\n", s->page ? "\f" : "", title,
            node_is(s->report, "summary.rehearsal", "yes") ? "REHEARSAL" : "PRODUCTION",
            s->page + 1);
    s->page++;
    s->line = 2;
}

static void put(struct sheet *s, const char *indent, const char *text, size_t len)
{
    if (s->line == SHEET_LINES)
        head(s);
    fprintf(s->out, "%s%.*s\n", len ? indent : "", (int)len, text);
    s->line++;
}

/* How much of text goes on one line of this many columns, ended at a blank where there is one. */
static size_t take(const char *text, int columns)
{
    char part[SHEET_TEXT];
    size_t len = strlen(text), end;

    if (text_width(text) <= columns)
        return len;
    do {
        do
            len--;
        while (((unsigned char)text[len] & 0xc0) == 0x80);
        memcpy(part, text, len);
        part[len] = '\0';
    } while (text_width(part) > columns);
    for (end = len; end > 0 && text[end] != ' ';)
        end--;
    return end > 0 ? end : len;
}

/* The hexadecimal of a SHA-256 as people compare it. Returns out. */
static const char *in_groups(const char *hex, char out[TEXT_GROUPS_SIZE])
{
    size_t at = 0;

    for (size_t i = 0; hex[i] && i < 2 * SHA256_SIZE; i++) {
        if (i > 0 && i % 4 == 0)
            out[at++] = ' ';
        out[at++] = hex[i];
    }
    out[at] = '\0';
    return out;
}

/* Lines under a name, which stands in front of the first one. */
static void print_item(struct sheet *s, const char *name, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static void print_item(struct sheet *s, const char *name, const char *fmt, ...)
{
    char text[SHEET_TEXT], before[SHEET_LABEL + 3];
    const char *at = text;
    va_list args;

    va_start(args, fmt);
    text_vprint(text, sizeof text, fmt, args);
    va_end(args);
    snprintf(before, sizeof before, "  %-*s", SHEET_LABEL, name);
    do {
        size_t len = take(at, SHEET_COLUMNS - SHEET_LABEL - 2);
        put(s, before, at, len);
        at += len;
        at += strspn(at, " ");
        snprintf(before, sizeof before, "  %-*s", SHEET_LABEL, "");
    } while (*at);
}

static void section(struct sheet *s, const char *title)
{
    if (s->line + 4 > SHEET_LINES) /* no title at the end of a page */
        head(s);
    else
        put(s, "", "", 0);
    put(s, "", title, strlen(title));
}

static void put_summary(struct sheet *s)
{
    const struct node *summary = node_at(s->report, "summary");
    char file[TEXT_GROUPS_SIZE];

    section(s, "RECORD OF A KEY CEREMONY");
    print_item(s, "ceremony", "%s", node_text(s->report, "ceremony.title"));
    print_item(s, "id", "%s", node_text(s->report, "ceremony.id"));
    if (node_at(s->report, "ceremony.file-sha256")) /* not in format 1 */
        print_item(s, "file sha256", "%s",
                   in_groups(node_text(s->report, "ceremony.file-sha256"), file));
    print_item(s, "begun", "%s", node_text(summary, "begun"));
    print_item(s, "ended", "%s", node_text(summary, "ended"));
    print_item(s, "outcome", "%s, exit code %s: %s", node_text(summary, "outcome"),
               node_text(summary, "exit-code"), node_text(summary, "sentence"));
    print_item(s, "keys", "%s migrated, %s refused, %s failed", node_text(summary, "migrated"),
               node_text(summary, "refused"), node_text(summary, "failed"));
    if (node_at(summary, "companions"))
        print_item(s, "along", "%s public objects, %s refused, %s failed",
                   node_text(summary, "companions"), node_text(summary, "companions-refused"),
                   node_text(summary, "companions-failed"));
    print_item(s, "exceptions", "%s", node_text(summary, "exceptions"));
    print_item(s, "written by", "%s %s on %s", node_text(s->report, "tool.name"),
               node_text(s->report, "tool.version"), node_text(s->report, "tool.host"));
    print_item(s, "", "sha256 %s", node_text(s->report, "tool.program-sha256"));
}

/* What reports of format 1 do not tell. */
static void put_running(struct sheet *s, const struct node *hsm)
{
    const struct node *loaded = node_at(hsm, "loaded");

    if (node_is(hsm, "agent-code", "not checked"))
        print_item(s, "", "%s", "agent named by the ceremony file: ITS CODE WAS NOT CHECKED");
    if (node_text(hsm, "confinement")[0])
        print_item(s, "", "agent confined: %s", node_text(hsm, "confinement"));
    if (node_text(hsm, "loading")[0])
        print_item(s, "", "module loaded from: %s", node_text(hsm, "loading"));
    if (loaded && loaded->count > 0)
        print_item(s, "", "it loaded %zu libraries%s: see \"loaded\" in the report", loaded->count,
                   node_at(hsm, "loaded-more") ? " and more" : "");
}

static void put_devices(struct sheet *s)
{
    static const char *const sides[] = {"source", "destination"};

    section(s, "DEVICES");
    for (unsigned i = 0; i < 2; i++) {
        const struct node *hsm = node_at(s->report, sides[i]);
        print_item(s, sides[i], "%s, serial %s", node_text(hsm, "label"), node_text(hsm, "serial"));
        print_item(s, "", "%s %s, firmware %s, %s through %s", node_text(hsm, "manufacturer"),
                   node_text(hsm, "model"), node_text(hsm, "firmware"), node_text(hsm, "api"),
                   node_text(hsm, "module"));
        print_item(s, "", "module sha256 %s", node_text(hsm, "module-sha256"));
        print_item(s, "", "agent sha256 %s", node_text(hsm, "agent-sha256"));
        put_running(s, hsm);
    }
}

/* Each with its method. */
static void put_kcvs(struct sheet *s, const struct node *key)
{
    for (const struct node *c = node_at(key, "check-values")->first; c; c = c->next) {
        bool both = node_at(c, "source") && node_at(c, "destination");
        bool named = !node_is(c, "method", "none");
        if (node_is(c, "method", "spki-sha256"))
            continue; /* the public half says it */
        if (node_at(c, "source"))
            print_item(s, "check value", "%s, %s%s", node_text(c, "source"), node_text(c, "method"),
                       both ? ", the same on both sides" : "");
        else
            print_item(s, "check value", "none%s%s: %s", named ? " by " : "",
                       named ? node_text(c, "method") : "", node_text(c, "none"));
    }
}

/* What is otherwise than on the source, by what that means. */
static void put_changes(struct sheet *s, const struct node *key)
{
    static const char *const verdicts[] = {"tightened", "dropped", "by nature"};

    for (size_t i = 0; i < sizeof verdicts / sizeof verdicts[0]; i++) {
        char names[512] = "";
        size_t at = 0;
        for (const struct node *a = node_at(key, "attributes")->first; a; a = a->next)
            if (node_is(a, "verdict", verdicts[i]) && at < sizeof names)
                at += (size_t)snprintf(names + at, sizeof names - at, "%s%s", at ? ", " : "",
                                       node_text(a, "name"));
        if (at > 0)
            print_item(s, verdicts[i], "%s", names);
    }
}

static void put_key(struct sheet *s, const struct node *key)
{
    const struct node *print = node_at(key, "source-public-key");
    const char *class = node_text(key, "class");
    char groups[TEXT_GROUPS_SIZE];

    if (s->line + 5 > SHEET_LINES) /* a key's name stays with what became of it */
        head(s);
    put(s, "", "", 0);
    print_item(s, node_text(key, "number"), "%s", node_text(key, "label"));
    print_item(s, "type", "%s%s%s, id %s", node_is(key, "type", class) ? "" : class,
               node_is(key, "type", class) ? "" : " ", node_text(key, "type"),
               node_text(key, "id"));
    print_item(s, "outcome", "%s: %s", node_text(key, "outcome"),
               node_at(key, "proven") ? node_text(key, "proven") : node_text(key, "reason"));
    if (node_at(key, "source-check-value"))
        print_item(s, "check value", "%s as the source tells it%s%s",
                   node_text(key, "source-check-value"),
                   node_at(key, "destination-check-value") ? ", the destination " : "",
                   node_text(key, "destination-check-value"));
    put_kcvs(s, key);
    if (node_at(key, "companion-of"))
        print_item(s, "along with", "key %s", node_text(key, "companion-of"));
    if (node_at(key, "der-sha256"))
        print_item(s, "sha256", "%s, of %s bytes of DER",
                   in_groups(node_text(key, "der-sha256"), groups), node_text(key, "der-bytes"));
    put_changes(s, key);
    if (!print)
        return;
    print_item(s, "public half", "%s", node_text(print, "sha256"));
    print_item(s, "in words", "%s", node_text(print, "words"));
}

static void put_keys(struct sheet *s)
{
    section(s, "KEYS");
    for (const struct node *key = node_at(s->report, "keys")->first; key; key = key->next)
        put_key(s, key);
    put(s, "", "", 0);
    print_item(s, "by nature", "%s", node_text(s->report, "by-nature"));
}

static void put_companions(struct sheet *s)
{
    const struct node *companions = node_at(s->report, "companions");

    if (companions->count > 0)
        section(s, "PUBLIC OBJECTS THAT WENT ALONG WITH KEYS");
    for (const struct node *key = companions->first; key; key = key->next)
        put_key(s, key);
}

static void put_transport(struct sheet *s)
{
    const struct node *reported = node_at(s->report, "transport-key.source");

    if (!reported)
        return;
    section(s, "TRANSPORT KEY, as the source loaded it");
    print_item(s, "agree", "%s: the destination made %s",
               node_text(s->report, "transport-key.agree"),
               node_is(s->report, "transport-key.agree", "yes") ? "the same" : "ANOTHER ONE");
    print_item(s, "fingerprint", "%s", node_text(reported, "sha256"));
    print_item(s, "in words", "%s", node_text(reported, "words"));
}

/* What was asked is not told; only how it ended. */
static void put_gates(struct sheet *s)
{
    section(s, "CONFIRMATIONS AND WAIVERS");
    for (const struct node *g = node_at(s->report, "gates")->first; g; g = g->next) {
        bool waived = node_is(g, "state", "waived"), by = !waived && node_at(g, "officer");
        const char *role = by ? node_text(g, "role") : "";
        if (!node_is(g, "state", "open"))
            print_item(s, node_text(g, "gate"), "%s%s%s, %s%s%s%s%s",
                       waived ? "waived by the ceremony file" : node_text(g, "state"),
                       node_at(g, "key") ? ", key " : "", node_text(g, "key"), node_text(g, "at"),
                       by ? ", " : "", by ? node_text(g, "officer") : "", role[0] ? ", " : "",
                       role);
    }
}

static void put_exceptions(struct sheet *s)
{
    section(s, "EXCEPTIONS");
    if (node_at(s->report, "exceptions")->count == 0)
        print_item(s, "", "%s", "none");
    for (const struct node *e = node_at(s->report, "exceptions")->first; e; e = e->next) {
        print_item(s, "at", "%s, %s%s%s", node_text(e, "at"),
                   node_at(e, "step") ? node_text(e, "step") : "before the first step",
                   node_at(e, "key") ? ", key " : "", node_text(e, "key"));
        print_item(s, "expected", "%s", node_text(e, "expected"));
        print_item(s, "happened", "%s", node_text(e, "happened"));
        print_item(s, "decided", "%s", node_text(e, "decided"));
    }
}

static void put_warnings(struct sheet *s)
{
    section(s, "WARNINGS");
    if (node_at(s->report, "warnings")->count == 0)
        print_item(s, "", "%s", "none");
    for (const struct node *w = node_at(s->report, "warnings")->first; w; w = w->next)
        print_item(s, node_at(w, "key") ? "key" : "", "%s%s%s", node_text(w, "key"),
                   node_at(w, "key") ? ": " : "", node_text(w, "text"));
}

static void put_report(struct sheet *s, const uint8_t sha256[SHA256_SIZE])
{
    char groups[TEXT_GROUPS_SIZE], words[TEXT_WORDS_SIZE];

    section(s, "REPORT AND JOURNAL");
    print_item(s, "report", "sha256 %s", text_groups(sha256, 16, groups));
    print_item(s, "in words", "%s", text_words(sha256, 0, SHA256_SIZE, words));
    print_item(s, "signed", "%s", node_text(s->report, "summary.signed"));
    if (node_at(s->report, "signature.key"))
        print_item(s, "signing key", "%s on %s", node_text(s->report, "signature.key"),
                   node_text(s->report, "signature.token"));
    print_item(s, "journal", "%s records, head %s", node_text(s->report, "journal.records"),
               in_groups(node_text(s->report, "journal.head"), groups));
}

static void put_signature(struct sheet *s, const char *name, const char *role)
{
    if (s->line + 3 > SHEET_LINES) /* a name and its line stay together */
        head(s);
    put(s, "", "", 0);
    print_item(s, "present", "%s%s%s", name, role[0] ? ", " : "", role);
    print_item(s, "", "%s", "date ______________   signature ______________________________");
}

static void put_signatures(struct sheet *s)
{
    const struct node *officers = node_at(s->report, "ceremony.officers");

    section(s, "SIGNATURES OF THOSE WHO WERE PRESENT");
    for (const struct node *o = officers->first; o; o = o->next)
        put_signature(s, node_text(o, "name"), node_text(o, "role"));
    for (size_t i = officers->count; i < 2; i++)
        put_signature(s, "name ______________________________", "");
}

void sheet_print(const struct node *report, const uint8_t sha256[SHA256_SIZE], FILE *out)
{
    static void (*const sections[])(struct sheet *) = {put_summary,    put_devices,   put_keys,
                                                       put_companions, put_transport, put_gates,
                                                       put_exceptions, put_warnings};
    struct sheet s = {.out = out, .report = report};

    head(&s);
    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++)
        sections[i](&s);
    put_report(&s, sha256);
    put_signatures(&s);
}
