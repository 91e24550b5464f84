/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The two slots of a state file, and what a crash or a disk can make of them. */

#include "config.h"

#include "test_support.h"

#include "base/crypto.h"
#include "base/hex.h"
#include "core/credential.h"
#include "core/state_text.h"
#include "store/state_slots.h"
#include "totpgroup.h"

#define SIZE   STATE_SLOT_SIZE_MIN
#define SECTOR 512
#define HEAD   "totpgroup-state 1\n\" SECRET 00112233445566778899aabbccddeeff\n"

/* The states before, and the one that is written. */
#define BEFORE HEAD "\" DISALLOW_REUSE 5\n\" END\n"
#define OLD    HEAD "\" DISALLOW_REUSE 5 6\n\" END\n"
#define NEW    HEAD "\" DISALLOW_REUSE 5 6 7\n\" END\n"

/* A file whose older slot is behind the newer one: OLD has generation 9, BEFORE has 8. */
static char file[2 * SIZE + 1];
/* The slot that the next write puts over the one of BEFORE. */
static char written[SIZE];
static struct state_slots slots;

static void write_slot(char *slot, size_t size, int64_t generation, const char *state)
{
	char copy[256];
	struct text text = {.data = copy, .length = strlen(state), .capacity = sizeof copy};

	strcpy(copy, state);
	assert_int_equal(state_slot_write(slot, size, generation, &text), 0);
}

static int setup(void **state)
{
	(void)state;
	write_slot(file, SIZE, 9, OLD);
	write_slot(file + SIZE, SIZE, 8, BEFORE);
	write_slot(written, SIZE, 10, NEW);
	return 0;
}

static int read_bytes(char *bytes, size_t length)
{
	const struct text text = {.data = bytes, .length = length, .capacity = length + 1};
	char behind = bytes[length];
	int status;

	bytes[length] = '\0';
	status = state_slots_read(&text, &slots);
	bytes[length] = behind;
	return status;
}

static void expect(const char *state)
{
	assert_int_equal(read_bytes(file, 2 * SIZE), 0);
	assert_int_equal(slots.size, SIZE);
	assert_int_equal(slots.length, strlen(state));
	assert_memory_equal(slots.state, state, slots.length);
}

static void the_greater_generation_counts(void **state)
{
	(void)state;
	expect(OLD);
	assert_int_equal(slots.newest, 0);
	assert_int_equal(slots.generation, 9);
	memcpy(file + SIZE, written, SIZE);
	expect(NEW);
	assert_int_equal(slots.newest, 1);
	assert_int_equal(slots.generation, 10);
	write_slot(file, SIZE, INT64_MAX, BEFORE);
	expect(BEFORE);
}

static void a_person_can_read_a_slot(void **state)
{
	static const char line[] = "totpgroup-slot 1 generation 9 size 4096 length 87 sha256 ";
	size_t end = strcspn(file, "\n") + 1;

	(void)state;
	assert_memory_equal(file, line, sizeof line - 1);
	assert_int_equal(end, sizeof line + 32);
	assert_memory_equal(file + end, OLD, strlen(OLD));
	for (size_t i = end + strlen(OLD); i < SIZE - 1; i++)
		assert_int_equal(file[i], ' ');
	assert_int_equal(file[SIZE - 1], '\n');
}

/* Where the bytes of both are the same, the write is complete earlier. */
static const char *torn_state(void)
{
	return memcmp(file + SIZE, written, SIZE) == 0 ? NEW : OLD;
}

static void a_write_that_is_cut_short_leaves_the_state_before(void **state)
{
	char before[SIZE];
	unsigned int complete = 0;

	(void)state;
	memcpy(before, file + SIZE, SIZE);
	for (size_t i = 0; i <= SIZE; i++) {
		memcpy(file + SIZE, written, i);
		memcpy(file + SIZE + i, before + i, SIZE - i);
		expect(torn_state());
		complete += strcmp(torn_state(), NEW) == 0;
		/* And where the end comes first. */
		memcpy(file + SIZE, before, i);
		memcpy(file + SIZE + i, written + i, SIZE - i);
		expect(torn_state());
	}
	assert_true(complete >= 1 && complete < SIZE);
}

