/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_check_transport() and rsa_check: which public keys no AES key is encrypted under. Keys are
 * written as DER by hand, so that they can be wrong in any way; their primes come from fixed seeds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "plan/policy.h"
#include "plan/rsa_check.h"
#include "transfer/own_key.h"

enum { BITS = 2048, HALF = BITS / 2, SPKI_MAX = 2048 };

struct der {
    uint8_t data[SPKI_MAX];
    size_t len;
};

/* --- numbers --- */

static BN_CTX *ctx;

static void must(int ok)
{
    assert_true(ok);
}

static BIGNUM *hex(const char *digits)
{
    BIGNUM *n = NULL;

    must(BN_hex2bn(&n, digits));
    return n;
}

static BIGNUM *power_of_two(int bits)
{
    BIGNUM *n = BN_new();

    must(BN_set_word(n, 0) && BN_set_bit(n, bits));
    return n;
}

/* The first prime from n on; n is changed and returned. */
static BIGNUM *next_prime(BIGNUM *n)
{
    must(BN_is_odd(n) || BN_add_word(n, 1));
    while (BN_check_prime(n, ctx, NULL) != 1)
        must(BN_add_word(n, 2));
    return n;
}

/* bits random bits, the three highest ones set; the same for each seed. */
static BIGNUM *number(unsigned char seed, int bits)
{
    uint8_t octets[512];
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    size_t len = (size_t)(bits + 7) / 8;
    BIGNUM *n;

    must(EVP_DigestInit_ex(md, EVP_shake256(), NULL) && EVP_DigestUpdate(md, &seed, 1) &&
         EVP_DigestFinalXOF(md, octets, len));
    EVP_MD_CTX_free(md);
    n = BN_bin2bn(octets, (int)len, NULL);
    must(n && (BN_num_bits(n) <= bits || BN_mask_bits(n, bits)) && BN_set_bit(n, bits - 1) &&
         BN_set_bit(n, bits - 2) && BN_set_bit(n, bits - 3));
    return n;
}

/* Those asked for often are made once. */
static BIGNUM *prime(unsigned char seed, int bits)
{
    static BIGNUM *made[16];

    if (bits != HALF || seed >= sizeof made / sizeof made[0])
        return next_prime(number(seed, bits));
    if (!made[seed])
        made[seed] = next_prime(number(seed, bits));
    return BN_dup(made[seed]);
}

/* Frees both. */
static BIGNUM *product(BIGNUM *a, BIGNUM *b)
{
    BIGNUM *n = BN_new();

    must(BN_mul(n, a, b, ctx));
    BN_free(a);
    BN_free(b);
    return n;
}

/* base^exponent; frees base. */
static BIGNUM *power(BIGNUM *base, unsigned exponent)
{
    BIGNUM *e = BN_new(), *n = BN_new();

    must(BN_set_word(e, exponent) && BN_exp(n, base, e, ctx));
    BN_free(e);
    BN_free(base);
    return n;
}

/* A number of two primes whose first half is that of wanted. Frees wanted. */
static BIGNUM *looking_like(BIGNUM *wanted)
{
    BIGNUM *p = prime(5, HALF), *q = BN_new();

    must(BN_div(q, NULL, wanted, p, ctx));
    BN_free(wanted);
    return product(p, next_prime(q));
}

/* The octets of pattern, again and again. */
static BIGNUM *repeated(const char *pattern)
{
    char digits[BITS / 4 + 1];
    size_t len = strlen(pattern);

    for (size_t i = 0; i < sizeof digits - 1; i++)
        digits[i] = pattern[i % len];
    digits[sizeof digits - 1] = 0;
    return hex(digits);
}

/* --- moduli, good and bad --- */

static BIGNUM *good(void)
{
    return product(prime(1, HALF), prime(2, HALF));
}

static BIGNUM *one_bit_less(void)
{
    return product(prime(1, HALF), prime(3, HALF - 1));
}

static BIGNUM *one_bit_more(void)
{
    return product(prime(1, HALF), prime(3, HALF + 1));
}

