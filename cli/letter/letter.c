/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/letter/letter.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/number.h"
#include "base/qr.h"
#include "config/config_file.h"
#include "message/translate.h"
#include "totpgroup.h"

/* The build makes these strings from conf/letter.html and conf/letter.txt. */
static const char built_in_html[] =
#include "cli/letter/html.inc"
	;
static const char built_in_text[] =
#include "cli/letter/text.inc"
	;

/* The last second of the year 9999. */
#define DATE_MAX INT64_C(253402300799)

struct letter_template {
	struct letter_markup html;
	struct letter_markup text;
	bool own_html;
	bool own_text;
	locale_t locale;
	void *qr_library; /* stays loaded; NULL where it is not installed */
};

static bool ends_in(const char *path, const char *end)
{
	size_t length = strlen(path), end_length = strlen(end);

	return length > end_length &&
	       ascii_is_word(path + length - end_length, end_length, end);
}

static const char *file_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

/* Opens the folder of a template. A user who could exchange the files in it would get the
 * secrets of all users. */
static int open_folder(const char *path, int *descriptor, struct error *error)
{
	size_t length = (size_t)(file_name(path) - path);
	char *folder = length == 0   ? strdup(".")
		       : length == 1 ? strdup("/")
				     : strndup(path, length - 1);
	int status;

	*descriptor = -1;
	if (folder == NULL)
		return error_set(error, TOTPGROUP_EMEMORY, translate("out of memory"));
	*descriptor = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (*descriptor < 0)
		status = error_set_system(error, TOTPGROUP_ESYSTEM,
			translate("cannot open the folder %s"), folder);
	else
		status = config_file_check_folder(*descriptor, folder, error);
	free(folder);
	return status;
}

/* Reads the file from the folder that was checked, even if the path leads to another one
 * by now. */
int letter_file_read(struct text *bytes, const char *path, struct error *error)
{
	int folder;
	int status = open_folder(path, &folder, error);

	if (status == 0)
		status = config_file_read(bytes, folder, file_name(path), path, error);
	if (folder >= 0)
		close(folder);
	return status;
}

static int read_own(struct letter_markup *markup, const char *path, struct error *error)
{
	int status = letter_file_read(&markup->source, path, error);

	return status == 0 ? letter_markup_parse(markup, path, error) : status;
}

static int read_built_in(
	struct letter_markup *markup, const char *source, const char *name, struct error *error)
{
	if (text_append_string(&markup->source, source) != 0)
		return error_set(error, TOTPGROUP_EMEMORY, translate("out of memory"));
	return letter_markup_parse(markup, name, error);
}

static int read_both(
	struct letter_template *letter_template, const char *path, struct error *error)
{
	int status;

	letter_template->html.html = true;
	letter_template->own_html = path != NULL && ends_in(path, ".html");
	letter_template->own_text = path != NULL && ends_in(path, ".txt");
	if (path != NULL && !letter_template->own_html && !letter_template->own_text)
		return error_set(error, TOTPGROUP_ECONFIG,
			translate("%s: the name of a template ends in .html or .txt"), path);
	if (letter_template->own_html)
		status = read_own(&letter_template->html, path, error);
	else
		status = read_built_in(
			&letter_template->html, built_in_html, "letter.html", error);
	if (status != 0)
		return status;
	if (letter_template->own_text)
		return read_own(&letter_template->text, path, error);
	return read_built_in(&letter_template->text, built_in_text, "letter.txt", error);
}

int letter_template_read(
	struct letter_template **letter_template, const char *path, struct error *error)
{
	int status;

	*letter_template = calloc(1, sizeof **letter_template);
	if (*letter_template == NULL)
		return error_set(error, TOTPGROUP_EMEMORY, translate("out of memory"));
	status = read_both(*letter_template, path, error);
	if (status == 0)
		status = letter_template_set_language(*letter_template, NULL, error);
	if (status == 0) {
		(*letter_template)->qr_library = qr_library_hold();
		return 0;
	}
	letter_template_free(*letter_template);
	*letter_template = NULL;
	return status;
}

int letter_template_set_language(
	struct letter_template *letter_template, const char *language, struct error *error)
{
	locale_t locale;
	int status = letter_language_find(language, &locale, error);

