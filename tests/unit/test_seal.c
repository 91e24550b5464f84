/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "test_support.h"

#include "core/seal.h"
#include "totpgroup.h"

#define KEYS                                                                                   \
	"# the first one seals\n\n"                                                            \
	"key 2027 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"                              \
	"key 2026 Hx4dHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA=\n"
/* The first key's id with the bytes of the second. */
#define OTHER_BYTES "key 2027 Hx4dHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA=\n"
#define ONLY_OLD    "key 2026 Hx4dHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA=\n"

static const struct seal_subject alice = {SEAL_SECRET, "alice", 0};

static void read_keys(struct seal_keys *keys, const char *text)
{
	struct error error = ERROR_INIT;

	assert_int_equal(seal_keys_read(keys, text, strlen(text), &error), 0);
}

static struct text seal(const struct seal_keys *keys, const struct seal_subject *subject,
	const char *text, size_t length)
{
	struct text sealed = TEXT_INIT;

	assert_int_equal(seal_close(keys, subject, text, length, &sealed), 0);
	return sealed;
}

/* Opens, and expects that status and, in the message, those words. */
static void expect(const struct seal_keys *keys, const struct seal_subject *subject,
	const struct text *sealed, int status, const char *words)
{
	struct text text = TEXT_INIT;
	struct error error = ERROR_INIT;

	assert_int_equal(
		seal_open(keys, subject, sealed->data, sealed->length, &text, &error), status);
	if (status != 0) {
		assert_int_equal(text.length, 0);
		assert_non_null(strstr(error.message, words));
	}
	text_free(&text);
}

/* NIST's test cases 13 and 14 of AES-GCM (McGrew and Viega, "The Galois/Counter Mode"). */
static void aes_gcm_is_what_the_standard_says(void **state)
{
	static const uint8_t zeros[32],
		empty_tag[AEAD_TAG_SIZE] = {0x53, 0x0f, 0x8a, 0xfb, 0xc7, 0x45, 0x36, 0xb9,
			0xa9, 0x63, 0xb4, 0xf1, 0xc4, 0xcb, 0x73, 0x8b};
	static const uint8_t cipher[16] = {0xce, 0xa7, 0x40, 0x3d, 0x4d, 0x60, 0x6b, 0x6e, 0x07,
		0x4e, 0xc5, 0xd3, 0xba, 0xf3, 0x9d, 0x18};
	static const uint8_t cipher_tag[AEAD_TAG_SIZE] = {0xd0, 0xd1, 0xc8, 0xa7, 0x99, 0x99,
		0x6b, 0xf0, 0x26, 0x5b, 0x98, 0xb5, 0xd4, 0x8a, 0xb9, 0x19};
	const struct aead_input input = {zeros, zeros, "", 0};
	uint8_t text[16] = {0}, tag[AEAD_TAG_SIZE];

	(void)state;
	assert_int_equal(aead_encrypt(&input, text, 0, tag), 0);
	assert_memory_equal(tag, empty_tag, sizeof tag);
	assert_int_equal(aead_encrypt(&input, text, sizeof text, tag), 0);
	assert_memory_equal(text, cipher, sizeof text);
	assert_memory_equal(tag, cipher_tag, sizeof tag);
	assert_int_equal(aead_decrypt(&input, text, sizeof text, tag), 0);
	assert_memory_equal(text, zeros, sizeof text);
	tag[0] ^= 1;
	memcpy(text, cipher, sizeof text);
	assert_int_equal(aead_decrypt(&input, text, sizeof text, tag), TOTPGROUP_EFORMAT);
	assert_memory_equal(text, zeros, sizeof text);
}

static void what_is_sealed_opens_and_shows_no_length(void **state)
{
	char text[1000];
	struct seal_keys keys = {.count = 0};
	size_t last = 0;

	(void)state;
	read_keys(&keys, KEYS);
	memset(text, 'x', sizeof text);
	for (size_t length = 0; length <= sizeof text; length++) {
		struct text sealed = seal(&keys, &alice, text, length), opened = TEXT_INIT;
		struct error error = ERROR_INIT;

		assert_true(seal_is_sealed(sealed.data, sealed.length));
		assert_true(strstr(sealed.data, "totpgroup-sealed 1 2027\n") == sealed.data);
		/* Neither the text nor its base64; eight characters do not come by chance. */
		assert_null(strstr(sealed.data, "xxxxxxxx"));
		assert_null(strstr(sealed.data, "eHh4eHh4"));
		assert_int_equal(
			seal_open(&keys, &alice, sealed.data, sealed.length, &opened, &error),
			0);
		assert_int_equal(opened.length, length);
		if (length > 0)
			assert_memory_equal(opened.data, text, length);
		/* It grows only where four bytes more than the text fill 256 bytes. */
		assert_true(last == 0 || (sealed.length > last) == ((length + 4) % 256 == 1));
		last = sealed.length;
		text_free(&opened);
		text_free(&sealed);
	}
	seal_keys_wipe(&keys);
}