/* A disk writes its sectors in any order. */
static void any_part_of_the_sectors_leaves_a_whole_state(void **state)
{
	char before[SIZE];

	(void)state;
	/* A longer state fills several sectors. */
	for (size_t i = strlen(OLD) + 200; i < SIZE - 1; i++)
		file[SIZE + i] = 'x';
	memcpy(before, file + SIZE, SIZE);
	for (unsigned int set = 0; set < 1U << (SIZE / SECTOR); set++) {
		for (unsigned int i = 0; i < SIZE / SECTOR; i++)
			memcpy(file + SIZE + i * SECTOR,
				((set >> i & 1) != 0 ? written : before) + i * SECTOR, SECTOR);
		expect(torn_state());
	}
}

static void flip(size_t bit)
{
	file[bit / 8] = (char)(file[bit / 8] ^ (1 << bit % 8));
}

static void each_flipped_bit_of_the_newer_slot_leaves_the_older(void **state)
{
	(void)state;
	memcpy(file + SIZE, written, SIZE);
	for (size_t bit = 8 * SIZE; bit < 16 * SIZE; bit++) {
		flip(bit);
		expect(OLD);
		flip(bit);
	}
	expect(NEW);
}

static void no_flipped_bit_of_the_older_slot_matters(void **state)
{
	(void)state;
	memcpy(file + SIZE, written, SIZE);
	for (size_t bit = 0; bit < 8 * SIZE; bit++) {
		flip(bit);
		expect(NEW);
		flip(bit);
	}
}

/* Neither as a state, nor as the text of one, nor as nothing. */
static void expect_refusal(char *bytes, size_t length)
{
	const struct text text = {.data = bytes, .length = length, .capacity = length + 1};
	struct state_sections sections;
	struct error error = ERROR_INIT;
	int status = read_bytes(bytes, length);

	assert_int_equal(slots.size, 0);
	if (status == 0)
		status = state_text_read(&text, &sections, &error);
	else
		assert_int_equal(status, TOTPGROUP_EFORMAT);
	assert_int_not_equal(status, 0);
}

static void damage_to_both_slots_refuses(void **state)
{
	struct test_random random = test_random_begin();

	(void)state;
	for (unsigned int i = 0; i < 20000; i++) {
		size_t first = test_random_below(&random, 8 * SIZE);
		size_t second = 8 * SIZE + test_random_below(&random, 8 * SIZE);

		flip(first);
		flip(second);
		expect_refusal(file, 2 * SIZE);
		flip(first);
		flip(second);
	}
	memset(file, 0, 2 * SIZE);
	expect_refusal(file, 2 * SIZE);
}

static void a_hole_in_one_slot_leaves_the_other(void **state)
{
	(void)state;
	memset(file, 0, SIZE);
	expect(BEFORE);
	setup(NULL);
	memset(file + SIZE, 0, SIZE);
	expect(OLD);
}

static void a_file_of_another_length_refuses(void **state)
{
	static char longer[8 * SIZE + 1];

	(void)state;
	for (size_t length = 1; length < 2 * SIZE; length++)
		expect_refusal(file, length);
	for (size_t length = 2 * SIZE + 1; length <= 8 * SIZE; length++) {
		memset(longer, length % 2 == 0 ? ' ' : 0, sizeof longer);
		memcpy(longer, file, 2 * SIZE);
		expect_refusal(longer, length);
	}
}

/* The first half of such a file looks like two slots, of which the first is whole. */
static void half_of_a_file_with_larger_slots_refuses(void **state)
{
	static char large[4 * SIZE + 1];

	(void)state;
	write_slot(large, 2 * SIZE, 1, OLD);
	write_slot(large + 2 * SIZE, 2 * SIZE, 2, NEW);
	assert_int_equal(read_bytes(large, 4 * SIZE), 0);
	assert_int_equal(slots.generation, 2);
	expect_refusal(large, 2 * SIZE);
	large[SIZE - 1] = '\n';
	expect_refusal(large, 2 * SIZE);
}

static void two_states_of_one_generation_refuse(void **state)
{
	(void)state;
	write_slot(file + SIZE, SIZE, 9, NEW);
	expect_refusal(file, 2 * SIZE);
}

/* A slot with that first line, the right digest of it, and OLD. */
static void write_line(char *slot, const char *line)
{
	uint8_t digest[SHA256_LENGTH];
	char digits[2 * SHA256_LENGTH + 1];
	int length;

	assert_int_equal(sha256_digest((const struct sha256_piece[2]){{line, strlen(line)},
					       {OLD, strlen(OLD)}},
				 digest),
		0);
	hex_encode(digest, SHA256_LENGTH, digits);
	length = sprintf(slot, "%s sha256 %.32s\n" OLD, line, digits);
	memset(slot + length, ' ', SIZE - 1 - (size_t)length);
	slot[SIZE - 1] = '\n';
}