	if (status != 0)
		return status;
	if (letter_template->locale != (locale_t)0)
		freelocale(letter_template->locale);
	letter_template->locale = locale;
	return 0;
}

bool letter_template_replaces(
	const struct letter_template *letter_template, enum letter_format format)
{
	return (format == LETTER_HTML && letter_template->own_html) ||
	       (format == LETTER_TXT && letter_template->own_text);
}

void letter_template_free(struct letter_template *letter_template)
{
	if (letter_template == NULL)
		return;
	if (letter_template->locale != (locale_t)0)
		freelocale(letter_template->locale);
	letter_markup_free(&letter_template->html);
	letter_markup_free(&letter_template->text);
	qr_library_release(letter_template->qr_library);
	free(letter_template);
}

int letter_house_set_day(struct letter_house *house, int64_t now, struct error *error)
{
	const char *epoch = getenv("SOURCE_DATE_EPOCH");
	time_t time = (time_t)now;
	struct tm day;

	if (epoch != NULL && !number_parse(epoch, strlen(epoch), 0, DATE_MAX, &now))
		return error_set(error, TOTPGROUP_ECONFIG,
			translate("SOURCE_DATE_EPOCH is no time in seconds since 1970"));
	if (epoch != NULL)
		time = (time_t)now;
	if ((epoch != NULL ? gmtime_r(&time, &day) : localtime_r(&time, &day)) == NULL)
		return error_set(error, TOTPGROUP_ECONFIG,
			translate("the clock of this host has no day"));
	house->year = day.tm_year + 1900;
	house->month = day.tm_mon + 1;
	house->day = day.tm_mday;
	return 0;
}

/* Cuts off what a failed function appended, and says why there is no letter. */
static int conclude(int status, const struct letter *letter, struct text *text, size_t before,
	struct error *error)
{
	const char *user = letter->user != NULL ? letter->user : "anybody";

	if (status == 0)
		return 0;
	text_cut(text, before);
	if (status == TOTPGROUP_ENOTFOUND)
		return error_set(error, status,
			translate("no letter for %s: QR codes need %s, which is not installed"),
			user, QR_LIBRARY);
	if (status == TOTPGROUP_EARGUMENT)
		return error_set(error, status,
			translate("no letter for %s: the label is empty, or too long for a QR "
				  "code"),
			user);
	return error_set(error, status, translate("no letter for %s: %s"), user,
		totpgroup_strerror(status));
}

/* Appends nodes of a template in its language. */
static int append_nodes(const struct letter_template *letter_template,
	const struct letter_markup *markup, size_t from, size_t end,
	const struct letter *letter, struct text *text, struct error *error)
{
	size_t before = text->length;
	locale_t locale = uselocale(letter_template->locale);
	int status = letter_render(markup, from, end, letter, text);

	uselocale(locale);
	return conclude(status, letter, text, before, error);
}

int letter_append(const struct letter *letter, enum letter_format format,
	const struct letter_template *letter_template, struct text *text, struct error *error)
{
	const struct letter_markup *markup =
		format == LETTER_TXT ? &letter_template->text : &letter_template->html;
	size_t before = text->length;

	if (format == LETTER_SVG)
		return conclude(
			letter_qr_append_svg(letter, text), letter, text, before, error);
	if (format == LETTER_PNG)
		return conclude(
			letter_qr_append_png(letter, text), letter, text, before, error);
	return append_nodes(letter_template, markup, 0, markup->count, letter, text, error);
}

int letter_run_begin(const struct letter_house *house,
	const struct letter_template *letter_template, struct text *text, struct error *error)
{
	const struct letter_markup *html = &letter_template->html;
	const struct letter letter = {.house = house};

	return append_nodes(letter_template, html, 0, html->page, &letter, text, error);
}

int letter_run_page(const struct letter *letter, const struct letter_template *letter_template,
	struct text *text, struct error *error)
{
	const struct letter_markup *html = &letter_template->html;

	return append_nodes(
		letter_template, html, html->page, html->page_end, letter, text, error);
}

int letter_run_end(const struct letter_house *house,
	const struct letter_template *letter_template, struct text *text, struct error *error)
{
	const struct letter_markup *html = &letter_template->html;
	const struct letter letter = {.house = house};

	return append_nodes(
		letter_template, html, html->page_end, html->count, &letter, text, error);
}