static void a_text_is_sealed_differently_each_time(void **state)
{
	struct seal_keys keys = {.count = 0};
	struct text one, two;

	(void)state;
	read_keys(&keys, KEYS);
	one = seal(&keys, &alice, "a", 1);
	two = seal(&keys, &alice, "a", 1);
	assert_string_not_equal(one.data, two.data);
	text_free(&one);
	text_free(&two);
}

static void it_opens_for_its_own_user_and_kind_alone(void **state)
{
	static const struct seal_subject others[] = {{SEAL_SECRET, "bob", 0},
		{SEAL_SECRET, "alic", 0}, {SEAL_SECRET, "alice2", 0}, {SEAL_STATE, "alice", 0},
		{SEAL_SECRET, "alice", 1}};
	struct seal_keys keys = {.count = 0}, other = {.count = 0}, old = {.count = 0};
	struct text sealed;

	(void)state;
	read_keys(&keys, KEYS);
	read_keys(&other, OTHER_BYTES);
	read_keys(&old, ONLY_OLD);
	sealed = seal(&keys, &alice, "secret", 6);
	expect(&keys, &alice, &sealed, 0, NULL);
	for (size_t i = 0; i < COUNT(others); i++)
		expect(&keys, &others[i], &sealed, TOTPGROUP_EFORMAT, "the seal is broken");
	expect(&other, &alice, &sealed, TOTPGROUP_EFORMAT, "the key 2027 is another one");
	expect(&old, &alice, &sealed, TOTPGROUP_ECRYPTO, "the key 2027, which is not there");
	text_free(&sealed);
	/* All keys open; the first one seals. */
	sealed = seal(&old, &alice, "secret", 6);
	expect(&keys, &alice, &sealed, 0, NULL);
	text_free(&sealed);
}

static void no_changed_byte_opens(void **state)
{
	struct seal_keys keys = {.count = 0};
	struct text sealed, text = TEXT_INIT;
	struct error error = ERROR_INIT;
	size_t same = 0;

	(void)state;
	read_keys(&keys, KEYS);
	sealed = seal(&keys, &alice, "secret", 6);
	for (size_t i = 0; i < sealed.length; i++)
		for (int bit = 0; bit < 8; bit++) {
			sealed.data[i] = (char)(sealed.data[i] ^ (1 << bit));
			/* A line may end elsewhere, and the last bits of base64 are free. */
			if (seal_open(&keys, &alice, sealed.data, sealed.length, &text,
				    &error) == 0) {
				assert_string_equal(text.data, "secret");
				same++;
			}
			text_free(&text);
			sealed.data[i] = (char)(sealed.data[i] ^ (1 << bit));
		}
	assert_true(same < 40);
	for (size_t length = 0; length + 8 < sealed.length; length++)
		assert_int_not_equal(
			seal_open(&keys, &alice, sealed.data, length, &text, &error), 0);
	text_free(&sealed);
}

static void other_texts_are_not_sealed(void **state)
{
	static const char *const texts[] = {"", "JBSWY3DPEHPK3PXP\n", "totpgroup-sealed",
		"totpgroup-sealed\n", "totpgroup-sealed 2 x\nAAAA\n",
		"totpgroup-sealed 1 \nAAAA\n", "totpgroup-sealed 1 2027",
		"totpgroup-sealed 1 2027\n?\n", "totpgroup-sealed 1 2027\nAQQyMDI3\n"};
	struct seal_keys keys = {.count = 0};
	struct text text = TEXT_INIT;
	struct error error = ERROR_INIT;

	(void)state;
	read_keys(&keys, KEYS);
	for (size_t i = 0; i < COUNT(texts); i++) {
		assert_int_equal(seal_is_sealed(texts[i], strlen(texts[i])), i >= 4);
		assert_int_equal(
			seal_open(&keys, &alice, texts[i], strlen(texts[i]), &text, &error),
			TOTPGROUP_EFORMAT);
		assert_int_equal(text.length, 0);
	}
}

