/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sheet as one page of HTML. A browser is asked to load nothing and to run nothing, whatever is
 * on the page: see the policy in its head. Text is not markup: put_text() escapes all of it.
 */
#include <string.h>

#include "report/sheet_form.h"

static const char head_before_title[] =
    "<!DOCTYPE html>\n"
    "<html lang=\"en\">\n"
    "<head>\n"
    "<meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
    "style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n"
    "<meta name=\"referrer\" content=\"no-referrer\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<title>";

static const char style[] =
    "<style>\n"
    ":root { color-scheme: light; }\n"
    "* { box-sizing: border-box; }\n"
    "body { margin: 0 auto; max-width: 76rem; padding: 1.5rem; background: #fff; color: #1b1f24;\n"
    "  font: 15px/1.45 system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif; }\n"
    "header { border-bottom: 3px solid #1b1f24; padding-bottom: .6rem; }\n"
    "h1 { margin: 0; font-size: 1.5rem; overflow-wrap: anywhere; }\n"
    "header p { margin: .3rem 0 0; }\n"
    ".stamp { display: inline-block; border: 2px solid; padding: 0 .5rem; font-weight: 700;\n"
    "  letter-spacing: .08em; }\n"
    ".REHEARSAL { color: #8a4b00; } .PRODUCTION { color: #0b4f8a; }\n"
    "h2 { margin: 1.8rem 0 .5rem; font-size: 1.02rem; letter-spacing: .03em;\n"
    "  border-bottom: 1px solid #c9ced6; }\n"
    "dl { display: grid; grid-template-columns: 10rem minmax(0, 1fr); gap: .2rem 1rem; margin: 0; "
    "}\n"
    "dt { color: #57606a; } dd { margin: 0; grid-column: 2; overflow-wrap: anywhere; }\n"
    ".table { overflow-x: auto; }\n"
    "table { border-collapse: collapse; width: 100%; font-size: .9rem; }\n"
    "th { text-align: left; color: #57606a; font-weight: 600; border-bottom: 2px solid #c9ced6;\n"
    "  padding: .25rem .6rem .25rem 0; vertical-align: bottom; }\n"
    "td { border-bottom: 1px solid #e3e6ea; padding: .25rem .6rem .25rem 0; vertical-align: top;\n"
    "  overflow-wrap: anywhere; unicode-bidi: isolate; }\n"
    ".right { text-align: right; } .short { white-space: nowrap; }\n"
    ".lane { width: 33.3%; border: 0; padding: .3rem .5rem; }\n"
    "td.lane:not(:empty) { background: #eef3f8; border-left: 3px solid #0b4f8a; }\n"
    ".table + dl { margin-top: .4rem; }\n"
    ".exact { font-family: ui-monospace, 'DejaVu Sans Mono', monospace; font-size: .86em; }\n"
    ".good { color: #116329; } .warning { color: #8a4b00; } .bad { color: #b1091c; }\n"
    "dd.warning, .bad { font-weight: 600; }\n"
    ".signature { break-inside: avoid; max-width: 36rem; }\n"
    ".signature div { border-bottom: 1px solid #1b1f24; height: 3.2rem; }\n"
    ".signature p { margin: .2rem 0; overflow-wrap: anywhere; }\n"
    "@media (max-width: 44rem) { body { padding: .8rem; }\n"
    "  dl { grid-template-columns: minmax(0, 1fr); gap: 0; } dd { grid-column: 1; }\n"
    "  dt { margin-top: .4rem; } table { min-width: 56rem; } }\n"
    "@media print { body { max-width: none; padding: 0; font-size: 9.5pt; }\n"
    "  .table { overflow: visible; } thead { display: table-header-group; }\n"
    "  tr, dd { break-inside: avoid; } h2, thead { break-after: avoid; }\n"
    "  table { font-size: 8pt; } }\n";

/* On each sheet of paper; browsers that know no margin boxes leave them out. */
static const char page_style[] =
    "@page { size: A4; margin: 16mm 13mm;\n"
    "  @top-left { content: \"Record of a key ceremony\"; font: 8pt sans-serif; }\n"
    "  @top-right { content: \"%s\"; font: bold 8pt sans-serif; }\n"
    "  @bottom-right { content: \"page \" counter(page) \" of \" counter(pages);\n"
    "    font: 8pt sans-serif; } }\n"
    "</style>\n"
    "</head>\n";

