/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/bulk/bulk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/host_name.h"
#include "cli/ui/json_output.h"
#include "cli/ui/terminal.h"
#include "exchange/csv.h"
#include "exchange/otp_key.h"
#include "message/enrollment_text.h"
#include "message/translate.h"
#include "totpgroup.h"

/* A second process is not worth its cost for fewer users. */
#define HELPER_MIN 64

/* The options must ask for a letter that their template replaces. */
static int check_template(const struct bulk_run *run, struct error *error)
{
	const struct bulk_formats *formats = &run->options.formats;

	for (size_t i = 0; i < formats->letter_count; i++)
		if (letter_template_replaces(run->letter_template, formats->letters[i]))
			return 0;
	return error_set(error, TOTPGROUP_ECONFIG,
		translate("%s is a template of %s, which --format does not name"),
		run->options.template_file,
		letter_template_replaces(run->letter_template, LETTER_TXT) ? "txt" : "html");
}

static const char *choose(const char *flag, const char *key)
{
	return flag != NULL ? flag : key;
}

/* Finds what all letters say. */
static int furnish_house(struct bulk_run *run, struct error *error)
{
	const struct bulk_options *options = &run->options;
	const struct enroll_defaults *defaults = &run->defaults.enroll;
	const char *logo = choose(options->logo, defaults->logo);
	struct letter_house *house = &run->house;
	int status = letter_house_set_day(house, (int64_t)time(NULL), error);

	house->organization = choose(options->organization, defaults->organization);
	house->contact = choose(options->contact, defaults->contact);
	if (status == 0)
		status = bulk_prompt_find(run, error);
	if (status == 0 && logo != NULL)
		status = letter_logo_read(&house->logo, logo, error);
	return status;
}

enum exit_status bulk_letters_begin(struct bulk_run *run)
{
	const struct bulk_options *options = &run->options;
	const struct enroll_defaults *defaults = &run->defaults.enroll;
	const char *language = choose(options->language, defaults->language);
	const char *path = choose(options->template_file, defaults->letter_template);
	struct error error = ERROR_INIT;
	int status = letter_template_read(&run->letter_template, path, &error);

	if (status == 0 && options->template_file != NULL)
		status = check_template(run, &error);
	if (status == 0)
		status = letter_template_set_language(run->letter_template, language, &error);
	if (status == 0)
		status = furnish_house(run, &error);
	host_name(run->host);
	run->issuer = choose(choose(options->issuer, defaults->issuer), run->host);
	if (status == 0)
		return STATUS_DONE;
	terminal_complain_error(&error);
	return status == TOTPGROUP_ECONFIG ? STATUS_USAGE : STATUS_STORE_ERROR;
}

int bulk_letters_name_shared(const struct bulk_run *run, const struct bulk_formats *formats,
	struct bulk_shared_file shared[BULK_SHARED], struct error *error)
{
	int status = 0;

	for (size_t i = 0; i < BULK_SHARED; i++)
		shared[i] = (struct bulk_shared_file){.file = -1, .between = ""};
	if (formats->csv) {
		shared[BULK_CSV].name = "users.csv";
		shared[BULK_CSV].fixed_header = true;
		status = csv_append_header(&shared[BULK_CSV].header);
	}
	if (formats->json) {
		shared[BULK_JSON].name = "users.json";
		shared[BULK_JSON].between = ",\n";
		shared[BULK_JSON].fixed_header = true;
		text_append_string(
			&shared[BULK_JSON].header, "{\"version\": 1, \"users\": [\n");
		text_append_string(&shared[BULK_JSON].footer, "\n]}\n");
	}
	if (status != 0 || shared[BULK_JSON].header.status != 0 ||
		shared[BULK_JSON].footer.status != 0)
		return error_set(error, TOTPGROUP_EMEMORY, translate("out of memory"));
	if (!formats->html)
		return 0;
	shared[BULK_PRINT_RUN].name = "letters.html";
	status = letter_run_begin(
		&run->house, run->letter_template, &shared[BULK_PRINT_RUN].header, error);
	if (status == 0)
		status = letter_run_end(&run->house, run->letter_template,
			&shared[BULK_PRINT_RUN].footer, error);
	return status;
}

bool bulk_letter_name(
	const struct bulk_entry *entry, enum letter_format format, char name[NAME_MAX + 1])
{
	int length =
		snprintf(name, NAME_MAX + 1, "%s.%s", entry->user, bulk_format_name(format));

	return length > 0 && length <= NAME_MAX;
}

/* Appends the row of users.csv. It has plain emergency codes only, because programs that
 * read the file know no others. */
static int append_csv(const struct letter *letter, const struct text *credential,
	struct text *text, struct error *error)
{
	struct otp_key key = OTP_KEY_INIT;
	int status = otp_key_from_credential(&key, credential->data, credential->length, error);

