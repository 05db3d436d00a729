/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The code that runs is the code that was pinned, also where somebody exchanges the module in the
 * moment between its hash and its loading. The test is that somebody: its dlopen() comes first.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/text.h"
#include "driver/load/loaded_objects.h"
#include "driver/load/loader.h"

static char folder[64];
static struct hsm_where where;
static struct loaded_module loaded;
static struct err err;

/* --- the moment before the loading --- */

static void (*at_dlopen)(void);
static bool no_memory_files, is_noexec;

void *dlopen(const char *path, int mode)
{
    void *(*real)(const char *, int);
    void *symbol = dlsym(RTLD_NEXT, "dlopen");
    void (*now)(void) = at_dlopen;

    at_dlopen = NULL;
    if (now)
        now();
    memcpy(&real, &symbol, sizeof real);
    return real(path, mode);
}

int memfd_create(const char *name, unsigned flags)
{
    int (*real)(const char *, unsigned);
    void *symbol = dlsym(RTLD_NEXT, "memfd_create");

    memcpy(&real, &symbol, sizeof real);
    if (!no_memory_files)
        return real(name, flags);
    errno = EPERM; /* as a security module does it */
    return -1;
}

int fstatvfs(int fd, struct statvfs *st)
{
    int (*real)(int, struct statvfs *);
    void *symbol = dlsym(RTLD_NEXT, "fstatvfs");

    memcpy(&real, &symbol, sizeof real);
    int result = real(fd, st);
    st->f_flag |= is_noexec ? ST_NOEXEC : 0;
    return result;
}

/* --- files --- */

