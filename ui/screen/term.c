/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/screen/term.h"

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
#include <time.h>
#include <unistd.h>
#include <wchar.h>

#include "ui/model/keys.h"
#include "ui/screen/palette.h"
#include "ui/screen/reader.h"

enum { ESC_DELAY_MS = 100, RESTORE_MAX = 256, CRASH_STACK = 64 * 1024 };

static struct {
    SCREEN *screen; /* NULL: not taken */
    bool ascii, color;
    enum palette_ground ground;
    struct reader reader;
    mbstate_t character; /* of which not all bytes have come */
    unsigned missing;    /* see term_missing_keys() */
} term;

/* What a crash handler needs: nothing but plain data, made before. */
static struct termios before;
static char restore[RESTORE_MAX]; /* bytes that give the terminal back */
static volatile sig_atomic_t restore_len;
static char crash_stack[CRASH_STACK];

/* --- giving it back --------------------------------------------------------------------------- */

/* Bracketed paste: the terminal marks what is pasted, so that it does not pass for typed words.
 * BE and BD are xterm's names in terminfo; a terminal without them is not asked. */
static void ask_for_pastes(bool on)
{
    char on_name[] = "BE", off_name[] = "BD";
    const char *text = tigetstr(on ? on_name : off_name);

    if (text && text != (char *)-1)
        putp(text);
    fflush(stdout);
}