	if (status == 0)
		status = otp_key_set_name(&key, letter->user, strlen(letter->user), error);
	if (status == 0)
		status =
			otp_key_set_issuer(&key, letter->issuer, strlen(letter->issuer), error);
	if (status == 0 && (status = csv_append(text, &key)) != 0)
		error_set(error, status, translate("out of memory"));
	otp_key_free(&key);
	return status;
}

/* Makes the object of users.json without its secrets. The result belongs to the object;
 * NULL where memory is out. */
static const char *make_public_json(struct json_object *object, const struct letter *letter)
{
	const struct new_credential *credential = letter->credential;
	bool done = json_put_string(object, "user", letter->user) &&
		    json_put_string(object, "label", letter->label) &&
		    json_put_string(object, "issuer", letter->issuer) &&
		    json_put_string(object, "type", "totp") &&
		    json_put_string(
			    object, "algorithm", hmac_algorithm_name(credential->algorithm)) &&
		    json_put(object, "digits", json_object_new_int((int)credential->digits)) &&
		    json_put(object, "period",
			    json_object_new_int((int)new_credential_period(credential)));

	if (done && letter->pending_until != 0)
		done = json_put(
			object, "pending_until", json_object_new_int64(letter->pending_until));
	else if (done)
		done = json_put_string(object, "pending_until", NULL);
	return done ? json_object_to_json_string_ext(
			      object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)
		    : NULL;
}

/* Appends the object of users.json. json-c does not wipe what it frees, so the secrets are
 * put in by hand. They need no escapes: base32, digits, capitals and a URI. */
static int append_json(const struct letter *letter, struct text *text, struct error *error)
{
	const struct emergency_codes *codes = &letter->credential->emergency_codes;
	struct json_object *object = json_object_new_object();
	const char *public = make_public_json(object, letter);
	int status = TOTPGROUP_EMEMORY;

	if (public != NULL) {
		/* Without the brace at its end. */
		text_append(text, public, strlen(public) - 1);
		text_append_string(text, ",\"secret\":\"");
		text_append_string(text, letter->credential->secret);
		text_append_string(text, "\",\"uri\":\"");
		status = enrollment_append_uri(
			letter->credential, letter->label, letter->issuer, text);
		text_append_string(text, "\",\"emergency_codes\":[");
		for (unsigned int i = 0; i < codes->count; i++)
			text_append_format(text, "%s\"%s\"", i > 0 ? "," : "", codes->code[i]);
		text_append_string(text, "]}");
	}
	if (status == 0)
		status = text->status;
	json_object_put(object);
	if (status != 0)
		error_set(error, status, translate("cannot make the JSON of %s: %s"),
			letter->user, totpgroup_strerror(status));
	return status;
}

/* Appends the pieces for one user, in the order of their kinds. */
static int append_pieces(const struct bulk_run *run, struct bulk_entry *entry,
	const struct letter *letter, struct text *text, struct error *error)
{
	const struct bulk_formats *formats = &run->options.formats;
	size_t csv_end, json_end;
	int status = 0;

	if (formats->csv)
		status = append_csv(letter, &entry->text, text, error);
	csv_end = text->length;
	if (status == 0 && formats->json)
		status = append_json(letter, text, error);
	json_end = text->length;
	if (status == 0 && formats->html)
		status = letter_run_page(letter, run->letter_template, text, error);
	entry->pieces[BULK_CSV] = csv_end;
	entry->pieces[BULK_JSON] = json_end - csv_end;
	entry->pieces[BULK_PRINT_RUN] = text->length - json_end;
	return status;
}

/* Writes the letter in HTML, which is a print run of one page. The page is the last of the
 * pieces, so that it is drawn once. */
static int write_html(const struct bulk_run *run, const struct bulk_entry *entry,
	const struct text *pieces, struct error *error)
{
	const struct bulk_shared_file *print_run = &run->shared[BULK_PRINT_RUN];
	size_t length = entry->pieces[BULK_PRINT_RUN];
	struct text text = TEXT_INIT;
	char name[NAME_MAX + 1];
	int status;

	text_append(&text, print_run->header.data, print_run->header.length);
	if (length > 0)
		text_append(&text, pieces->data + pieces->length - length, length);
	text_append(&text, print_run->footer.data, print_run->footer.length);
	(void)bulk_letter_name(entry, LETTER_HTML, name);
	status = text.status;
	if (status != 0)
		error_set(error, status, translate("out of memory"));
	else
		status = bulk_folder_write(&run->folder, name, &text, error);
	text_free(&text);
	return status;
}

