/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/screen/lanes.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ui/model/duration.h"
#include "ui/model/next.h"
#include "ui/model/pace_keys.h"
#include "ui/screen/lane_rows.h"
#include "ui/screen/pane.h"
#include "ui/screen/view_rows.h"

enum { DETAILS_LINES = 28, BAR = 20, PANEL_LINES = 5, RELAY_WIDTH = 17, TOGETHER_WIDTH = 36 };

enum { SIDE_RELAY_LANE = 1 };

/* A step in the few words that a lane has room for: at 80 columns, at 60. */
static const struct {
    const char *words, *few;
} lane_words[STEPS] = {
    [STEP_MAKE_PAIR] = {"make RSA pair", "RSA key"},
    [STEP_RELAY_PUBLIC] = {"public key", ""},
    [STEP_LOAD_PUBLIC] = {"load it", "load it"},
    [STEP_RELAY_ANSWER] = {"public key", ""},
    [STEP_LOAD_ANSWER] = {"take it", "take it"},
    [STEP_MAKE_KEK] = {"make AES key", "AES key"},
    [STEP_WRAP_KEK] = {"wrap AES key", "wrap it"},
    [STEP_RELAY_KEK] = {"", ""},
    [STEP_UNWRAP_KEK] = {"unwrap it", "unwrap"},
    [STEP_WRAP_KEY] = {"wrap the key", "wrap it"},
    [STEP_RELAY_KEY] = {"", ""},
    [STEP_UNWRAP_KEY] = {"unwrap it", "unwrap"},
    [STEP_PROVE] = {"prove it", "prove"},
    [STEP_READ_OBJECT] = {"read it", "read it"},
    [STEP_RELAY_OBJECT] = {"", ""},
    [STEP_COMMIT] = {"keep it", "keep"},
    [STEP_ALIGN] = {"set attributes", "set"},
    [STEP_DERIVE] = {"derive the key", "derive"},
    [STEP_DERIVE_THERE] = {"derive the same", "derive"},
    [STEP_COMMIT_SOURCE] = {"keep it too", "keep"},
    [STEP_PROVE_AGAIN] = {"prove it again", "again"},
    [STEP_SEAL] = {"seal it", "seal"},
    [STEP_DESTROY] = {"destroy transport", "destroy"},
    [STEP_INVENTORY] = {"compare contents", "compare"},
    [STEP_PROVE_FRESH] = {"prove fresh", "fresh"},
    [STEP_DISTINGUISH] = {"distinguish tokens", "differ?"},
    [STEP_PROVE_NOW] = {"prove the copy now", "prove"},
    [STEP_DESTROY_KEY] = {"DESTROY the key", "DESTROY"},
    [STEP_PROVE_AFTER] = {"prove first again", "again"},
};

static const char ec_pair[] = "make EC pair", ec_few[] = "EC key";

/* A step of the key whose steps are shown: of the one that officers look at, or that is waited for,
 * else as the run shows it. */
static const struct run_step *step_shown(const struct app *app, enum step_id id)
{
    const struct run *run = &app->run;

    if (app->at.keys.shown || (run->pace.seq && run->pace.key))
        return run_step(run, pace_key_shown(app), id);
    return run_step_shown(run, id);
}

/* Is this the step that is waited for? */
static bool is_next(const struct app *app, enum step_id id)
{
    const struct run_pace *pace = &app->run.pace;

    return pace->seq && pace->step == id && (pace->key == 0 || pace->key == pace_key_shown(app));
}

static const char *state_sign(const struct run_step *step)
{
    static const char *const signs[] = {[RUN_AHEAD] = "[    ]",
                                        [RUN_BEGUN] = "[ .. ]",
                                        [RUN_OK] = "[ ok ]",
                                        [RUN_FAILED] = "[FAIL]",
                                        [RUN_UNDONE] = "[UNDO]"};
    return signs[step->state];
}