static void numbers_that_no_writer_uses_do_not_count(void **state)
{
	static const char *const lines[] = {
		"totpgroup-slot 2 generation 10 size 4096 length 87",
		"totpgroup-slot 1 generation 0 size 4096 length 87",
		"totpgroup-slot 1 generation -1 size 4096 length 87",
		"totpgroup-slot 1 generation 010 size 4096 length 87",
		"totpgroup-slot 1 generation 9223372036854775808 size 4096 length 87",
		"totpgroup-slot 1 generation 10 size 8192 length 87",
		"totpgroup-slot 1 generation 10 size 4096 length 0",
		"totpgroup-slot 1 generation 10 size 4096 length 86",
		"totpgroup-slot 1 generation 10 size 4096 length 88",
		"totpgroup-slot 1 generation 10 size 4096 length 65537",
		"totpgroup-slot 1 generation 10 size 4096 length 4000",
		"totpgroup-slot 1 generation 10  size 4096 length 87",
		"totpgroup-slot 1 generation 10 size 4096 length 87 ",
	};

	(void)state;
	write_line(file + SIZE, "totpgroup-slot 1 generation 10 size 4096 length 87");
	expect(OLD);
	assert_int_equal(slots.generation, 10);
	for (unsigned int i = 0; i < COUNT(lines); i++) {
		write_line(file + SIZE, lines[i]);
		expect(OLD);
		assert_int_equal(slots.generation, 9);
	}
}

/* It looks for a first line that this form does not have. */
static void an_earlier_version_refuses_it(void **state)
{
	const struct text text = {.data = file, .length = 2 * SIZE, .capacity = sizeof file};
	struct state_sections sections;
	struct error error = ERROR_INIT;

	(void)state;
	assert_int_equal(state_text_read(&text, &sections, &error), TOTPGROUP_EFORMAT);
	assert_string_equal(error.message, "line 1: not a state, or one of another version");
}

static void the_text_of_earlier_versions_is_no_slot(void **state)
{
	char text[] = OLD;

	(void)state;
	assert_int_equal(read_bytes(text, strlen(text)), 0);
	assert_int_equal(slots.size, 0);
	/* Also where it is as long as two slots. */
	memset(file, 'x', 2 * SIZE);
	memcpy(file, OLD, strlen(OLD));
	assert_int_equal(read_bytes(file, 2 * SIZE), 0);
	assert_int_equal(slots.size, 0);
}

static void a_slot_is_as_large_as_its_state_needs(void **state)
{
	static char large[2 * STATE_SLOT_SIZE_MAX + 1], state_bytes[CREDENTIAL_TEXT_MAX];
	const size_t lengths[] = {1, 3900, 4000, 8000, 30000, 65535, 65536};

	(void)state;
	memset(state_bytes, 'x', sizeof state_bytes);
	for (unsigned int i = 0; i < COUNT(lengths); i++) {
		const struct text text = {.data = state_bytes,
			.length = lengths[i],
			.capacity = sizeof state_bytes};
		size_t size = state_slot_size(lengths[i]);

		assert_true(size >= SIZE && size <= STATE_SLOT_SIZE_MAX && size > lengths[i]);
		assert_int_equal(state_slot_write(large, size, 1, &text), 0);
		assert_int_equal(state_slot_write(large + size, size, 2, &text), 0);
		assert_int_equal(read_bytes(large, 2 * size), 0);
		assert_int_equal(slots.length, lengths[i]);
		assert_memory_equal(slots.state, state_bytes, lengths[i]);
	}
	assert_int_equal(state_slot_size(1), SIZE);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup(function, setup)
	const struct CMUnitTest tests[] = {
		TEST(the_greater_generation_counts),
		TEST(a_person_can_read_a_slot),
		TEST(a_write_that_is_cut_short_leaves_the_state_before),
		TEST(any_part_of_the_sectors_leaves_a_whole_state),
		TEST(each_flipped_bit_of_the_newer_slot_leaves_the_older),
		TEST(no_flipped_bit_of_the_older_slot_matters),
		TEST(damage_to_both_slots_refuses),
		TEST(a_hole_in_one_slot_leaves_the_other),
		TEST(a_file_of_another_length_refuses),
		TEST(half_of_a_file_with_larger_slots_refuses),
		TEST(two_states_of_one_generation_refuse),
		TEST(numbers_that_no_writer_uses_do_not_count),
		TEST(an_earlier_version_refuses_it),
		TEST(the_text_of_earlier_versions_is_no_slot),
		TEST(a_slot_is_as_large_as_its_state_needs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