void term_stop(void)
{
    if (!term.screen)
        return;
    ask_for_pastes(false);
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
    static char capabilities[][8] = {"sgr0", "BD", "rmkx", "cnorm", "rmcup"};
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

/* A meaning is shown by attributes first; colours (palette.h) only add to them. */
static const attr_t looks[STYLES] = {
    [STYLE_NORMAL] = A_NORMAL,
    [STYLE_DIM] = A_DIM,
    [STYLE_STRONG] = A_BOLD,
    [STYLE_TITLE] = A_REVERSE,
    [STYLE_CURRENT] = A_REVERSE,
    [STYLE_GOOD] = A_NORMAL,
    [STYLE_BAD] = A_BOLD,
    [STYLE_WARN] = A_BOLD,
    [STYLE_SOURCE] = A_NORMAL,
    [STYLE_DESTINATION] = A_NORMAL,
    [STYLE_FOUND] = A_REVERSE | A_BOLD | A_UNDERLINE,
};

static short color_of(enum style style)
{
    return palette_color(style, COLORS, term.ground);
}

static void start_colors(bool wanted)
{
    const char *no_color = getenv("NO_COLOR");

    term.ground = palette_ground(getenv("COLORFGBG"));
    term.color = wanted && (!no_color || !no_color[0]) && has_colors() && start_color() == OK &&
                 use_default_colors() == OK;
    for (short i = 1; term.color && i < STYLES; i++)
        init_pair(i, color_of((enum style)i), -1);
}

static bool is_utf8(void)
{
    return setlocale(LC_CTYPE, "") && strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

/* Before define_keys(), which knows a key that a terminal does not have. */
static unsigned find_missing_keys(void)
{
    unsigned missing = 0;

    for (int n = 1; n <= 10; n++)
        if (!has_key(KEY_F(n)))
            missing |= 1U << n;
    return missing;
}

/* Terminals send for the same key what another one's description says, PuTTY and the Linux console
 * most of all: each form that is no other key's here is known, too. */
static void define_keys(void)
{
    static const struct {
        const char *sequence;
        int key;
    } forms[] = {
        {"\033[H", KEY_HOME},   {"\033OH", KEY_HOME},    {"\033[1~", KEY_HOME},
        {"\033[7~", KEY_HOME},  {"\033[F", KEY_END},     {"\033OF", KEY_END},
        {"\033[4~", KEY_END},   {"\033[8~", KEY_END},    {"\033[2~", KEY_IC},
        {"\033[3~", KEY_DC},    {"\033[5~", KEY_PPAGE},  {"\033[6~", KEY_NPAGE},
        {"\033[Z", KEY_BTAB},   {"\033[A", KEY_UP},      {"\033[B", KEY_DOWN},
        {"\033[C", KEY_RIGHT},  {"\033[D", KEY_LEFT},    {"\033OA", KEY_UP},
        {"\033OB", KEY_DOWN},   {"\033OC", KEY_RIGHT},   {"\033OD", KEY_LEFT},
        {"\033OM", KEY_ENTER},  {"\033OP", KEY_F(1)},    {"\033OQ", KEY_F(2)},
        {"\033OR", KEY_F(3)},   {"\033OS", KEY_F(4)},    {"\033[11~", KEY_F(1)},
        {"\033[12~", KEY_F(2)}, {"\033[13~", KEY_F(3)},  {"\033[14~", KEY_F(4)},
        {"\033[[A", KEY_F(1)},  {"\033[[B", KEY_F(2)},   {"\033[[C", KEY_F(3)},
        {"\033[[D", KEY_F(4)},  {"\033[[E", KEY_F(5)},   {"\033[15~", KEY_F(5)},
        {"\033[17~", KEY_F(6)}, {"\033[18~", KEY_F(7)},  {"\033[19~", KEY_F(8)},
        {"\033[20~", KEY_F(9)}, {"\033[21~", KEY_F(10)},
    };

    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        if (key_defined(forms[i].sequence) == 0)
            define_key(forms[i].sequence, forms[i].key);
    define_key(NULL, KEY_MOUSE); /* its coordinates would follow as keys */
}

/* Can the terminal move its cursor and clear itself? Without both, a screen is a heap of text. */
static bool has_screen(void)
{
    char names[4][4] = {"cm", "cl"}; /* termcap's cursor_address and clear_screen */
    char room[256], *at = room;

    return tgetstr(names[0], &at) && (at = room, tgetstr(names[1], &at));
}

static bool no_terminal(struct err *err, const char *what)
{
    err_set(err, ERR_USAGE, "%s", what);
    return err_next(err, "Set TERM to what the terminal is, or use --plain.");
}

/* Checked before newterm(), which leaks memory if it does not know the terminal. */
static bool is_possible(struct err *err)
{
    const char *type = getenv("TERM");

    if (tcgetattr(STDIN_FILENO, &before) < 0 || !isatty(STDOUT_FILENO)) {
        err_set(err, ERR_USAGE, "standard input and output are not a terminal");
        return err_next(err, "Run it on a terminal, or with --plain.");
    }
    if (!type || tgetent(NULL, type) != 1)
        return no_terminal(err, "the terminal's type (TERM) is not known");
    return has_screen() || no_terminal(err, "a terminal of this type (TERM) cannot show a screen");
}

bool term_look(unsigned *missing, struct err *err)
{
    static const char names[][3] = {"k1", "k2", "k3", "k4", "k5", "k6", "k7", "k8", "k9", "k;"};
    char room[256];

    *missing = 0;
    if (!is_possible(err))
        return false;
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        char name[3], *at = room;
        memcpy(name, names[i], sizeof name);
        if (!tgetstr(name, &at))
            *missing |= 1U << (i + 1);
    }
    return true;
}

bool term_start(const struct term_options *options, struct err *err)
{
    if (!is_possible(err))
        return false;
    term.ascii = options->ascii || !is_utf8();
    if (!getenv("ESCDELAY"))
        set_escdelay(ESC_DELAY_MS);
    term.screen = newterm(NULL, stdout, stdin);
    if (!term.screen)
        return no_terminal(err, "the terminal's type (TERM) is not known");
    set_term(term.screen);
    prepare_for_crashes();
    term.reader = (struct reader){.esc_ms = get_escdelay()};
    raw(); /* Ctrl-C, Ctrl-Z and Ctrl-\ are keys like others: a ceremony is not cut off by one */
    noecho();
    nonl();
    keypad(stdscr, TRUE);
    term.missing = find_missing_keys();
    define_keys();
    ask_for_pastes(true);
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

unsigned term_missing_keys(void)
{
    return term.missing;
}

int term_fd(void)
{
    return STDIN_FILENO;
}

/* A key that curses knows, in our numbers. */
static int press_of(wint_t key)
{
    static const struct {
        wint_t key;
        int press;
    } keys[] = {
        {KEY_UP, PRESS_UP},       {KEY_DOWN, PRESS_DOWN},           {KEY_LEFT, PRESS_LEFT},
        {KEY_RIGHT, PRESS_RIGHT}, {KEY_PPAGE, PRESS_PAGE_UP},       {KEY_NPAGE, PRESS_PAGE_DOWN},
        {KEY_HOME, PRESS_HOME},   {KEY_FIND, PRESS_HOME}, /* what a VT220 has in its place */
        {KEY_END, PRESS_END},     {KEY_SELECT, PRESS_END},          {KEY_IC, PRESS_INSERT},
        {KEY_DC, PRESS_DELETE},   {KEY_BACKSPACE, PRESS_BACKSPACE}, {KEY_BTAB, PRESS_BACKTAB},
        {KEY_ENTER, PRESS_ENTER},
    };
    if (key >= KEY_F(1) && key <= KEY_F(10))
        return PRESS_F1 + (int)(key - KEY_F(1));
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (keys[i].key == key)
            return keys[i].press;
    return PRESS_NONE;
}

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* One byte of a character. get_wch() would drop the bytes of one that does not come whole. */
static int take_byte(char byte)
{
    wchar_t wide;
    size_t len = mbrtowc(&wide, &byte, 1, &term.character);

    if (len == (size_t)-1)
        term.character = (mbstate_t){0};
    if (len == (size_t)-1 || len == (size_t)-2)
        return PRESS_NONE;
    return reader_take(&term.reader, false, (uint32_t)wide, now_ms());
}

/* A new size comes between keys, and is none: an Esc before it still waits for what follows. */
static int next_key(void)
{
    int key;

    do
        key = getch();
    while (key == KEY_RESIZE);
    return key;
}

bool term_key(int *press)
{
    int key;

    do {
        key = next_key();
        *press = key == ERR ? reader_idle(&term.reader, now_ms())
                 : key >= KEY_MIN
                     ? reader_take(&term.reader, true, (uint32_t)press_of((wint_t)key), now_ms())
                     : take_byte((char)key);
    } while (*press == PRESS_NONE && key != ERR);
    return *press != PRESS_NONE;
}

int term_wait(void)
{
    return reader_wait(&term.reader, now_ms());
}

void term_flush(void)
{
    tcflush(STDIN_FILENO, TCIFLUSH);
    flushinp();
    while (getch() != ERR)
        ;
    term.character = (mbstate_t){0};
    if (term.reader.state != READER_PASTE) /* whose end may have been thrown away, too */
        term.reader = (struct reader){.esc_ms = get_escdelay()};
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
    *attributes = looks[style];
    *pair = term.color && color_of(style) >= 0 ? (short)style : 0;
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
    ask_for_pastes(false);
    endwin();
    raise(SIGSTOP);
    refresh();
    ask_for_pastes(true);
    term_redraw();
}