/* Text as HTML shows it, in an element or in a quoted attribute. */
static void put_text(struct sheet_page *p, const char *text)
{
    static const char special[] = "&<>\"'";
    static const char *const entities[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};

    for (size_t n; *text; text += n) {
        n = strcspn(text, special);
        fwrite(text, 1, n, p->out);
        if (text[n])
            fputs(entities[strchr(special, text[n++]) - special], p->out);
    }
}

static void html_begin(struct sheet_page *p)
{
    fputs(head_before_title, p->out);
    put_text(p, p->title);
    fprintf(p->out, " (%s)</title>\n%s", p->stamp, style);
    fprintf(p->out, page_style, p->stamp);
    fputs("<body>\n<header>\n<h1>", p->out);
    put_text(p, p->title);
    fprintf(p->out,
            "</h1>\n<p><span class=\"stamp %s\">%s</span> Record of a key ceremony</p>\n"
            "</header>\n<main>\n",
            p->stamp, p->stamp);
}

static void end_facts(struct sheet_page *p)
{
    if (p->in_facts)
        fputs("</dl>\n", p->out);
    p->in_facts = false;
}

static void end_section(struct sheet_page *p)
{
    end_facts(p);
    if (p->in_section)
        fputs("</section>\n", p->out);
    p->in_section = false;
}

static void html_section(struct sheet_page *p, const char *title)
{
    end_section(p);
    p->in_section = true;
    fputs("<section>\n<h2>", p->out);
    put_text(p, title);
    fputs("</h2>\n", p->out);
}

/* Classes of a fact (column NULL) or a cell, each with a blank before it. */
static void put_classes(struct sheet_page *p, enum sheet_tone tone, bool exact,
                        const struct sheet_column *column)
{
    static const char *const tones[] = {"", " good", " warning", " bad"};
    static const struct sheet_column none = {0};

    column = column ? column : &none;
    fprintf(p->out, " class=\"%s%s%s%s%s\"", exact || column->exact ? " exact" : "",
            column->right ? " right" : "", column->whole ? " short" : "",
            column->lane ? " lane" : "", tones[tone]);
}

static void html_fact(struct sheet_page *p, const char *name, const char *text,
                      enum sheet_tone tone, bool exact)
{
    if (!p->in_facts)
        fputs("<dl>\n", p->out);
    p->in_facts = true;
    if (*name) {
        fputs("<dt>", p->out);
        put_text(p, name);
        fputs("</dt>", p->out);
    }
    fputs("<dd", p->out);
    put_classes(p, tone, exact, NULL);
    fputc('>', p->out);
    put_text(p, text);
    fputs("</dd>\n", p->out);
}

static void html_table(struct sheet_page *p, const struct sheet_column *columns, size_t count)
{
    end_facts(p);
    p->columns = columns;
    p->column_count = count;
    fputs("<div class=\"table\"><table>\n<thead><tr>", p->out);
    for (size_t i = 0; i < count; i++) {
        fputs("<th", p->out);
        put_classes(p, SHEET_PLAIN, false, &(struct sheet_column){.right = columns[i].right});
        fputc('>', p->out);
        put_text(p, columns[i].title);
        fputs("</th>", p->out);
    }
    fputs("</tr></thead>\n<tbody>\n", p->out);
}

static void html_row(struct sheet_page *p, const char *const *cells, enum sheet_tone tone)
{
    fputs("<tr>", p->out);
    for (size_t i = 0; i < p->column_count; i++) {
        fputs("<td", p->out);
        put_classes(p, tone, false, &p->columns[i]);
        fputc('>', p->out);
        put_text(p, cells[i]);
        fputs("</td>", p->out);
    }
    fputs("</tr>\n", p->out);
}

static void html_table_end(struct sheet_page *p)
{
    p->column_count = 0;
    fputs("</tbody>\n</table></div>\n", p->out);
}

static void html_signature(struct sheet_page *p, const char *name, const char *role)
{
    end_facts(p);
    fputs("<div class=\"signature\"><div></div><p>", p->out);
    put_text(p, name[0] ? name : "name:");
    fprintf(p->out, "%s", role[0] ? ", " : "");
    put_text(p, role);
    fputs("; date and signature</p></div>\n", p->out);
}

static void html_end(struct sheet_page *p)
{
    end_section(p);
    fputs("</main>\n</body>\n</html>\n", p->out);
}

const struct sheet_form sheet_html = {
    .roomy = true,
    .to_the_left = "\xe2\x86\x90",
    .to_the_right = "\xe2\x86\x92",
    .begin = html_begin,
    .section = html_section,
    .fact = html_fact,
    .table = html_table,
    .row = html_row,
    .table_end = html_table_end,
    .signature = html_signature,
    .end = html_end,
};
