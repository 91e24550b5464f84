/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Frames, which anybody may send. json-c is the oracle for what is JSON and what it means. */

#include "config.h"

#include <json.h>

#include "test_support.h"

#include "daemon/varlink.h"

/* A frame in memory of exactly its size, so that a sanitizer detects reads beyond its end. */
struct frame {
	char *bytes;
	size_t length;
	struct request request;
	bool good;
};

static struct frame read_frame(const char *bytes, size_t length)
{
	struct frame frame = {.bytes = malloc(length + (length == 0)), .length = length};

	assert_non_null(frame.bytes);
	memcpy(frame.bytes, bytes, length);
	frame.good = request_read(&frame.request, frame.bytes, length);
	return frame;
}

static void free_frame(struct frame *frame)
{
	free(frame->bytes);
}

static void assert_refused(const char *text)
{
	struct frame frame = read_frame(text, strlen(text));

	if (frame.good)
		fail_msg("accepted: %s", text);
	free_frame(&frame);
}

static void a_call_is_read_in_place(void **state)
{
	static const char *const texts[] = {
		"{\"method\":\"a.b.C\",\"parameters\":{\"user\":\"alice\",\"code\":\"123456\"}"
		"}",
		" {\t\"parameters\" :\r\n{ \"code\" : \"123456\" , \"user\":\"alice\" } , "
		"\"method\":\"a.b.C\", \"oneway\": false, \"more\":null,\"upgrade\":false}\n",
		"{\"\\u006dethod\":\"a\\u002eb.C\",\"parameters\":"
		"{\"user\":\"\\u0061l\\u0069ce\",\"code\":\"\\u003123456\"}}",
		"{\"method\":\"a.b.C\",\"more\":true,\"parameters\":"
		"{\"user\":\"alice\",\"code\":\"123456\"}}",
	};
	static const char *const names[] = {"user", "code", NULL};
	const char *values[2], *wrong;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct frame frame = read_frame(texts[i], strlen(texts[i]));

		assert_true(frame.good);
		assert_string_equal(frame.request.interface, "a.b");
		assert_string_equal(frame.request.method, "C");
		assert_false(frame.request.oneway);
		assert_false(frame.request.upgrade);
		assert_true(request_take(&frame.request, names, values, &wrong));
		assert_string_equal(values[0], "alice");
		assert_string_equal(values[1], "123456");
		/* The code lies in the frame, with which it is wiped. */
		assert_true(values[1] > frame.bytes && values[1] < frame.bytes + frame.length);
		free_frame(&frame);
	}
}

static void flags_are_read(void **state)
{
	static const char text[] = "{\"method\":\"a.B\",\"oneway\":true,\"upgrade\":true}";
	struct frame frame = read_frame(text, strlen(text));

	(void)state;
	assert_true(frame.good);
	assert_true(frame.request.oneway);
	assert_true(frame.request.upgrade);
	assert_int_equal(frame.request.count, 0);
	free_frame(&frame);
}

static void an_unknown_member_is_remembered(void **state)
{
	static const char text[] = "{\"\\u0078y\":{\"method\":1},\"method\":\"a.b\",\"z\":2}";
	struct frame frame = read_frame(text, strlen(text));

	(void)state;
	assert_true(frame.good);
	assert_string_equal(frame.request.unknown, "xy");
	assert_string_equal(frame.request.method, "b");
	free_frame(&frame);
	frame = read_frame("{\"method\":\"a.b\"}", 16);
	assert_true(frame.good);
	assert_null(frame.request.unknown);
	free_frame(&frame);
}

static void frames_that_are_not_calls_are_refused(void **state)
{
	static const char *const texts[] = {"", " ", "{}", "[]", "null", "\"a.b\"", "{",
		"{\"method\":\"a.b\"", "{\"method\":\"a.b\"}x", "{\"method\":\"a.b\"}{}",
		"{\"method\":\"a.b\",}", "{,\"method\":\"a.b\"}", "{\"method\" \"a.b\"}",
		"{\"method\":'a.b'}", "{method:\"a.b\"}", "{\"method\":\"ab\"}",
		"{\"method\":\".b\"}", "{\"method\":\"a.\"}", "{\"method\":\"\"}",
		"{\"method\":1}", "{\"method\":null}", "{\"method\":[\"a.b\"]}",
		"{\"method\":\"a.b\",\"method\":\"a.b\"}", "{\"method\":\"a.b\",\"oneway\":1}",
		"{\"method\":\"a.b\",\"oneway\":\"true\"}",
		"{\"method\":\"a.b\",\"oneway\":true,\"more\":true}",
		"{\"method\":\"a.b\",\"oneway\":tru}", "{\"method\":\"a.b\",\"oneway\":True}",
		"{\"method\":\"a.b\",\"parameters\":[]}",
		"{\"method\":\"a.b\",\"parameters\":\"\"}",
		"{\"method\":\"a.b\",\"parameters\":{\"a\":}}",
		"{\"method\":\"a.b\",\"parameters\":{\"a\":01}}",
		"{\"method\":\"a.b\",\"parameters\":{\"a\":1.}}",
		"{\"method\":\"a.b\",\"parameters\":{\"a\":.5}}",
		"{\"method\":\"a.b\",\"parameters\":{\"a\":-}}",
		"{\"method\":\"a.b\",\"parameters\":{\"a\":+1}}",
		"{\"method\":\"a.b\",\"parameters\":{\"a\":1e}}",
		"{\"method\":\"a.b\",\"parameters\":{\"a\":NaN}}",
		"{\"method\":\"a.b\",\"parameters\":{\"a\":0x1}}",
		"{\"method\":\"a.b\",\"parameters\":{\"a\":[1,]}}",
		"{\"method\":\"a.b\",\"parameters\":{\"a\":[1 2]}}",
		"{\"method\":\"a.b\",\"parameters\":{\"a\":[}}}",
		"{\"method\":\"a.b\",\"parameters\":{\"a\":{]}}}",
		"{\"method\":\"a.b\",\"parameters\":{\"a\":{\"b\":1}}",
		"{\"method\":\"a.b\",\"parameters\":{\"a\":[[[[[[[[[1]]]]]]]]]}}",
		"{\"method\":\"a.b\"} // comment", "/**/{\"method\":\"a.b\"}",
		"\xef\xbb\xbf{\"method\":\"a.b\"}"};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++)
		assert_refused(texts[i]);
}