static int write_pieces(const struct bulk_run *run, struct bulk_entry *entry,
	const struct letter *letter, int file, struct error *error)
{
	struct text pieces = TEXT_INIT;
	int status = append_pieces(run, entry, letter, &pieces, error);

	if (status == 0 && durable_write_all(file, &pieces) != 0)
		status = error_set_system(error, TOTPGROUP_ESYSTEM,
			translate("cannot write in %s"), run->folder.path);
	if (status == 0 && run->options.formats.html)
		status = write_html(run, entry, &pieces, error);
	text_free(&pieces);
	return status;
}

/* Writes the letters that are not HTML. */
static int write_other_letters(const struct bulk_run *run, const struct bulk_entry *entry,
	const struct letter *letter, struct error *error)
{
	const struct bulk_formats *formats = &run->options.formats;
	char name[NAME_MAX + 1];
	int status = 0;

	for (size_t i = 0; status == 0 && i < formats->letter_count; i++) {
		enum letter_format format = formats->letters[i];
		struct text text = TEXT_INIT;

		if (format == LETTER_HTML)
			continue;
		(void)bulk_letter_name(entry, format, name);
		status = letter_append(letter, format, run->letter_template, &text, error);
		if (status == 0)
			status = bulk_folder_write(&run->folder, name, &text, error);
		text_free(&text);
	}
	return status;
}

/* Writes the pieces and the letter in HTML, where file is not negative, and the other
 * letters, if wanted. */
static int stage_entry(const struct bulk_run *run, struct bulk_entry *entry, int file,
	bool others, struct error *error)
{
	struct text label = TEXT_INIT;
	struct letter letter = {
		.house = &run->house,
		.user = entry->user,
		.full_name = entry->full_name,
		.host = run->host,
		.issuer = run->issuer,
		.credential = &entry->credential,
		.pending_until = entry->credential.pending_until,
	};
	int status = text_append_format(&label, "%s@%s", letter.user, letter.host);

	letter.label = label.data;
	if (status != 0)
		error_set(error, status, translate("out of memory"));
	if (status == 0 && file >= 0)
		status = write_pieces(run, entry, &letter, file, error);
	if (status == 0 && others)
		status = write_other_letters(run, entry, &letter, error);
	text_free(&label);
	return status;
}

/* A second process that writes the letters that are not HTML for the users from `first`
 * on: drawing QR codes takes most of the time where there is another processor for it. */
struct helper {
	size_t first;
	pid_t child;	     /* or -1 */
	struct error *error; /* in memory that both processes share */
};

static void start_helper(struct helper *helper, const struct bulk_run *run)
{
	const struct bulk_formats *formats = &run->options.formats;
	struct bulk_batch *batch = run->batch;
	int status = 0;

	*helper = (struct helper){.first = batch->count, .child = -1, .error = MAP_FAILED};
	if (batch->count < HELPER_MIN || formats->letter_count == formats->html ||
		sysconf(_SC_NPROCESSORS_ONLN) < 2)
		return;
	helper->error = mmap(NULL, sizeof *helper->error, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (helper->error != MAP_FAILED)
		helper->child = fork();
	if (helper->child < 0)
		return;
	helper->first = batch->count / 2;
	for (size_t i = helper->first; helper->child == 0 && status == 0 && i < batch->count;
		i++)
		status = stage_entry(run, &batch->entries[i], -1, true, helper->error);
	if (helper->child == 0)
		_exit(status != 0);
}

/* Waits for the process. Its error is taken over unless there is one already. */
static int end_helper(const struct helper *helper, int status, struct error *error)
{
	int ended = 0;

	while (helper->child > 0 && waitpid(helper->child, &ended, 0) < 0 && errno == EINTR)
		;
	if (status == 0 && ended != 0) {
		*error = *helper->error;
		status = error->code != 0
				 ? error->code
				 : error_set(error, TOTPGROUP_ESYSTEM,
					   translate("the process that wrote letters died"));
	}
	if (helper->error != MAP_FAILED)
		munmap(helper->error, sizeof *helper->error);
	return status;
}

int bulk_letters_stage(const struct bulk_run *run, struct error *error)
{
	struct helper helper;
	int status = 0;
	int pieces = openat(run->folder.staging, BULK_PIECES,
		O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (pieces < 0)
		return error_set_system(error, TOTPGROUP_ESYSTEM,
			"cannot write " BULK_PIECES " in %s", run->folder.path);
	start_helper(&helper, run);
	for (size_t i = 0; status == 0 && i < run->batch->count; i++)
		status = stage_entry(
			run, &run->batch->entries[i], pieces, i < helper.first, error);
	status = end_helper(&helper, status, error);
	if (close(pieces) != 0 && status == 0)
		status = error_set_system(error, TOTPGROUP_ESYSTEM,
			translate("cannot write in %s"), run->folder.path);
	return status;
}