static BIGNUM *small(void)
{
    return product(prime(1, HALF / 2), prime(2, HALF / 2));
}

static BIGNUM *large(void)
{
    return product(prime(1, HALF), number(2, BITS));
}

static BIGNUM *even(void)
{
    BIGNUM *n = good();

    must(BN_sub_word(n, 1));
    return n;
}

static BIGNUM *a_prime(void)
{
    return prime(4, BITS);
}

static BIGNUM *square_of_prime(void)
{
    return power(prime(1, HALF), 2);
}

static BIGNUM *square_of_two(void)
{
    return power(product(prime(5, HALF / 2), prime(6, HALF / 2)), 2);
}

static BIGNUM *fourth_power(void)
{
    return power(prime(7, BITS / 4), 4);
}

/* x^k of BITS bits, x a prime just above the root of some number. */
static BIGNUM *odd_power(unsigned k)
{
    BIGNUM *near = number(14, BITS), *x = BN_new();

    must(BN_set_word(x, 0));
    for (int bit = BITS / (int)k; bit >= 0; bit--) {
        BIGNUM *larger = BN_dup(x), *n;
        must(BN_set_bit(larger, bit));
        n = power(BN_dup(larger), k);
        if (BN_cmp(n, near) <= 0)
            must(BN_copy(x, larger) != NULL);
        BN_free(n);
        BN_free(larger);
    }
    BN_free(near);
    return power(next_prime(x), k);
}

static BIGNUM *third_power(void)
{
    return odd_power(3);
}

static BIGNUM *fifth_power(void)
{
    return odd_power(5);
}

static BIGNUM *high_power(void)
{
    return odd_power(31);
}

static BIGNUM *with_factor(unsigned factor, int bits)
{
    BIGNUM *n = prime(8, bits);

    must(BN_mul_word(n, factor));
    return n;
}

static BIGNUM *with_factor_3(void)
{
    return with_factor(3, BITS - 2);
}

static BIGNUM *with_factor_751(void)
{
    return with_factor(751, BITS - 10);
}

static BIGNUM *with_factor_757(void)
{
    return with_factor(757, BITS - 10);
}

static BIGNUM *with_factor_65521(void)
{
    return with_factor(65521, BITS - 16);
}

/* Three good primes and a small one. */
static BIGNUM *of_four(void)
{
    return product(with_factor(4099, HALF - 12), prime(2, HALF));
}

static BIGNUM *far_by(int bits)
{
    BIGNUM *p = prime(1, HALF), *q = power_of_two(bits);

    must(BN_add(q, q, p));
    return product(p, next_prime(q));
}

static BIGNUM *neighbours(void)
{
    return far_by(1);
}

/* CVE-2022-26320: the upper half of both primes is the same. */
static BIGNUM *half_the_same(void)
{
    return far_by(HALF / 2);
}

/* (2^518)^2 / (8 * 2^1024): the 512th round. */
static BIGNUM *close_in_the_last_rounds(void)
{
    return far_by(518);
}

static BIGNUM *just_far_enough(void)
{
    return far_by(HALF / 2 + 16);
}

/* A prime k * M + (65537^a mod M), M the product of the first odd primes and 2 below end. */
static BIGNUM *roca_prime(unsigned char seed, unsigned end)
{
    BIGNUM *m = BN_new(), *p = BN_new(), *k, *a = number(seed, 200), *e = BN_new();

    must(BN_set_word(m, 2) && BN_set_word(e, 65537));
    for (unsigned i = 3; i < end; i += 2) {
        BIGNUM *small_one = BN_new();
        must(BN_set_word(small_one, i));
        if (BN_check_prime(small_one, ctx, NULL) == 1)
            must(BN_mul_word(m, i));
        BN_free(small_one);
    }
    /* the remainder is odd modulo 2 too, so p is */
    must(BN_mod_exp(a, e, a, m, ctx));
    k = number(seed, HALF);
    must(BN_div(k, NULL, k, m, ctx) && BN_mul(p, k, m, ctx) && BN_add(p, p, a));
    while (BN_check_prime(p, ctx, NULL) != 1)
        must(BN_add(p, p, m));
    BN_free(m);
    BN_free(a);
    BN_free(e);
    BN_free(k);
    return p;
}

