//  test_record.c: keys that tell everything apart, records that tell when they are damaged.

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "cache/record.h"

static const ink_param_t two_params[] = {{.name = "a"}, {.name = "b"}, {.name = NULL}};
static const ink_kernel_t kernel_x = {.name = "x", .version = 1, .params = two_params};

static void
every_part_of_a_series_tells (void **state)
{
    (void) state;
    ink_kernel_t kernels[4] = {kernel_x, kernel_x, kernel_x, kernel_x};
    kernels[1].name = "xx";
    kernels[2].version = 2;
    kernels[3].params = NULL;
    ink_identity_t plain = {1, 2, 3, 4, 5}, identities[6];
    for (size_t i = 0; i < 6; i++)
        identities[i] = plain;
    identities[1].device++;
    identities[2].inode++;
    identities[3].size++;
    identities[4].mtime_ns++;
    identities[5].ctime_ns++;
    static const ink_args_t args[] = {
        {.numbers = {1, 2}}, {.numbers = {2, 1}}, {.numbers = {1, -2}}};
    ink_series_t all[4 * 6 * 3];
    size_t count = 0;
    for (size_t i = 0; i < 4; i++)
        for (size_t j = 0; j < 6; j++)
            for (size_t k = 0; k < (kernels[i].params ? 3u : 1u); k++)
                all[count++] =
                    ink_series_of (&kernels[i], &args[k], &identities[j], NULL, 0);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal (&all[i], &all[j], sizeof *all);
    ink_series_t again = ink_series_of (&kernels[0], &args[0], &plain, NULL, 0);
    assert_memory_equal (&again, &all[0], sizeof again);
}

static void
texts_of_a_series_do_not_run_into_each_other (void **state)
{
    (void) state;
    static const ink_param_t texts[] = {{.name = "a", .kind = INK_PARAM_TEXT},
                                        {.name = "b", .kind = INK_PARAM_BYTES},
                                        {.name = NULL}};
    const ink_kernel_t kernel = {.name = "x", .version = 1, .params = texts};
    const ink_identity_t plain = {1, 2, 3, 4, 5};
    static const ink_args_t args[] = {
        {.numbers = {2, 1}, .begins = {0, 2}, .texts = "abc"},
        {.numbers = {1, 2}, .begins = {0, 1}, .texts = "abc"},
        {.numbers = {3, 0}, .begins = {0, 3}, .texts = "abc"},
        {.numbers = {2, 1}, .begins = {0, 2}, .texts = "abd"},
        {.numbers = {2, 1}, .begins = {0, 2}, .texts = "bbc"}};
    static const ink_args_t moved = {
        .numbers = {2, 1}, .begins = {1, 0}, .texts = "cabd"};
    ink_series_t all[5];
    for (size_t i = 0; i < 5; i++) {
        all[i] = ink_series_of (&kernel, &args[i], &plain, NULL, 0);
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal (&all[i], &all[j], sizeof *all);
    }
    ink_series_t same = ink_series_of (&kernel, &moved, &plain, NULL, 0);
    assert_memory_equal (&same, &all[0], sizeof same);
}

static void
both_sources_belong_to_a_series (void **state)
{
    (void) state;
    const ink_args_t args = {.numbers = {1, 2}};
    const ink_identity_t a = {1, 2, 3, 4, 5}, b = {1, 2, 3, 4, 6};
    const ink_series_t all[] = {ink_series_of (&kernel_x, &args, &a, &b, 0),
                                ink_series_of (&kernel_x, &args, &b, &a, 0),
                                ink_series_of (&kernel_x, &args, &a, &a, 0),
                                ink_series_of (&kernel_x, &args, &a, NULL, 0)};
    for (size_t i = 0; i < 4; i++)
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal (&all[i], &all[j], sizeof *all);
}

static void
keys_sort_by_place_and_tell_nodes_from_fragments (void **state)
{
    (void) state;
    ink_series_t series = {"0123456789abcde"};
    const ink_reach_t none = {0}, some = {7, 9};
    ink_plan_t plan = {.offset = 4096, .length = 8192, .size = 1 << 20, .chunk = 4096};
    ink_part_t part = {4096, 4096}, next = {1 << 16, 4096}, cut = {4096, 4095};
    ink_cache_key_t node = ink_cache_key (&series, &plan, part, none);
    ink_cache_key_t after = ink_cache_key (&series, &plan, next, none);
    ink_cache_key_t fragment = ink_cache_key (&series, &plan, cut, none);
    assert_int_equal (node.size, 25);
    assert_int_equal (fragment.size, 41);
    assert_memory_equal (node.bytes, "0123456789abcde\0\14\0\0\0\0\0\0\20\0", 25);
    assert_memory_equal (
        fragment.bytes,
        "0123456789abcde\0\0\0\0\0\0\0\0\20\0\0\0\0\0\0\0\17\377\0\0\0\0\0\0\0\0", 41);
    ink_cache_key_t seeing =
        ink_cache_key (&series, &plan, (ink_part_t){4106, 4086}, some);
    assert_memory_equal (seeing.bytes + 33, "\0\0\0\7\0\0\0\11", 8);
    assert_true (memcmp (node.bytes, after.bytes, 25) < 0);
    plan.chunk = 8192;
    ink_cache_key_t coarse = ink_cache_key (&series, &plan, (ink_part_t){0, 8192}, none);
    assert_int_equal (coarse.bytes[16], 13);
}

static void
no_flipped_bit_of_a_record_passes (void **state)
{
    (void) state;
    uint8_t record[INK_RECORD_HEAD + 40], text[40] = "forty bytes";
    const void *value;
    size_t size;
    ink_cache_key_t key = {"one key", 37}, other = {"another key", 37};
    ink_record_seal (record, &key, 77, text, sizeof text);
    assert_int_equal (ink_record_turn (record, sizeof record), 77);
    assert_true (ink_record_open (record, sizeof record, &key, &value, &size));
    assert_int_equal (size, sizeof text);
    assert_memory_equal (value, text, size);
    assert_false (ink_record_open (record, sizeof record, &other, &value, &size));
    for (size_t i = 0; i < sizeof record; i++)
        assert_false (ink_record_open (record, i, &key, &value, &size));
    for (size_t bit = 0; bit < 8 * sizeof record; bit++) {
        record[bit / 8] ^= (uint8_t) (1 << bit % 8);
        assert_false (ink_record_open (record, sizeof record, &key, &value, &size));
        record[bit / 8] ^= (uint8_t) (1 << bit % 8);
    }
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (every_part_of_a_series_tells),
        cmocka_unit_test (both_sources_belong_to_a_series),
        cmocka_unit_test (texts_of_a_series_do_not_run_into_each_other),
        cmocka_unit_test (keys_sort_by_place_and_tell_nodes_from_fragments),
        cmocka_unit_test (no_flipped_bit_of_a_record_passes),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