static enum style state_style(const struct run_step *step)
{
    static const enum style styles[] = {[RUN_AHEAD] = STYLE_DIM,
                                        [RUN_BEGUN] = STYLE_STRONG,
                                        [RUN_OK] = STYLE_GOOD,
                                        [RUN_FAILED] = STYLE_BAD,
                                        [RUN_UNDONE] = STYLE_STRONG};
    return styles[step->state];
}

/* How long it took, or has taken so far. */
static void time_words(const struct app *app, const struct run_step *step, char out[DURATION_TEXT])
{
    int64_t ms = app->at.now_ms - step->begun_ms;

    out[0] = '\0';
    if (step->state == RUN_BEGUN)
        snprintf(out, DURATION_TEXT, "%" PRId64 ".%" PRId64 " s", ms / 1000, ms / 100 % 10);
    else if (step->state == RUN_OK || step->state == RUN_FAILED)
        duration_text(step->micros, out);
}

/* Number and words of a step in so many columns; none of the words is cut. */
static void step_words(const struct app *app, enum step_id id, uint32_t bytes, int columns,
                       char out[static 64])
{
    const bool pair = lanes_agreed(app) && (id == STEP_MAKE_PAIR || id == STEP_LOAD_PUBLIC);
    const char *words = pair ? ec_pair : lane_words[id].words;
    int number = step_number(id);

    if (bytes)
        snprintf(out, 64, "%d %s%s%" PRIu32 " bytes", number, words, words[0] ? " " : "", bytes);
    else
        snprintf(out, 64, "%d %s", number, words);
    if (text_width(out) > columns && bytes)
        snprintf(out, 64, "%d %" PRIu32 " B", number, bytes);
    else if (text_width(out) > columns)
        snprintf(out, 64, "%d %s", number, pair ? ec_few : lane_words[id].few);
    if (text_width(out) > columns)
        snprintf(out, 64, "%d", number);
}

/* Draws one step in its lane; returns the column after its text. */
static int draw_step(const struct app *app, struct canvas *c, enum step_id id, int x, int y,
                     int width)
{
    const struct run_step *step = step_shown(app, id);
    bool next = is_next(app, id), crosses = step_side(id) == SIDE_RELAY && step->bytes;
    char words[64], took[DURATION_TEXT];
    int end;

    time_words(app, step, took);
    end = draw_text(c, x, y, width, next ? STYLE_WARN : state_style(step),
                    next ? "[NEXT]" : state_sign(step));
    step_words(app, id, crosses ? step->bytes : 0, width - end - 1, words);
    end += 1 + draw_text(c, x + end + 1, y, width - end - 1,
                         next || step->state != RUN_AHEAD ? STYLE_NORMAL : STYLE_DIM, words);
    if (took[0] && width - end >= (int)strlen(took) + 1) {
        draw_text(c, x + end + 1, y, width - end - 1, STYLE_DIM, took);
        end += 1 + (int)strlen(took);
    }
    return x + end;
}

static void draw_arrow(struct canvas *c, int from, int to, int y, bool right)
{
    if (to - from < 2)
        return;
    draw_run(c, from, y, to - from, STYLE_NORMAL, SIGN_LINE);
    if (right)
        draw_text(c, to - 1, y, 1, STYLE_STRONG, draw_sign(c, SIGN_RIGHT));
    else
        draw_text(c, from, y, 1, STYLE_STRONG, draw_sign(c, SIGN_LEFT));
}

/* Arrows appear when the bytes have left, and when they have been handed on. */
static void draw_arrows(const struct app *app, struct canvas *c, const struct lane_row *row,
                        const struct lane_columns *lanes, const int end[3], int y)
{
    bool right = row->direction == LANE_RIGHTWARDS;
    const struct run_step *relay;
    bool left_relay, reached_relay;

    if (row->direction == LANE_STILL)
        return;
    relay = step_shown(app, row->step[1]);
    reached_relay = relay->state != RUN_AHEAD;
    left_relay = relay->state == RUN_OK;
    if (right ? reached_relay : left_relay)
        draw_arrow(c, right ? end[0] + 1 : lanes->x[1] - lanes->width / 2, lanes->x[1] - 1, y,
                   right);
    if (right ? left_relay : reached_relay)
        draw_arrow(c, end[1] + 1, right ? lanes->x[2] - 1 : lanes->x[2] + lanes->width / 2, y,
                   right);
}