/* As Infineon's library made them for 2048 bits: with the first 126 primes. */
static BIGNUM *roca(void)
{
    return product(roca_prime(10, 702), roca_prime(11, 702));
}

/* ... and for 512 bits, with 39: the fewest that there are. */
static BIGNUM *roca_of_few(void)
{
    return product(roca_prime(12, 168), roca_prime(13, 168));
}

/* Only one of its primes is of that form: the product is not. */
static BIGNUM *half_roca(void)
{
    return product(roca_prime(10, 702), prime(1, HALF));
}

static BIGNUM *power_and_a_little(void)
{
    BIGNUM *n = power_of_two(BITS - 1);

    return looking_like(n);
}

/* A little less, as the other prime is rounded up. */
static BIGNUM *all_ones(void)
{
    BIGNUM *n = repeated("ff");

    must(BN_clear_bit(n, HALF + 32));
    return looking_like(n);
}

static BIGNUM *pattern_of_two(void)
{
    return looking_like(repeated("9249"));
}

static BIGNUM *pattern_of_many(void)
{
    return looking_like(repeated("c0de3141592653589793238462643383"));
}

static BIGNUM *mersenne(void)
{
    BIGNUM *n = power_of_two(BITS);

    must(BN_sub_word(n, 1));
    return n;
}

/* --- SubjectPublicKeyInfo (RFC 8017 A.1.1, RFC 5280 4.1.2.7) --- */

static void put(struct der *out, const void *octets, size_t len)
{
    assert_true(out->len + len <= sizeof out->data);
    memcpy(out->data + out->len, octets, len);
    out->len += len;
}

static void put_tlv(struct der *out, uint8_t tag, const void *octets, size_t len)
{
    uint8_t head[] = {tag, 0x82, (uint8_t)(len >> 8), (uint8_t)len};

    if (len < 0x100) {
        head[1] = len < 0x80 ? (uint8_t)len : 0x81;
        head[2] = (uint8_t)len;
    }
    put(out, head, len < 0x80 ? 2 : len < 0x100 ? 3 : 4);
    put(out, octets, len);
}

/* Ways to write it wrong. */
enum wrong {
    WRONG_NOTHING,
    WRONG_NO_PARAMETERS,
    WRONG_NEGATIVE,
    WRONG_ZERO_IN_FRONT,
    WRONG_UNUSED_BITS,
    WRONG_AFTER_NUMBERS,
    WRONG_THIRD_NUMBER,
    WRONG_PSS,
};

static void put_integer(struct der *out, const BIGNUM *n, enum wrong wrong)
{
    uint8_t octets[SPKI_MAX / 2 + 2] = {0};
    int len = BN_bn2bin(n, octets + 2), skip = octets[2] & 0x80 ? 1 : 2;

    if (wrong == WRONG_ZERO_IN_FRONT)
        skip--;
    if (wrong == WRONG_NEGATIVE)
        skip++;
    if (len == 0)
        skip = 1, len = 0;
    put_tlv(out, 0x02, octets + skip, (size_t)(2 - skip + len));
}