static void strings_are_decoded_or_refused(void **state)
{
	static const struct {
		const char *json;
		const char *value; /* NULL: refused */
	} rows[] = {
		{"\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\b\f\n\r\t"},
		{"\\u00e9\\u20AC\\ud83d\\ude00", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"},
		{"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\x7f",
			"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\x7f"},
		{"", ""},
		{"\\u0000", NULL},
		{"\\u123", NULL},
		{"\\u12g4", NULL},
		{"\\ud83d", NULL},
		{"\\ud83dx", NULL},
		{"\\ud83d\\u0041", NULL},
		{"\\ude00", NULL},
		{"\\x41", NULL},
		{"\\", NULL},
		{"\n", NULL},
		{"\x1f", NULL},
		{"\x80", NULL},
		{"\xc3", NULL},
		{"\xc0\xaf", NULL},
		{"\xc1\xbf", NULL},
		{"\xe0\x80\xaf", NULL},
		{"\xed\xa0\x80", NULL},
		{"\xf0\x80\x80\xaf", NULL},
		{"\xf4\x90\x80\x80", NULL},
		{"\xf5\x80\x80\x80", NULL},
		{"\xe2\x82", NULL},
		{"\xff", NULL},
	};
	static const char *const names[] = {"user", NULL};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[200];
		const char *value = NULL, *wrong;
		struct frame frame;

		snprintf(text, sizeof text,
			"{\"method\":\"a.b\",\"parameters\":{\"user\":\"%s\"}}", rows[i].json);
		frame = read_frame(text, strlen(text));
		if (frame.good != (rows[i].value != NULL))
			fail_msg("row %zu", i);
		if (frame.good) {
			assert_true(request_take(&frame.request, names, &value, &wrong));
			assert_string_equal(value, rows[i].value);
		}
		free_frame(&frame);
	}
}

static void a_wrong_parameter_is_named(void **state)
{
	static const struct {
		const char *parameters;
		const char *wrong;
	} rows[] = {
		{"{}", "user"},
		{"null", "user"},
		{"{\"user\":\"a\"}", "code"},
		{"{\"code\":\"a\"}", "user"},
		{"{\"user\":1,\"code\":\"a\"}", "user"},
		{"{\"user\":null,\"code\":\"a\"}", "user"},
		{"{\"user\":\"a\",\"code\":123456}", "code"},
		{"{\"user\":\"a\",\"code\":[{\"x\":[]},-1.5e+3,true]}", "code"},
		{"{\"user\":\"a\",\"code\":[[[[[[[[1]]]]]]]]}", "code"},
		{"{\"user\":\"a\",\"code\":{\"x\":1,\"x\":1}}", "code"},
		{"{\"user\":\"a\",\"code\":\"b\",\"extra\":\"c\"}", "extra"},
		{"{\"user\":\"a\",\"code\":\"b\",\"user\":\"c\"}", "user"},
		{"{\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1,\"i\":1}",
			"i"},
	};
	static const char *const names[] = {"user", "code", NULL};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[200];
		const char *values[2], *wrong = NULL;
		struct frame frame;

		snprintf(text, sizeof text, "{\"method\":\"a.b\",\"parameters\":%s}",
			rows[i].parameters);
		frame = read_frame(text, strlen(text));
		assert_true(frame.good);
		assert_false(request_take(&frame.request, names, values, &wrong));
		assert_string_equal(wrong, rows[i].wrong);
		free_frame(&frame);
	}
}

/* Returns the tree that json-c reads, or NULL. When strict, json-c 0.18 takes bytes that are not
 * ASCII for control characters. */
