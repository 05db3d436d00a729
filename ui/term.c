/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/term.h"

#include <curses.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termcap.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include "ui/keys.h"

enum { ESC_DELAY_MS = 100, RESTORE_MAX = 256, CRASH_STACK = 64 * 1024 };

static struct {
    SCREEN *screen; /* NULL: not taken */
    bool ascii, color;
    int pushed_back; /* a key press that was read too far; PRESS_NONE: none */
} term;

/* What a crash handler needs: nothing but plain data, made before. */
static struct termios before;
static char restore[RESTORE_MAX]; /* bytes that give the terminal back */
static volatile sig_atomic_t restore_len;
static char crash_stack[CRASH_STACK];

/* --- giving it back --------------------------------------------------------------------------- */

void term_stop(void)
{
    if (!term.screen)
        return;
    endwin();
    delscreen(term.screen);
    term.screen = NULL;
    restore_len = 0;
}

/* Async-signal-safe: write(2) and tcsetattr(3) only. */
static void on_crash(int sig)
{
    static const char words[] = "hsmferry crashed; the terminal was given back.\r\n";

    if (restore_len > 0) {
        (void)!write(STDOUT_FILENO, restore, (size_t)restore_len);
        tcsetattr(STDIN_FILENO, TCSANOW, &before);
        (void)!write(STDERR_FILENO, words, sizeof words - 1);
    }
    raise(sig); /* SA_RESETHAND: this time it kills */
}

static void add_restore(char *capability)
{
    const char *text = tigetstr(capability);
    size_t len = text && text != (char *)-1 ? strlen(text) : 0;

    if ((size_t)restore_len + len < sizeof restore) {
        memcpy(restore + restore_len, text ? text : "", len);
        restore_len += (sig_atomic_t)len;
    }
}

static void prepare_for_crashes(void)
{
    static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS};
    static char capabilities[][8] = {"sgr0", "rmkx", "cnorm", "rmcup"};
    struct sigaction action = {.sa_handler = on_crash,
                               .sa_flags = (int)(SA_ONSTACK | SA_RESETHAND)};

    restore_len = 0;
    for (size_t i = 0; i < sizeof capabilities / sizeof capabilities[0]; i++)
        add_restore(capabilities[i]);
    sigaltstack(&(stack_t){.ss_sp = crash_stack, .ss_size = sizeof crash_stack}, NULL);
    sigfillset(&action.sa_mask);
    for (size_t i = 0; i < sizeof crashes / sizeof crashes[0]; i++)
        sigaction(crashes[i], &action, NULL);
}

/* --- taking it -------------------------------------------------------------------------------- */

/* A meaning is shown by attributes first; colours only add to them. -1: the terminal's own. */
static const struct {
    attr_t attributes;
    short color;
} looks[STYLES] = {
    [STYLE_NORMAL] = {A_NORMAL, -1},         [STYLE_DIM] = {A_DIM, -1},
    [STYLE_STRONG] = {A_BOLD, -1},           [STYLE_TITLE] = {A_REVERSE, -1},
    [STYLE_CURRENT] = {A_REVERSE, -1},       [STYLE_GOOD] = {A_NORMAL, COLOR_GREEN},
    [STYLE_BAD] = {A_BOLD, COLOR_RED},       [STYLE_WARN] = {A_BOLD, COLOR_YELLOW},
    [STYLE_SOURCE] = {A_NORMAL, COLOR_CYAN}, [STYLE_DESTINATION] = {A_NORMAL, COLOR_MAGENTA},
};

static void start_colors(bool wanted)
{
    const char *no_color = getenv("NO_COLOR");

    term.color = wanted && (!no_color || !no_color[0]) && has_colors() && start_color() == OK &&
                 use_default_colors() == OK;
    for (short i = 1; term.color && i < STYLES; i++)
        init_pair(i, looks[i].color, -1);
}