static void write_spki(const BIGNUM *n, const char *e_hex, enum wrong wrong, struct der *out)
{
    static const uint8_t oid[] = {0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01};
    static const uint8_t null[] = {0x05, 0x00};
    struct der numbers = {.len = 0}, key = {.len = 0}, algorithm = {.len = 0}, all = {.len = 0};
    uint8_t unused = wrong == WRONG_UNUSED_BITS ? 1 : 0;
    BIGNUM *e = hex(e_hex);

    put_integer(&numbers, n, wrong);
    put_integer(&numbers, e, WRONG_NOTHING);
    if (wrong == WRONG_THIRD_NUMBER)
        put_integer(&numbers, e, WRONG_NOTHING);
    BN_free(e);
    put(&key, &unused, 1);
    put_tlv(&key, 0x30, numbers.data, numbers.len);
    if (wrong == WRONG_AFTER_NUMBERS)
        put(&key, null, sizeof null);
    put(&algorithm, oid, sizeof oid);
    if (wrong == WRONG_PSS)
        algorithm.data[algorithm.len - 1] = 0x0a;
    else if (wrong != WRONG_NO_PARAMETERS)
        put(&algorithm, null, sizeof null);
    put_tlv(&all, 0x30, algorithm.data, algorithm.len);
    put_tlv(&all, 0x03, key.data, key.len);
    out->len = 0;
    put_tlv(out, 0x30, all.data, all.len);
}

static bool accepted(const uint8_t *spki, size_t len, struct err *err)
{
    struct policy policy = policy_default();

    *err = (struct err){0};
    policy.rsa_bits = BITS;
    return policy_check_transport(&policy, spki, len, err);
}

static void refused(const uint8_t *spki, size_t len, const char *words)
{
    struct err err;

    assert_false(accepted(spki, len, &err));
    assert_int_equal(err.code, ERR_DATA);
    if (!strstr(err.what, words))
        fail_msg("\"%s\" does not say \"%s\"", err.what, words);
    assert_non_null(strstr(err.next, "Do not continue"));
}

/* --- the tests --- */

static const char factor[] = "prime factor below 65536", repeats[] = "octets repeat",
                  roca_form[] = "ROCA", squares[] = "that is a square",
                  close_primes[] = "too close to each other", powers[] = "power of a smaller",
                  primes[] = "that is a prime", exponents[] = "exponent other than 65537",
                  no_spki[] = "not a SubjectPublicKeyInfo", no_der[] = "not in DER's one form";

static const struct {
    const char *name;
    BIGNUM *(*modulus)(void);
    const char *e;
    const char *words; /* of the refusal; NULL: it passes */
} rows[] = {
    /* controls, each beside what it differs from by a little */
    {"two random primes", good, "010001", NULL},
    {"primes just far enough from each other", just_far_enough, "010001", NULL},
    {"one prime of ROCA's form", half_roca, "010001", NULL},

    {"one bit less than asked", one_bit_less, "010001", "has 2047 bits, the policy wants 2048"},
    {"one bit more than asked", one_bit_more, "010001", "has 2049 bits, the policy wants 2048"},
    {"half the bits", small, "010001", "has 1024 bits, the policy wants 2048"},
    {"more bits", large, "010001", "has 3072 bits, the policy wants 2048"},
    {"an even modulus", even, "010001", "an even modulus"},
    {"e = 1", good, "01", exponents},
    {"e = 3", good, "03", exponents},
    {"e = 65536", good, "010000", exponents},
    {"e = 65539", good, "010003", exponents},
    {"e = 2^64 + 65537", good, "010000000000010001", exponents},
    {"3", with_factor_3, "010001", factor},
    {"751, the largest that SP 800-89 asks for", with_factor_751, "010001", factor},
    {"757", with_factor_757, "010001", factor},
    {"65521, the largest below 2^16", with_factor_65521, "010001", factor},
    {"4099, and two good primes", of_four, "010001", factor},
    {"2^2048 - 1", mersenne, "010001", factor},
    {"2^2047 and a little", power_and_a_little, "010001", repeats},
    {"ones", all_ones, "010001", repeats},
    {"two octets again and again", pattern_of_two, "010001", repeats},
    {"sixteen octets again and again", pattern_of_many, "010001", repeats},
    {"ROCA with 126 primes", roca, "010001", roca_form},
    {"ROCA with 39 primes", roca_of_few, "010001", roca_form},
    {"a square of a prime", square_of_prime, "010001", squares},
    {"a square of two primes", square_of_two, "010001", squares},
    {"a fourth power", fourth_power, "010001", squares},
    {"the next prime", neighbours, "010001", close_primes},
    {"primes with the same upper half", half_the_same, "010001", close_primes},
    {"primes that 512 rounds find", close_in_the_last_rounds, "010001", close_primes},
    {"a third power", third_power, "010001", powers},
    {"a fifth power", fifth_power, "010001", powers},
    {"a 31st power", high_power, "010001", powers},
    {"a prime", a_prime, "010001", primes},
};