/* The API's own words in one line if they fit, else the call in one and its mechanism in the
 * next. */
static void draw_words(struct canvas *c, const char *words, int x, int y, int width, int lines)
{
    const char *mechanism = strstr(words, " CK");

    if (lines < 2 || !mechanism || (int)strlen(words) <= width) {
        draw_text(c, x, y, width, STYLE_DIM, words);
        return;
    }
    draw_format(c, x, y, width, STYLE_DIM, "%.*s", (int)(mechanism - words), words);
    draw_text(c, x, y + 1, width, STYLE_DIM, mechanism + 1);
}

/* The digest of what crossed; above it, if it came to a file and there is room, the file's name. */
static void draw_crossed(struct canvas *c, const struct run_step *step, bool is_file, int x, int y,
                         int width, int lines)
{
    char groups[TEXT_GROUPS_SIZE];

    if (is_file)
        draw_path(c, x, y, width, STYLE_DIM, step->text);
    if (!is_file || lines > 1)
        draw_format(c, x, is_file ? y + 1 : y, width, STYLE_DIM, "sha256 %s",
                    text_groups(step->sha256, width < 26 ? 3 : 4, groups));
}

/* Below a row, if there is room: the API's own words, or what crossed. */
static void draw_row_details(const struct app *app, struct canvas *c, const struct lane_row *row,
                             const struct lane_columns *lanes, int y, int lines)
{
    for (unsigned lane = 0; lane < 3; lane++) {
        const struct run_step *step;
        int x = lanes->x[lane];
        if (row->step[lane] == LANE_EMPTY)
            continue;
        step = step_shown(app, row->step[lane]);
        if (step->state == RUN_FAILED)
            draw_text(c, x, y, lanes->width, STYLE_BAD, step->text);
        else if (step->bytes && step_side(row->step[lane]) == SIDE_RELAY)
            draw_crossed(c, step, lane != SIDE_RELAY_LANE, x, y, lanes->width, lines);
        else if (step->state != RUN_AHEAD)
            draw_words(c, step->call[0] ? step->call : step->text, x, y, lanes->width, lines);
    }
}

/* Lines below a row: the calls that wrap and unwrap a key are shown in full as soon as there is any
 * room; the digests of what crosses come next. */
static int detail_lines(const struct lane_row *row, int height)
{
    if (row->direction == LANE_RIGHTWARDS && height >= LANE_ROWS + 2 + 3)
        return 2;
    return height >= DETAILS_LINES || (row->direction != LANE_STILL && height >= LANE_ROWS + 3);
}

/* A step's words may extend into the next lane if that is empty. */
static int room_for(const struct lane_row *row, unsigned lane, int width)
{
    return lane < 2 && row->step[lane + 1] == LANE_EMPTY ? width + width / 2 : width;
}

/* The first row that is drawn if not all fit: the row of the step that is waited for is seen. */
static unsigned first_row(const struct app *app, int height)
{
    for (unsigned i = 0; i < LANE_ROWS; i++)
        for (unsigned lane = 0; lane < 3; lane++)
            if (is_next(app, lanes_row(app, i).step[lane]) && (int)i >= height)
                return i + 1 - (unsigned)height;
    return 0;
}

static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* In the lane of the other room: the files that come from there, and go there. */
static void draw_files(const struct app *app, struct canvas *c, const struct lane_columns *lanes,
                       struct rect r)
{
    const unsigned lane = visit_side(lanes_visit(app)) == SIDE_SOURCE ? 2 : 0;
    char groups[TEXT_GROUPS_SIZE];
    int y = r.y;

