/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/letter/letter.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/qr.h"
#include "cli/letter/built_in.h"
#include "cli/letter/language.h"
#include "cli/letter/markup.h"
#include "cli/letter/qr.h"
#include "cli/letter/render.h"
#include "cli/letter/wrap.h"
#include "config/config_file.h"
#include "totpgroup.h"

struct letter_template {
	struct letter_markup html;
	struct letter_markup text;
	bool own_html;
	bool own_text;
	locale_t locale;  /* (locale_t)0: the program's */
	void *qr_library; /* kept loaded; NULL where it is not installed */
};

static int parse_built_in(
	struct letter_markup *markup, const char *source, const char *name, struct error *error)
{
	if (text_append(&markup->source, source, strlen(source)) != 0)
		return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	return letter_markup_parse(markup, name, error);
}

static bool ends_in(const char *path, const char *end)
{
	size_t length = strlen(path), end_length = strlen(end);

	return length > end_length &&
	       ascii_is_word(path + length - end_length, end_length, end);
}

/* What a path names, without its folder. */
static const char *name_in(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

/* Whoever could put another folder entry there would get the secrets of all. */
static int open_folder(const char *path, int *descriptor, struct error *error)
{
	size_t length = (size_t)(name_in(path) - path);
	char *folder = length == 0   ? strdup(".")
		       : length == 1 ? strdup("/")
				     : strndup(path, length - 1);
	int status;

	*descriptor = -1;
	if (folder == NULL)
		return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	*descriptor = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (*descriptor < 0)
		status = error_set_system(
			error, TOTPGROUP_ESYSTEM, "cannot open the folder %s", folder);
	else
		status = config_file_check_folder(*descriptor, folder, error);
	free(folder);
	return status;
}

/* From the folder that was judged, whatever the path names by now. */
static int read_own(struct letter_markup *markup, const char *path, struct error *error)
{
	int folder;
	int status = open_folder(path, &folder, error);

	if (status == 0)
		status = config_file_read(&markup->source, folder, name_in(path), path, error);
	if (status == 0)
		status = letter_markup_parse(markup, path, error);
	if (folder >= 0)
		close(folder);
	return status;
}

static int choose_kind(
	struct letter_template *letter_template, const char *path, struct error *error)
{
	letter_template->html.html = true;
	if (path == NULL)
		return 0;
	letter_template->own_html = ends_in(path, ".html");
	letter_template->own_text = ends_in(path, ".txt");
	if (letter_template->own_html || letter_template->own_text)
		return 0;
	return error_set(error, TOTPGROUP_ECONFIG,
		"%s: the name of a template ends in .html or .txt", path);
}

static int read_both(
	struct letter_template *letter_template, const char *path, struct error *error)
{
	int status = choose_kind(letter_template, path, error);

	if (status != 0)
		return status;
	if (letter_template->own_html)
		status = read_own(&letter_template->html, path, error);
	else
		status = parse_built_in(
			&letter_template->html, letter_built_in_html, "letter.html", error);
	if (status != 0)
		return status;
	if (letter_template->own_text)
		return read_own(&letter_template->text, path, error);
	return parse_built_in(
		&letter_template->text, letter_built_in_text, "letter.txt", error);
}

int letter_template_read(
	struct letter_template **letter_template, const char *path, struct error *error)
{
	int status;

	*letter_template = calloc(1, sizeof **letter_template);
	if (*letter_template == NULL)
		return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	status = read_both(*letter_template, path, error);
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
	if (letter_template == NULL)
		return false;
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

static int append_text(
	const struct letter_markup *markup, const struct letter *letter, struct text *text)
{
	struct text lines = TEXT_INIT;
	int result = letter_render(markup, 0, markup->count, letter, &lines);

	if (result == 0 && lines.length > 0)
		result = letter_wrap(&lines, text);
	text_free(&lines);
	return result;
}

/* What is made of a letter: the formats, and the parts of a print run. */
enum piece {
	PIECE_SVG = LETTER_SVG,
	PIECE_PNG = LETTER_PNG,
	PIECE_HTML = LETTER_HTML,
	PIECE_TXT = LETTER_TXT,
	PIECE_RUN_BEGIN,
	PIECE_RUN_PAGE,
	PIECE_RUN_END,
};

static int append_piece(enum piece piece, const struct letter *letter,
	const struct letter_template *letter_template, struct text *text)
{
	const struct letter_markup *html = &letter_template->html;

	switch (piece) {
	case PIECE_SVG:
		return letter_qr_append_svg(letter, text);
	case PIECE_PNG:
		return letter_qr_append_png(letter, text);
	case PIECE_HTML:
		return letter_render(html, 0, html->count, letter, text);
	case PIECE_TXT:
		return append_text(&letter_template->text, letter, text);
	case PIECE_RUN_BEGIN:
		return letter_render(html, 0, html->page, NULL, text);
	case PIECE_RUN_PAGE:
		return letter_render(html, html->page, html->page_end, letter, text);
	case PIECE_RUN_END:
		return letter_render(html, html->page_end, html->count, NULL, text);
	}
	return TOTPGROUP_EARGUMENT;
}

static int report(const struct letter *letter, int result, struct error *error)
{
	const char *user = letter != NULL ? letter->user : "anybody";

	if (result == TOTPGROUP_ENOTFOUND)
		return error_set(error, result,
			"no letter for %s: QR codes need " QR_LIBRARY
			", which is not installed",
			user);
	if (result == TOTPGROUP_EARGUMENT)
		return error_set(error, result,
			"no letter for %s: the label is empty, or too long for a QR code",
			user);
	return error_set(
		error, result, "no letter for %s: %s", user, totpgroup_strerror(result));
}

/* All or nothing, in the template's language. */
static int append(enum piece piece, const struct letter *letter,
	const struct letter_template *letter_template, struct text *text, struct error *error)
{
	size_t before = text->length;
	locale_t locale = uselocale(letter_template->locale);
	int result = append_piece(piece, letter, letter_template, text);

	uselocale(locale);
	if (result == 0)
		return 0;
	(void)text_splice(text, before, text->length - before, NULL, 0);
	return report(letter, result, error);
}

static int append_either(enum piece piece, const struct letter *letter,
	const struct letter_template *letter_template, struct text *text, struct error *error)
{
	struct letter_template *built_in;
	int status;

	if (letter_template != NULL)
		return append(piece, letter, letter_template, text, error);
	status = letter_template_read(&built_in, NULL, error);
	if (status == 0)
		status = append(piece, letter, built_in, text, error);
	letter_template_free(built_in);
	return status;
}

int letter_append(const struct letter *letter, enum letter_format format,
	const struct letter_template *letter_template, struct text *text, struct error *error)
{
	return append_either((enum piece)format, letter, letter_template, text, error);
}

int letter_run_begin(
	const struct letter_template *letter_template, struct text *text, struct error *error)
{
	return append_either(PIECE_RUN_BEGIN, NULL, letter_template, text, error);
}

int letter_run_page(const struct letter *letter, const struct letter_template *letter_template,
	struct text *text, struct error *error)
{
	return append_either(PIECE_RUN_PAGE, letter, letter_template, text, error);
}

int letter_run_end(
	const struct letter_template *letter_template, struct text *text, struct error *error)
{
	return append_either(PIECE_RUN_END, NULL, letter_template, text, error);
}