/* Which rows of rsa_weaknesses() fit n? As bits. */
static unsigned weaknesses_of(const BIGNUM *n)
{
    size_t count;
    const struct rsa_weakness *weak = rsa_weaknesses(&count);
    unsigned found = 0;

    for (size_t i = 0; i < count; i++) {
        int is = weak[i].is(n, ctx);
        assert_true(is >= 0);
        found |= (unsigned)is << i;
    }
    return found;
}

/* Which of its rows says this? */
static unsigned weakness_that_says(const char *words)
{
    size_t count;
    const struct rsa_weakness *weak = rsa_weaknesses(&count);

    for (size_t i = 0; words && i < count; i++)
        if (strstr(weak[i].what, words))
            return 1U << i;
    return 0;
}

/* Each is refused, and without the one check that finds it would pass; and each check is needed. */
static void weak_keys_are_refused(void **state)
{
    unsigned needed = 0;
    size_t count;

    (void)state;
    rsa_weaknesses(&count);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        unsigned expected = weakness_that_says(rows[i].words);
        BIGNUM *n = rows[i].modulus();
        struct der spki;
        struct err err;
        print_message("%s\n", rows[i].name);
        write_spki(n, rows[i].e, WRONG_NOTHING, &spki);
        if (rows[i].words)
            refused(spki.data, spki.len, rows[i].words);
        else if (!accepted(spki.data, spki.len, &err))
            fail_msg("refused: %s", err.what);
        /* 2^2048 - 1 has two faults */
        if ((expected || !rows[i].words) && rows[i].modulus != mersenne &&
            weaknesses_of(n) != expected)
            fail_msg("%s: %x instead of %x", rows[i].name, weaknesses_of(n), expected);
        needed |= expected;
        BN_free(n);
    }
    assert_int_equal(needed, (1U << count) - 1);
}

/* What OpenSSL makes passes, and the time that a check takes is nothing to an officer. */
static void made_keys_pass(void **state)
{
    static const unsigned sizes[] = {2048, 3072, 4096};

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        EVP_PKEY *pkey = EVP_RSA_gen(sizes[i]);
        struct policy policy = policy_default();
        struct err err = {0};
        uint8_t *spki = NULL;
        int len = i2d_PUBKEY(pkey, &spki);
        clock_t begun = clock();
        policy.rsa_bits = sizes[i];
        assert_true(policy_check_transport(&policy, spki, (size_t)len, &err));
        print_message("RSA %u: %ld ms of processor time\n", sizes[i],
                      (long)(clock() - begun) * 1000 / CLOCKS_PER_SEC);
        OPENSSL_free(spki);
        EVP_PKEY_free(pkey);
    }
}

static void other_encodings_are_refused(void **state)
{
    static const struct {
        enum wrong wrong;
        const char *words;
    } wrongs[] = {
        {WRONG_NO_PARAMETERS, no_der}, {WRONG_NEGATIVE, no_der},      {WRONG_ZERO_IN_FRONT, no_der},
        {WRONG_UNUSED_BITS, no_der},   {WRONG_AFTER_NUMBERS, no_der}, {WRONG_THIRD_NUMBER, no_spki},
        {WRONG_PSS, "not an RSA key"},
    };
    BIGNUM *n = good();
    struct der spki, ber = {.len = 0};
    struct err err;

    (void)state;
    for (size_t i = 0; i < sizeof wrongs / sizeof wrongs[0]; i++) {
        write_spki(n, "010001", wrongs[i].wrong, &spki);
        refused(spki.data, spki.len, wrongs[i].words);
    }
    write_spki(n, "010001", WRONG_NOTHING, &spki);
    assert_true(accepted(spki.data, spki.len, &err));
    refused(spki.data, spki.len - 1, no_spki);
    refused(spki.data, 0, no_spki);
    spki.data[spki.len] = 0;
    refused(spki.data, spki.len + 1, "1 bytes after its end");
    /* a longer than shortest length of the outer SEQUENCE is BER, not DER */
    assert_int_equal(spki.data[1], 0x82);
    put(&ber, (const uint8_t[]){0x30, 0x83, 0}, 3);
    put(&ber, spki.data + 2, spki.len - 2);
    refused(ber.data, ber.len, no_der);
    BN_free(n);
}