    for (unsigned i = 0; i < app->run.file_count && y + 4 <= r.y + r.h; i++) {
        const struct run_file *file = &app->run.files[i];
        const int x = lanes->x[lane];
        const bool same = strcmp(file->kind, file->stage) == 0; /* an offer has one stage */
        if (strcmp(file->kind, ARRIVAL_PEM) == 0)
            draw_text(c, x, y++, lanes->width, STYLE_STRONG, "to give: public key");
        else
            draw_format(c, x, y++, lanes->width, STYLE_STRONG, "%s %s%s%s",
                        file->written ? "to carry:" : "came:", file->kind,
                        same || run_file_of_service(file, 1) ? "" : ", ",
                        same || run_file_of_service(file, 1) ? "" : file->stage);
        draw_path(c, x, y++, lanes->width, STYLE_NORMAL, name_of(file->path));
        draw_format(c, x, y++, lanes->width, STYLE_DIM, "%" PRIu64 " bytes", file->bytes);
        draw_format(c, x, y++, lanes->width, STYLE_DIM, "sha256 %s",
                    text_groups(file->sha256, lanes->width < 26 ? 3 : 4, groups));
    }
}

static int draw_rows(const struct app *app, struct canvas *c, struct rect r)
{
    struct lane_columns lanes = layout_lanes(r);
    int y = r.y;

    if (lanes_visit(app) != VISIT_NONE)
        draw_files(app, c, &lanes, r);

    for (unsigned i = first_row(app, r.h); i < LANE_ROWS && y < r.y + r.h; i++) {
        const struct lane_row row = lanes_row(app, i);
        int end[3] = {lanes.x[0], lanes.x[1], lanes.x[2]};
        for (unsigned lane = 0; lane < 3; lane++)
            if (row.step[lane] != LANE_EMPTY)
                end[lane] = draw_step(app, c, row.step[lane], lanes.x[lane], y,
                                      room_for(&row, lane, lanes.width));
        int lines = detail_lines(&row, r.h);
        draw_arrows(app, c, &row, &lanes, end, y++);
        if (lines)
            draw_row_details(app, c, &row, &lanes, y, lines);
        y += lines;
    }
    return y;
}

/* --- above and below the lanes ---------------------------------------------------------------- */

static void draw_bar(struct canvas *c, int x, int y, int width, size_t done, size_t all)
{
    int full = all ? (int)((size_t)width * done / all) : 0;

    draw_run(c, x, y, full, STYLE_NORMAL, SIGN_FULL);
    draw_run(c, x + full, y, width - full, STYLE_DIM, SIGN_EMPTY);
}

/* "step 8 of 12 PAUSED" in the place of the bar. */
static void draw_paused(const struct app *app, struct canvas *c, int x, int y, int width)
{
    char text[32];

    snprintf(text, sizeof text, "step %d of 12 PAUSED", step_number(app->run.pace.step));
    draw_text(c, x, y, width, STYLE_WARN, (int)strlen(text) <= width ? text : "PAUSED");
}

static const char transport_first[] = ": transport first";

static void draw_progress(const struct app *app, struct canvas *c, struct rect r)
{
    const struct run *run = &app->run;
    uint32_t number = pace_key_shown(app);
    const struct run_key *key = run_key_at(run, number);
    char together[32] = "";
    int64_t took = (run->over ? run->ended_ms : app->at.now_ms) - run->begun_ms;
    size_t done = run_keys_done(run);
    char label[KEY_LABEL_TEXT], ahead[64];
    int bar = r.w / 4 < BAR ? r.w / 4 : BAR;
    int x = r.x + r.w - bar - 22;

    if (run->in_progress > 1 && x >= TOGETHER_WIDTH)
        snprintf(together, sizeof together, ", %" PRIu32 " together", run->in_progress);
    if (key)
        draw_format(c, r.x + 1, r.y, x - 2, STYLE_STRONG, "%skey %" PRIu32 " of %zu%s: %s%s",
                    key->companion_of ? "with " : "",
                    key->companion_of ? key->companion_of : number, run->chosen, together,
                    !key->companion_of                           ? ""
                    : key->source.class == KEY_CLASS_CERTIFICATE ? "certificate "
                                                                 : "public key ",
                    key_label_text(&key->source, label));
    else {
        const bool removal = lanes_removal(app) != REMOVAL_NONE;
        int len = snprintf(ahead, sizeof ahead, "%zu key%s to %s", run->movable,
                           run->movable == 1 ? "" : "s", removal ? "destroy" : "move");
        if (!removal && len + (int)strlen(transport_first) <= x - 2)
            strcat(ahead, transport_first);
        draw_text(c, r.x + 1, r.y, x - 2, STYLE_STRONG, ahead);
    }
    if (run->pace.seq)
        draw_paused(app, c, x, r.y, bar);
    else
        draw_bar(c, x, r.y, bar, done, run->movable);
    took = run->begun_ms ? took / 1000 : 0;
    draw_format(c, x + bar + 1, r.y, 21, STYLE_NORMAL, "%3zu %%   %02d:%02d:%02d",
                run->movable ? 100 * done / run->movable : 0, (int)(took / 3600),
                (int)(took / 60 % 60), (int)(took % 60));
}