static void files_of_keys_are_read_strictly(void **state)
{
	static const char *const bad[][2] = {{"", "there is no key"},
		{"# none\n", "there is no key"}, {"key a\n", "line 1 is not"},
		{"\nkey a b c\n", "line 2 is not"},
		{"Key a AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n", "line 1 is not"},
		{"key a/b AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
			"has an id that is not"},
		{"key aaaaaaaaaabbbbbbbbbbccccccccccddd "
		 "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
			"has an id that is not"},
		{"key a AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg==\n",
			"no base64 of 32 bytes"},
		{"key a !\n", "no base64 of 32 bytes"},
		{ONLY_OLD ONLY_OLD, "line 2 has an id that stands there twice"}};
	struct seal_keys keys = {.count = 0};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct error error = ERROR_INIT;

		assert_int_equal(seal_keys_read(&keys, bad[i][0], strlen(bad[i][0]), &error),
			TOTPGROUP_ECONFIG);
		assert_non_null(strstr(error.message, bad[i][1]));
		assert_int_equal(keys.count, 0);
	}
}

static void a_drawn_key_is_read(void **state)
{
	struct seal_keys keys = {.count = 0};
	struct text lines = TEXT_INIT;
	struct error error = ERROR_INIT;

	(void)state;
	for (unsigned int i = 0; i < SEAL_KEYS_MAX; i++) {
		char id[] = "key-a";

		id[4] = (char)(id[4] + (char)i);
		assert_int_equal(seal_key_draw(id, &lines), 0);
	}
	read_keys(&keys, lines.data);
	assert_int_equal(keys.count, SEAL_KEYS_MAX);
	assert_memory_not_equal(keys.keys[0].master, keys.keys[1].master, SEAL_MASTER_SIZE);
	assert_int_equal(seal_key_draw("one-more", &lines), 0);
	assert_int_equal(
		seal_keys_read(&keys, lines.data, lines.length, &error), TOTPGROUP_ECONFIG);
	assert_int_equal(seal_key_draw("a b", &lines), TOTPGROUP_EARGUMENT);
	text_free(&lines);
}