static void other_kinds_are_refused(void **state)
{
    EVP_PKEY *const others[] = {EVP_EC_gen("P-256"), EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"),
                                EVP_PKEY_Q_keygen(NULL, NULL, "X25519")};

    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        uint8_t *spki = NULL;
        int len = i2d_PUBKEY(others[i], &spki);
        refused(spki, (size_t)len, "not an RSA key");
        OPENSSL_free(spki);
        EVP_PKEY_free(others[i]);
    }
}

/* --- all of them, as read back --- */

/* Every guard and every other use of each key, one after the other: wrong, not reported, and not
 * reported by an HSM that never does. */
static void each_guard_counts(void **state)
{
    const struct own_key *const keys[] = {&own_transport_private, &own_transport_public,
                                          &own_source_kek,        &own_destination_kek,
                                          &own_second_source_kek, &own_second_destination_kek};
    const uint32_t all = (1U << KEY_FLAGS) - 1;
    unsigned judged[sizeof keys / sizeof keys[0]] = {0};

    (void)state;
    for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++) {
        const struct own_key *want = keys[k];
        const struct key_desc good_one = {
            .class = want->class, .flags = want->set | want->uses, .flags_known = all};
        struct key_desc is = good_one;
        struct err err = {0};
        uint32_t unread = all;
        assert_true(own_key_judge(want, &is, 0, &unread, &err));
        assert_int_equal(unread, 0);
        is.class = KEY_CLASS_OTHER;
        assert_false(own_key_judge(want, &is, all, &unread, &err));
        for (uint32_t flag = 1; flag < 1U << KEY_FLAGS; flag <<= 1) {
            is = good_one;
            is.flags ^= flag;
            if (own_key_judge(want, &is, all, &unread, &err))
                continue; /* of no meaning here */
            assert_int_equal(err.code, ERR_DATA);
            is = good_one;
            is.flags_known &= ~flag;
            is.flags &= ~flag;
            if (own_key_judge(want, &is, 0, &unread, &err)) {
                assert_true(flag & KEY_USES); /* of another class of keys, yet a use too many */
                continue;
            }
            assert_int_equal(err.code, ERR_DATA);
            assert_non_null(strstr(err.what, "does not report whether"));
            assert_non_null(strstr(err.what, key_flag_name(flag)));
            assert_false(own_key_judge(want, &is, all & ~flag, &unread, &err));
            assert_true(own_key_judge(want, &is, flag, &unread, &err));
            assert_int_equal(unread, flag);
            judged[k]++;
        }
    }
    assert_int_equal(judged[0], 5 + 2 + 4); /* set, unset, other uses */
    assert_int_equal(judged[1], 0 + 1 + 4);
    assert_int_equal(judged[2], 4 + 1 + 6);
    assert_int_equal(judged[3], 2 + 2 + 6);
    assert_int_equal(judged[4], judged[2]);
    assert_int_equal(judged[5], judged[3]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weak_keys_are_refused),       cmocka_unit_test(made_keys_pass),
        cmocka_unit_test(other_encodings_are_refused), cmocka_unit_test(other_kinds_are_refused),
        cmocka_unit_test(each_guard_counts),
    };
    int failed;

    ctx = BN_CTX_new();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    BN_CTX_free(ctx);
    return failed;
}