/* The token's label matters more than the API. */
static bool api_fits(const struct app *app, int width)
{
    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++)
        if (text_width(pane_side_title(side)) + text_width(app->side[side].info.api) +
                text_width(app_side_label(app, side)) + 2 >
            width)
            return false;
    return true;
}

/* Is the other side no room, but a key service? A replay knows it by the files alone. */
static bool is_with_service(const struct app *app)
{
    return (app->config && app->config->arriving.wanted) ||
           run_file_of_service(app->run.files, app->run.file_count);
}

static void draw_head(const struct app *app, struct canvas *c, enum side side, int x, int y,
                      int width)
{
    const enum visit visit = lanes_visit(app);
    bool api = api_fits(app, width);

    if (visit != VISIT_NONE && visit_side(visit) != side) {
        draw_format(c, x, y, width, pane_style(side), "%s: %s", pane_side_title(side),
                    is_with_service(app) ? "key service" : "other room");
        return;
    }
    draw_format(c, x, y, width, pane_style(side), "%s %s%s%s", pane_side_title(side),
                api ? app->side[side].info.api : "", api ? " " : "", app_side_label(app, side));
}

static void draw_heads(const struct app *app, struct canvas *c, struct rect r)
{
    struct lane_columns lanes = layout_lanes(r);

    for (unsigned i = 0; i < 2; i++)
        draw_head(app, c, (enum side)i, lanes.x[i ? 2 : 0], r.y, lanes.width);
    draw_text(c, lanes.x[1], r.y, lanes.width, STYLE_STRONG,
              lanes.width < RELAY_WIDTH ? "RELAY" : "RELAY (this host)");
}

/* Over many keys: how many, how fast, how long still. */
static void draw_totals(const struct app *app, struct canvas *c, int x, int y, int width)
{
    const struct run *run = &app->run;
    int64_t waits_ms = run->pace.seq ? app->at.now_ms - run->pace.since_ms : 0;
    int64_t ms = app->at.now_ms - run->first_key_ms - run->pace.waited_ms - waits_ms;
    size_t done = run_keys_done(run);
    const struct run_key *last = run_key_at(run, run->latest_over);
    char rate[96] = "", label[KEY_LABEL_TEXT] = "";

    if (run->last_step == STEP_PROVE_FRESH)
        snprintf(rate, sizeof rate, "   proven fresh %" PRIu32, run->proven_fresh);
    else if (!run->over && done > 0 && ms >= 1000)
        snprintf(rate, sizeof rate, "   %zu keys/s   %zu s left", done * 1000 / (size_t)ms,
                 (run->movable - done) * (size_t)ms / done / 1000);
    if (last && !run->over)
        key_label_text(&last->source, label);
    draw_format(c, x, y, width, STYLE_NORMAL,
                "%s %" PRIu32 "   refused %" PRIu32 "   failed %" PRIu32 "%s%s%s",
                run_place(run)->arrived, run->arrived, run->refused, run->failed, rate,
                label[0] ? "   last: " : "", label);
}