/* Python's hmac, with SHA-256. */
static void a_check_tag_is_of_the_id_and_its_bytes(void **state)
{
	static const struct {
		const char *keys;
		size_t key;
		uint8_t tag[SEAL_CHECK_TAG_SIZE];
	} known[] = {
		{KEYS, 0,
			{0x82, 0xf4, 0x8d, 0x58, 0xc4, 0xc2, 0x67, 0x22, 0xd4, 0xb1, 0x8a, 0xb0,
				0xb3, 0xbb, 0x82, 0xe7}},
		{KEYS, 1,
			{0x90, 0x16, 0xf8, 0x83, 0x84, 0x42, 0x42, 0x4a, 0x48, 0x41, 0xb4, 0x5d,
				0x11, 0x7a, 0xa6, 0xc5}},
		{OTHER_BYTES, 0,
			{0xa3, 0xc0, 0xc9, 0x63, 0xe0, 0x84, 0x1e, 0x25, 0x76, 0xca, 0x1f, 0x73,
				0x84, 0xff, 0xb3, 0x14}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(known); i++) {
		uint8_t tag[SEAL_CHECK_TAG_SIZE] = {0};
		struct seal_keys keys = {.count = 0};

		read_keys(&keys, known[i].keys);
		assert_int_equal(seal_check_tag(&keys.keys[known[i].key], tag), 0);
		assert_memory_equal(tag, known[i].tag, sizeof tag);
		seal_keys_wipe(&keys);
	}
}

static struct text seal_blob(const struct seal_keys *keys, const struct seal_subject *subject,
	const char *text, size_t length)
{
	struct text blob = TEXT_INIT;

	assert_int_equal(seal_close_blob(keys, subject, text, length, &blob), 0);
	return blob;
}

/* Opens a copy of the first bytes of a blob: what is opened is good for nothing afterwards. */
static int open_blob(const struct seal_keys *keys, const struct seal_subject *subject,
	const struct text *blob, size_t length, struct text *text, struct error *error)
{
	struct text copy = TEXT_INIT;
	int status;

	*error = (struct error)ERROR_INIT;
	assert_int_equal(text_append(&copy, blob->data, length), 0);
	status = seal_open_blob(keys, subject, &copy, text, error);
	assert_int_equal(status, error->code);
	text_free(&copy);
	return status;
}

static const struct seal_subject row = {SEAL_STATE, "alice", 7};

static void a_blob_opens_and_shows_no_length(void **state)
{
	struct seal_keys keys = {.count = 0};
	char text[600];

	(void)state;
	read_keys(&keys, KEYS);
	memset(text, 'x', sizeof text);
	for (size_t length = 0; length <= sizeof text; length++) {
		struct text blob = seal_blob(&keys, &row, text, length), opened = TEXT_INIT;
		struct error error;

		/* Format, the id and its length, the nonce, whole blocks, and the tag. */
		assert_int_equal(blob.length, 2 + 4 + AEAD_NONCE_SIZE +
						      (length + 4 + 255) / 256 * 256 +
						      AEAD_TAG_SIZE);
		assert_memory_equal(blob.data, "\1\0042027", 6);
		assert_int_equal(
			open_blob(&keys, &row, &blob, blob.length, &opened, &error), 0);
		assert_int_equal(opened.length, length);
		if (length > 0)
			assert_memory_equal(opened.data, text, length);
		text_free(&opened);
		text_free(&blob);
	}
	seal_keys_wipe(&keys);
}

static void a_blob_is_of_one_user_kind_and_version(void **state)
{
	static const struct seal_subject others[] = {{SEAL_STATE, "bob", 7},
		{SEAL_SECRET, "alice", 7}, {SEAL_STATE, "alice", 6}, {SEAL_STATE, "alice", 8},
		{SEAL_STATE, "alice", 7 + ((uint64_t)1 << 32)}, {SEAL_STATE, "alice", 0}};
	struct seal_keys keys = {.count = 0}, other = {.count = 0}, old = {.count = 0};
	struct text blob, opened = TEXT_INIT;
	struct error error;

	(void)state;
	read_keys(&keys, KEYS);
	read_keys(&other, OTHER_BYTES);
	read_keys(&old, ONLY_OLD);
	blob = seal_blob(&keys, &row, "state", 5);
	for (size_t i = 0; i < COUNT(others); i++)
		assert_int_equal(
			open_blob(&keys, &others[i], &blob, blob.length, &opened, &error),
			TOTPGROUP_EFORMAT);
	assert_int_equal(open_blob(&other, &row, &blob, blob.length, &opened, &error),
		TOTPGROUP_EFORMAT);
	assert_int_equal(
		open_blob(&old, &row, &blob, blob.length, &opened, &error), TOTPGROUP_ECRYPTO);
	assert_non_null(strstr(error.message, "the key 2027, which is not there"));
	assert_int_equal(opened.length, 0);
	text_free(&blob);
}

static void no_changed_byte_of_a_blob_opens(void **state)
{
	struct seal_keys keys = {.count = 0};
	struct text blob, opened = TEXT_INIT;
	struct error error;

	(void)state;
	read_keys(&keys, KEYS);
	blob = seal_blob(&keys, &row, "state", 5);
	for (size_t i = 0; i < blob.length; i++)
		for (int bit = 0; bit < 8; bit++) {
			blob.data[i] = (char)(blob.data[i] ^ (1 << bit));
			assert_int_not_equal(
				open_blob(&keys, &row, &blob, blob.length, &opened, &error), 0);
			assert_int_equal(opened.length, 0);
			blob.data[i] = (char)(blob.data[i] ^ (1 << bit));
		}
	for (size_t length = 0; length < blob.length; length++)
		assert_int_not_equal(open_blob(&keys, &row, &blob, length, &opened, &error), 0);
	assert_int_equal(text_append(&blob, "", 1), 0);
	assert_int_not_equal(open_blob(&keys, &row, &blob, blob.length, &opened, &error), 0);
	text_free(&blob);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(aes_gcm_is_what_the_standard_says),
		cmocka_unit_test(what_is_sealed_opens_and_shows_no_length),
		cmocka_unit_test(a_text_is_sealed_differently_each_time),
		cmocka_unit_test(it_opens_for_its_own_user_and_kind_alone),
		cmocka_unit_test(no_changed_byte_opens),
		cmocka_unit_test(other_texts_are_not_sealed),
		cmocka_unit_test(files_of_keys_are_read_strictly),
		cmocka_unit_test(a_drawn_key_is_read),
		cmocka_unit_test(a_check_tag_is_of_the_id_and_its_bytes),
		cmocka_unit_test(a_blob_opens_and_shows_no_length),
		cmocka_unit_test(a_blob_is_of_one_user_kind_and_version),
		cmocka_unit_test(no_changed_byte_of_a_blob_opens),
	};

	return cmocka_run_group_tests_name("seal", tests, NULL, NULL);
}