static const char *in_folder(const char *name)
{
    static char paths[4][128];
    static unsigned next;
    char *path = paths[next++ % 4];

    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

/* Writes what was built as from over what is in to, or makes that. */
static void put(const char *from, const char *to)
{
    const char *build = getenv("abs_top_builddir");
    char path[512], part[4096];
    size_t n;

    snprintf(path, sizeof path, "%s/tests/code/%s", build ? build : ".", from);
    FILE *in = fopen(path, "rb"), *out = fopen(in_folder(to), "wb");
    assert_non_null(in);
    assert_non_null(out);
    while ((n = fread(part, 1, sizeof part, in)) > 0)
        assert_int_equal(fwrite(part, 1, n, out), n);
    fclose(in);
    assert_int_equal(fclose(out), 0);
}

static bool evil_ran(void)
{
    return access(in_folder("mark"), F_OK) == 0;
}

static void exchange_by_rename(void)
{
    put("evil.so", "other");
    assert_int_equal(rename(in_folder("other"), in_folder("module.so")), 0);
}

static void exchange_in_place(void)
{
    put("evil.so", "module.so");
}

/* A folder with this library as module.so, which is pinned. Each test has one of its own: the C
 * library knows what it has loaded by path and by inode. */
static void pin(const char *name)
{
    char real[HSM_PATH_MAX];
    uint8_t sha256[SHA256_SIZE];

    strcpy(folder, "/tmp/hsmferry-loader.XXXXXX");
    assert_non_null(mkdtemp(folder));
    setenv("CODE_MARK", in_folder("mark"), 1);
    put(name, "module.so");
    where = (struct hsm_where){.api = "pkcs11"};
    snprintf(where.module, sizeof where.module, "%s", in_folder("module.so"));
    assert_true(file_sha256(where.module, real, sizeof real, sha256));
    text_hex(sha256, sizeof sha256, where.module_sha256);
    loaded = (struct loaded_module){.fd = -1};
    err = (struct err){0};
    no_memory_files = false;
}

static int clean_up(void **state)
{
    char command[128];

    (void)state;
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return folder[0] ? system(command) : 0;
}

/* --- a sealed copy --- */

static void test_sealed(void **state)
{
    (void)state;
    pin("good.so");
    assert_true(loader_open(&where, false, &loaded, &err));
    assert_string_equal(loaded.method, "sealed copy");
    assert_true(loaded.pinned);
    assert_string_equal(loaded.file.path, where.module);
    assert_int_equal(strncmp(loaded.opened, "/proc/self/fd/", 14), 0);
    assert_int_equal(write(loaded.fd, "x", 1), -1); /* nobody writes to it any more */
    assert_int_equal(ftruncate(loaded.fd, 0), -1);
    assert_non_null(dlsym(loaded.library, "sibling"));
}

/* What is loaded is what was hashed, whatever is in its place by then. */
static void test_exchanged(void **state)
{
    void (*const ways[])(void) = {exchange_by_rename, exchange_in_place};

    for (size_t i = 0; i < 2; i++) {
        pin("good.so");
        at_dlopen = ways[i];
        assert_true(loader_open(&where, false, &loaded, &err));
        assert_false(evil_ran());
        clean_up(state);
    }
}

/* Another module than the pinned one is refused, and its code does not run; nor that of one that
 * has the descriptor's number. */
static void test_another(void **state)
{
    (void)state;
    pin("good.so");
    exchange_in_place();
    assert_false(loader_open(&where, false, &loaded, &err));
    assert_int_equal(err.code, ERR_DENIED);
    assert_non_null(strstr(err.what, "is not the one that the ceremony file names"));
    assert_false(evil_ran());
    assert_false(loader_open(&where, true, &loaded, &err));
    assert_int_equal(err.code, ERR_DENIED);
    assert_false(evil_ran());
}

/* Controls: without a copy the code of the other one runs, by its path and by its descriptor. */
static void test_without_a_copy(void **state)
{
    void (*const ways[])(void) = {exchange_by_rename, exchange_in_place};
    char path[64];
    uint8_t sha256[SHA256_SIZE];

    for (size_t i = 0; i < 2; i++) {
        pin("good.so");
        assert_true(file_sha256(where.module, path, sizeof path, sha256));
        at_dlopen = ways[i];
        assert_non_null(dlopen(where.module, RTLD_NOW | RTLD_LOCAL));
        assert_true(evil_ran());
        clean_up(state);
    }
    pin("good.so");
    int fd = open(where.module, O_RDONLY | O_CLOEXEC);
    assert_true(file_digest(fd, -1, sha256));
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    at_dlopen = exchange_in_place;
    assert_non_null(dlopen(path, RTLD_NOW | RTLD_LOCAL));
    assert_true(evil_ran());
    close(fd);
}

/* --- its own path --- */

static void test_own_path(void **state)
{
    (void)state;
    pin("good.so");
    assert_true(loader_open(&where, true, &loaded, &err));
    assert_string_equal(loaded.method, "its own path, checked");
    assert_string_equal(loaded.opened, where.module);
    assert_int_equal(loaded.fd, -1);
}

/* Only root and this user could do it; it is found before any function is called. */
static void test_own_path_exchanged(void **state)
{
    void (*const ways[])(void) = {exchange_by_rename, exchange_in_place};

    for (size_t i = 0; i < 2; i++) {
        pin("good.so");
        at_dlopen = ways[i];
        assert_false(loader_open(&where, true, &loaded, &err));
        assert_int_equal(err.code, ERR_DENIED);
        assert_non_null(strstr(err.what, "was replaced while it was being loaded"));
        assert_string_equal(err.now, "None of its functions was called");
        clean_up(state);
    }
}

static void refuses_own_path(const char *why)
{
    err = (struct err){0};
    assert_false(loader_open(&where, true, &loaded, &err));
    assert_int_equal(err.code, ERR_DENIED);
    if (!strstr(err.what, why))
        fail_msg("%s", err.what);
}

static void test_who_may_write(void **state)
{
    (void)state;
    pin("good.so");
    assert_int_equal(chmod(where.module, 0664), 0);
    refuses_own_path("can be changed by other users");
    assert_int_equal(chmod(where.module, 0644), 0);
    assert_int_equal(chmod(folder, 0772), 0);
    refuses_own_path("can be changed by other users");
    assert_int_equal(chmod(folder, 0700), 0);
    if (geteuid() == 0) {
        assert_int_equal(chown(where.module, 65534, 0), 0);
        refuses_own_path("belongs to another user");
        assert_int_equal(chown(where.module, 0, 0), 0);
        assert_int_equal(chown(folder, 65534, 0), 0);
        refuses_own_path("belongs to another user");
        assert_int_equal(chown(folder, 0, 0), 0);
    }
    assert_true(loader_open(&where, true, &loaded, &err)); /* control */
}

/* A symbolic link leads to the file, of which the same is asked. */
static void test_links(void **state)
{
    (void)state;
    pin("good.so");
    assert_int_equal(symlink(in_folder("module.so"), in_folder("link.so")), 0);
    snprintf(where.module, sizeof where.module, "%s", in_folder("link.so"));
    assert_true(loader_open(&where, true, &loaded, &err));
    assert_string_equal(loaded.opened, in_folder("module.so"));
    assert_true(loader_open(&where, false, &loaded, &err));
    assert_string_equal(loaded.method, "sealed copy");
    assert_string_equal(loaded.file.path, in_folder("module.so"));
}

/* --- where there is no sealed copy --- */

static void test_no_copy(void **state)
{
    (void)state;
    pin("good.so");
    no_memory_files = true;
    assert_int_equal(chmod(folder, 0777), 0);
    assert_false(loader_open(&where, false, &loaded, &err));
    assert_int_equal(err.code, ERR_DENIED);
    assert_non_null(strstr(err.now, "Operation not permitted"));
    assert_int_equal(chmod(folder, 0700), 0);
    assert_true(loader_open(&where, false, &loaded, &err));
    assert_string_equal(loaded.method, "its own path, checked: no sealed copy");
    clean_up(state);
    pin("good.so");
    no_memory_files = true;
    at_dlopen = exchange_by_rename;
    assert_false(loader_open(&where, false, &loaded, &err));
    assert_int_equal(err.code, ERR_DENIED);
}

/* One that finds a library beside itself has no sealed copy either. */
static void test_siblings(void **state)
{
    struct hsm_info info = {0};
    struct objects before;

    (void)state;
    pin("origin.so");
    assert_false(loader_open(&where, false, &loaded, &err));
    assert_int_equal(err.code, ERR_CONFIG);
    assert_non_null(strstr(err.what, "libsibling.so: cannot open shared object file"));
    put("libsibling.so", "libsibling.so");
    objects_now(&before);
    assert_true(loader_open(&where, false, &loaded, &err));
    assert_string_equal(loaded.method, "its own path, checked: no sealed copy");
    objects_since(&before, loaded.opened, &info);
    assert_int_equal(info.loaded_count, 1);
    assert_string_equal(info.loaded[0].path, in_folder("libsibling.so"));
    assert_false(info.loaded_more);
    rename(in_folder("libsibling.so"), in_folder("moved"));
    put("evil.so", "libsibling.so"); /* what is there now is not what was loaded */
    objects_since(&before, loaded.opened, &info);
    assert_int_equal(strncmp(info.loaded[0].path, "(replaced) /", 12), 0);
    assert_int_equal(info.loaded[0].sha256[0] | info.loaded[0].sha256[31], 0);
}

/* A copy would run where the administrator lets nothing run. */
static void test_noexec(void **state)
{
    (void)state;
    pin("good.so");
    is_noexec = true;
    assert_false(loader_open(&where, false, &loaded, &err));
    assert_int_equal(err.code, ERR_CONFIG);
    assert_non_null(strstr(err.what, "(noexec)"));
    is_noexec = false;
    assert_true(loader_open(&where, false, &loaded, &err));
}

/* --- what came --- */

static void test_many(void **state)
{
    struct hsm_info info = {0};
    struct objects before;
    char name[32];

    (void)state;
    pin("good.so");
    objects_now(&before);
    for (int i = 0; i < HSM_LOADED_MAX; i++) {
        snprintf(name, sizeof name, "copy%d.so", i);
        put("good.so", name);
        assert_non_null(dlopen(in_folder(name), RTLD_NOW | RTLD_LOCAL));
    }
    objects_since(&before, "", &info);
    assert_int_equal(info.loaded_count, HSM_LOADED_MAX);
    assert_false(info.loaded_more);
    assert_true(loader_open(&where, true, &loaded, &err));
    objects_since(&before, "", &info);
    assert_int_equal(info.loaded_count, HSM_LOADED_MAX);
    assert_true(info.loaded_more);
    objects_since(&before, loaded.opened, &info);
    assert_false(info.loaded_more);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_sealed, clean_up),
        cmocka_unit_test_teardown(test_exchanged, clean_up),
        cmocka_unit_test_teardown(test_another, clean_up),
        cmocka_unit_test_teardown(test_without_a_copy, clean_up),
        cmocka_unit_test_teardown(test_own_path, clean_up),
        cmocka_unit_test_teardown(test_own_path_exchanged, clean_up),
        cmocka_unit_test_teardown(test_who_may_write, clean_up),
        cmocka_unit_test_teardown(test_links, clean_up),
        cmocka_unit_test_teardown(test_no_copy, clean_up),
        cmocka_unit_test_teardown(test_siblings, clean_up),
        cmocka_unit_test_teardown(test_noexec, clean_up),
        cmocka_unit_test_teardown(test_many, clean_up),
    };
    umask(022);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