static struct json_object *parse_with_json_c(const char *text, size_t length)
{
	struct json_tokener *tokener = json_tokener_new_ex(32);
	struct json_object *root;
	int strict = JSON_TOKENER_STRICT;

	for (size_t i = 0; i < length; i++)
		if ((unsigned char)text[i] > 0x7f)
			strict = 0;
	json_tokener_set_flags(tokener, strict | JSON_TOKENER_VALIDATE_UTF8);
	root = json_tokener_parse_ex(tokener, text, (int)length);
	if (json_tokener_get_error(tokener) != json_tokener_success) {
		json_object_put(root);
		root = NULL;
	}
	json_tokener_free(tokener);
	return root;
}

static void compare_with_oracle(const char *text, size_t length, const struct request *request)
{
	struct json_object *root = parse_with_json_c(text, length), *found;
	char method[REQUEST_MAX + 1];

	if (root == NULL)
		fail_msg("json-c refuses what was accepted: %.*s", (int)length, text);
	assert_true(json_object_object_get_ex(root, "method", &found));
	snprintf(method, sizeof method, "%s.%s", request->interface, request->method);
	assert_string_equal(json_object_get_string(found), method);
	assert_int_equal(json_object_object_get_ex(root, "oneway", &found) &&
				 json_object_get_boolean(found),
		request->oneway);
	if (request->surplus == NULL && request->count > 0) {
		assert_true(json_object_object_get_ex(root, "parameters", &found));
		for (size_t i = 0; i < request->count; i++) {
			const struct request_parameter *parameter = &request->parameters[i];
			struct json_object *value;

			assert_true(json_object_object_get_ex(found, parameter->name, &value));
			assert_int_equal(json_object_is_type(value, json_type_string),
				parameter->value != NULL);
			if (parameter->value != NULL)
				assert_string_equal(
					json_object_get_string(value), parameter->value);
		}
	}
	json_object_put(root);
}

/* Random frames are made of these pieces. */
static const char *const pieces[] = {"{", "}", "[", "]", ":", ",", "\"", "\"method\":\"a.b\"",
	"\"parameters\":{", "\"user\":\"alice\"", "\"code\":\"123456\"", "\"oneway\":true",
	"\"more\":false", "\"upgrade\":null", "\"x\":", "\\", "\\u0041", "\\ud83d\\ude00",
	"\\u0000", "\xc3\xa9", "\xff", "\xc0", "1", "-0", "1.5e9", "true", "null", " ", "\n",
	"\t", "\x01", "\"a\":[1,{\"b\":\"c\"}]", "\"\":\"\"", "a", "."};

static size_t random_frame(struct test_random *random, char *bytes, size_t room)
{
	static const char whole[] =
		"{\"method\":\"org.totpgroup.Verify.Verify\",\"parameters\":"
		"{\"user\":\"alice\",\"code\":\"123456\"},\"oneway\":false}";
	size_t length = 0;

	if (test_random_below(random, 2) == 0) {
		memcpy(bytes, whole, length = strlen(whole));
	} else {
		for (uint64_t n = test_random_below(random, 12); n > 0; n--) {
			const char *piece = pieces[test_random_below(random, COUNT(pieces))];

			memcpy(bytes + length, piece, strlen(piece));
			length += strlen(piece);
		}
	}
	for (uint64_t n = test_random_below(random, 4); n > 0 && length < room / 2; n--) {
		size_t at = (size_t)test_random_below(random, length + 1);
		const char *piece = pieces[test_random_below(random, COUNT(pieces))];
		size_t cut = test_random_below(random, 2) == 0 ? 0 : strlen(piece);

		if (cut > length - at)
			cut = length - at;
		memmove(bytes + at + strlen(piece), bytes + at + cut, length - at - cut);
		memcpy(bytes + at, piece, strlen(piece));
		length += strlen(piece) - cut;
	}
	return length;
}

static void accepted_frames_mean_the_same_to_json_c(void **state)
{
	struct test_random random = test_random_begin();
	unsigned int accepted = 0, refused = 0;

	(void)state;
	for (unsigned int i = 0; i < test_rounds(200000); i++) {
		char bytes[2000];
		size_t length = random_frame(&random, bytes, sizeof bytes);
		struct frame frame = read_frame(bytes, length);

		if (frame.good)
			compare_with_oracle(bytes, length, &frame.request);
		accepted += frame.good;
		refused += !frame.good;
		free_frame(&frame);
	}
	assert_true(accepted > 10000);
	assert_true(refused > 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_call_is_read_in_place),
		cmocka_unit_test(flags_are_read),
		cmocka_unit_test(an_unknown_member_is_remembered),
		cmocka_unit_test(frames_that_are_not_calls_are_refused),
		cmocka_unit_test(strings_are_decoded_or_refused),
		cmocka_unit_test(a_wrong_parameter_is_named),
		cmocka_unit_test(accepted_frames_mean_the_same_to_json_c),
	};

	return cmocka_run_group_tests_name("request", tests, NULL, NULL);
}
