/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "core/credential_cache.h"

#include <string.h>

#include "base/ascii.h"

/* Goes through the lines of a text. A line may end with CR, LF or both, so that files from any
 * system work. */
struct scanner {
	const char *text;
	size_t length;
	size_t at;   /* where the next line starts */
	size_t feed; /* the next LF, or length; found again when it was passed */
	unsigned int number;
};

static size_t find_feed(const char *text, size_t at, size_t length)
{
	const char *feed = at < length ? memchr(text + at, '\n', length - at) : NULL;

	return feed != NULL ? (size_t)(feed - text) : length;
}

static struct scanner scan_from(const struct text *text, size_t at, unsigned int number)
{
	return (struct scanner){
		text->data, text->length, at, find_feed(text->data, at, text->length), number};
}

static bool next_line(struct scanner *scanner, struct option_line *line)
{
	const char *start = scanner->text + scanner->at, *feed, *end;

	if (scanner->at >= scanner->length)
		return false;
	feed = scanner->text + scanner->feed;
	end = memchr(start, '\r', (size_t)(feed - start));
	if (end == NULL || end + 1 == feed)
		scanner->feed = find_feed(scanner->text, scanner->feed + 1, scanner->length);
	line->start = scanner->at;
	line->end = (size_t)((end != NULL ? end : feed) - scanner->text);
	line->number = scanner->number;
	/* Behind CR and LF where they stand together, and not behind the end. */
	if (end == NULL || end + 1 == feed) {
		scanner->number++;
		end = feed;
	}
	scanner->at = (size_t)(end - scanner->text) + 1;
	if (scanner->at > scanner->length)
		scanner->at = scanner->length;
	line->next = scanner->at;
	return true;
}

/* Whether the line is `" KEY`, alone or followed by a blank and a value. */
static bool read_key(const char *text, struct option_line *line)
{
	size_t end = line->start + 2;

	if (line->end < end || text[line->start] != '"' || text[line->start + 1] != ' ')
		return false;
	while (end < line->end && !ascii_is_blank(text[end]))
		end++;
	line->key_length = end - line->start - 2;
	return true;
}

static void list_lines(struct credential_cache *cache, const struct text *text)
{
	struct scanner scanner = scan_from(text, 0, 1);

	cache->count = 0;
	cache->initials = 0;
	while (cache->count < OPTION_LINES_MAX &&
		next_line(&scanner, &cache->lines[cache->count]))
		if (read_key(text->data, &cache->lines[cache->count])) {
			const size_t key = cache->lines[cache->count++].start + 2;

			cache->initials |= credential_cache_initial(text->data[key]);
		}
	cache->rest = scanner.at;
	if (cache->rest < text->length)
		cache->initials = UINT64_MAX;
	cache->rest_number = scanner.number;
}

void credential_cache_renew(const totpgroup_credential *credential)
{
	struct credential_cache *cache = credential->cache;
	const struct text *text = &credential->text;

	list_lines(cache, text);
	cache->knows_algorithm = cache->knows_parameters = false;
	cache->data = text->data;
	cache->changes = text->changes;
}

static bool has_key(
	const char *text, const struct option_line *line, const char *key, size_t length)
{
	return line->key_length == length && memcmp(text + line->start + 2, key, length) == 0;
}

/* The number of the line at that offset, counted on from another line. */
static unsigned int count_on(const char *text, size_t at, size_t end, unsigned int number)
{
	while ((at = find_feed(text, at, end)) < end) {
		at++;
		number++;
	}
	return number;
}

/* Finds it among the lines that are not listed. */
static bool find_behind(const totpgroup_credential *credential, size_t from, const char *key,
	struct option_line *found)
{
	const struct credential_cache *cache = credential->cache;
	const struct text *text = &credential->text;
	struct scanner scanner;
	unsigned int number = cache->rest_number;

	if (from < cache->rest)
		from = cache->rest;
	if (from >= text->length)
		return false;
	number = count_on(text->data, cache->rest, from, number);
	scanner = scan_from(text, from, number);
	while (next_line(&scanner, found))
		if (read_key(text->data, found) && has_key(text->data, found, key, strlen(key)))
			return true;
	return false;
}

bool credential_cache_find(const totpgroup_credential *credential, size_t from, const char *key,
	struct option_line *found)
{
	const struct credential_cache *cache = credential_cache_of(credential);
	const char *text = credential->text.data;
	size_t length;

	if (!credential_cache_may_have(credential, key))
		return false;
	length = strlen(key);
	for (size_t i = 0; i < cache->count; i++)
		if (has_key(text, &cache->lines[i], key, length) &&
			cache->lines[i].start >= from) {
			*found = cache->lines[i];
			return true;
		}
	return cache->rest < credential->text.length &&
	       find_behind(credential, from, key, found);
}