static bool is_utf8(void)
{
    return setlocale(LC_CTYPE, "") && strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

bool term_start(const struct term_options *options, struct err *err)
{
    const char *type = getenv("TERM");

    if (tcgetattr(STDIN_FILENO, &before) < 0 || !isatty(STDOUT_FILENO)) {
        err_set(err, ERR_USAGE, "standard input and output are not a terminal");
        return err_next(err, "Run it on a terminal, or with --plain.");
    }
    term.ascii = options->ascii || !is_utf8();
    if (!getenv("ESCDELAY"))
        set_escdelay(ESC_DELAY_MS);
    /* Asked first: newterm() leaves memory behind where it does not know the terminal. */
    if (type && tgetent(NULL, type) == 1)
        term.screen = newterm(NULL, stdout, stdin);
    if (!term.screen) {
        err_set(err, ERR_USAGE, "the terminal's type (TERM) is not known");
        return err_next(err, "Set TERM to what the terminal is, or use --plain.");
    }
    set_term(term.screen);
    prepare_for_crashes();
    raw(); /* Ctrl-C, Ctrl-Z and Ctrl-\ are keys like others: a ceremony is not cut off by one */
    noecho();
    nonl();
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    leaveok(stdscr, FALSE);
    start_colors(!options->no_color);
    atexit(term_stop);
    return true;
}

const char *term_version(void)
{
    return curses_version();
}

bool term_is_ascii(void)
{
    return term.ascii;
}

/* --- keys ------------------------------------------------------------------------------------- */

int term_fd(void)
{
    return STDIN_FILENO;
}

/* A key as curses tells it, in our numbers. */
static int press_of(int result, wint_t key)
{
    static const struct {
        wint_t key;
        int press;
    } keys[] = {
        {KEY_UP, PRESS_UP},
        {KEY_DOWN, PRESS_DOWN},
        {KEY_LEFT, PRESS_LEFT},
        {KEY_RIGHT, PRESS_RIGHT},
        {KEY_PPAGE, PRESS_PAGE_UP},
        {KEY_NPAGE, PRESS_PAGE_DOWN},
        {KEY_HOME, PRESS_HOME},
        {KEY_END, PRESS_END},
        {KEY_IC, PRESS_INSERT},
        {KEY_DC, PRESS_DELETE},
        {KEY_BACKSPACE, PRESS_BACKSPACE},
        {KEY_BTAB, PRESS_BACKTAB},
        {KEY_ENTER, PRESS_ENTER},
    };
    if (result == OK)
        return key == '\n' ? PRESS_ENTER : key == 0x7f || key == 8 ? PRESS_BACKSPACE : (int)key;
    if (key >= KEY_F(1) && key <= KEY_F(10))
        return PRESS_F1 + (int)(key - KEY_F(1));
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (keys[i].key == key)
            return keys[i].press;
    return PRESS_NONE;
}

static bool read_key(int *press)
{
    wint_t key;
    int result = get_wch(&key);

    if (result == ERR)
        return false;
    *press = press_of(result, key);
    return true;
}

/* Curses has already waited for what follows an Esc: what is there now came with it. */
static int after_esc(void)
{
    int next;

    if (!read_key(&next))
        return PRESS_ESC;
    if (next >= '1' && next <= '9')
        return PRESS_F1 + next - '1';
    if (next == '0')
        return PRESS_F10;
    term.pushed_back = next;
    return PRESS_ESC;
}

bool term_key(int *press)
{
    if (term.pushed_back != PRESS_NONE) {
        *press = term.pushed_back;
        term.pushed_back = PRESS_NONE;
        return true;
    }
    if (!read_key(press))
        return false;
    if (*press == PRESS_ESC)
        *press = after_esc();
    return true;
}

void term_flush(void)
{
    int ignored;

    term.pushed_back = PRESS_NONE;
    tcflush(STDIN_FILENO, TCIFLUSH);
    flushinp();
    while (read_key(&ignored))
        ;
}

/* --- showing ---------------------------------------------------------------------------------- */

void term_size(int *columns, int *lines)
{
    struct winsize size;

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0 &&
        is_term_resized(size.ws_row, size.ws_col))
        resizeterm(size.ws_row, size.ws_col);
    *columns = COLS;
    *lines = LINES;
}

static void look_of(enum style style, attr_t *attributes, short *pair)
{
    *attributes = looks[style].attributes;
    *pair = term.color && looks[style].color >= 0 ? (short)style : 0;
}

static void put_cell(const struct cell *cell, int x, int y)
{
    wchar_t wide[CCHARW_MAX + 1];
    mbstate_t state = {0};
    const char *from = cell->text;
    attr_t attributes;
    cchar_t c;
    short pair;
    size_t len = mbsrtowcs(wide, &from, CCHARW_MAX, &state);

    if (len == (size_t)-1) { /* the C locale with an ASCII canvas never comes here */
        wide[0] = L'?';
        len = 1;
    }
    wide[len] = L'\0';
    look_of((enum style)cell->style, &attributes, &pair);
    if (setcchar(&c, wide, attributes, pair, NULL) == OK)
        mvadd_wchnstr(y, x, &c, 1); /* neither wraps nor scrolls, also in the last corner */
}

void term_show(const struct canvas *canvas)
{
    erase();
    for (int y = 0; y < canvas->h; y++)
        for (int x = 0; x < canvas->w; x++) {
            const struct cell *cell = canvas_at(canvas, x, y);
            if (cell->text[0] && (cell->style != STYLE_NORMAL || strcmp(cell->text, " ") != 0))
                put_cell(cell, x, y);
        }
    move(canvas->cursor_y, canvas->cursor_x);
    refresh();
}

void term_redraw(void)
{
    clearok(curscr, TRUE);
}

void term_suspend(void)
{
    endwin();
    raise(SIGSTOP);
    refresh();
    term_redraw();
}