/* The one line that says what is happening now. */
static void draw_now(const struct app *app, struct canvas *c, int x, int y, int width)
{
    const struct run *run = &app->run;
    const struct run_step *last = run_step(run, run->last_step_key, run->last_step);
    enum step_id id;
    enum side side;
    int64_t ms;

    if (run_unanswered(run, app->at.now_ms, RUN_UNANSWERED_MS, &side, &ms))
        draw_format(c, x, y, width, STYLE_WARN,
                    "[WAIT] no answer from %s for %" PRId64 " s (%s); a gives it up",
                    pane_side_title(side), ms / 1000, run->call[side].name);
    else if (run->pace.seq)
        draw_format(c, x, y, width, STYLE_WARN, "[WAIT] for %" PRId64 " s before step %d: %s",
                    (app->at.now_ms - run->pace.since_ms) / 1000, step_number(run->pace.step),
                    step_title(run->pace.step));
    else if (run_step_now(run, &id))
        draw_format(c, x, y, width, STYLE_NORMAL, "[ .. ] step %d: %s  %s", step_number(id),
                    step_title(id), last->text);
    else if (run->over)
        draw_format(c, x, y, width, STYLE_STRONG, "The ceremony has ended: %s.",
                    end_outcome_name(run->outcome));
    else if (run->gate.seq)
        draw_text(c, x, y, width, STYLE_WARN, "[WAIT] for the officers");
    else if (last->state == RUN_AHEAD)
        draw_text(c, x, y, width, STYLE_NORMAL, "No step has begun.");
    else
        draw_format(c, x, y, width, STYLE_NORMAL, "step %d: %s  %s", step_number(run->last_step),
                    last->call, last->text);
}

/* What comes next, and above all what leaves an HSM, which has its line whatever the window. */
static void draw_next(struct canvas *c, struct rect r, const struct next_words *words)
{
    struct rect in = layout_inside(r);
    int lines;

    draw_frame(c, r, STYLE_WARN, "NEXT");
    in = (struct rect){in.x + 1, in.y, in.w - 2, in.h};
    lines = draw_wrapped(c, (struct rect){in.x, in.y, in.w, in.h - 1}, STYLE_NORMAL, words->does);
    draw_text(c, in.x, in.y + lines, in.w, STYLE_STRONG, words->leaves);
}

/* Lines of the NEXT panel, in which no word is to be cut: 0: nothing waits. */
static int panel_lines(const struct app *app, struct canvas *c, int width, int height,
                       struct next_words *words)
{
    enum { FRAME_AND_LEAVES = 3, LANES_LEAST = 4 };
    struct rect below = {0, c->h, width - 4, INT16_MAX}; /* only to count its lines */
    int lines;

    if (!app->run.pace.seq)
        return 0;
    next_words(&app->run, app->run.pace.step, app->run.pace.key, words);
    lines = FRAME_AND_LEAVES + draw_wrapped(c, below, STYLE_NORMAL, words->does);
    lines = lines > PANEL_LINES ? lines : PANEL_LINES;
    return height >= lines + LANES_LEAST ? lines : 3;
}

void lanes_draw(const struct app *app, struct canvas *c)
{
    struct rect b = app->at.layout.body;
    struct next_words words;
    int bottom = b.y + b.h, panel = panel_lines(app, c, b.w, b.h - 4, &words), y;

    draw_progress(app, c, (struct rect){b.x, b.y, b.w, 1});
    draw_heads(app, c, (struct rect){b.x, b.y + 1, b.w, 1});
    y = draw_rows(app, c, (struct rect){b.x, b.y + 2, b.w, b.h - 4 - panel});
    if (panel)
        draw_next(c, (struct rect){b.x, y, b.w, panel}, &words);
    y += panel;
    draw_totals(app, c, b.x + 1, y, b.w - 1);
    draw_now(app, c, b.x + 1, y + 1, b.w - 1);
    draw_cursor(c, b.x + 1, y + 1);
    if (bottom - y > 3) {
        draw_run(c, b.x, y + 2, b.w, STYLE_DIM, SIGN_LINE);
        rows_draw(app, app->views[VIEW_LOG], c,
                  (struct rect){b.x + 1, y + 3, b.w - 1, bottom - y - 3}, false);
    }
}
