/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A program that keeps its users' credentials in a database of its own:
 *
 *     codes_in_sqlite FILE enroll USER    shows a new secret, and stores it after a code
 *     codes_in_sqlite FILE check USER     checks the code on standard input
 *
 * The database holds each credential as the text that libtotpgroup reads and writes. Any
 * number of processes may check codes at once: a new text is stored only if the text that
 * was read is still there (compare-and-swap). Otherwise the decision is made again.
 *
 *     cc -o codes_in_sqlite codes_in_sqlite.c $(pkg-config --cflags --libs totpgroup sqlite3)
 */
#define _DEFAULT_SOURCE
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <totpgroup.h>

/* How often to decide again because another process changed the text. */
#define TRIES_MAX 20

/* How long SQLite waits for another writer, in milliseconds. */
#define PATIENCE 5000

/* The text of a credential, in memory from malloc(). */
struct text {
	char *data;
	size_t length;
};

enum outcome { REFUSED, ACCEPTED, CONFLICT, FAILED };

static void wipe(struct text *text)
{
	if (text->data != NULL)
		explicit_bzero(text->data, text->length);
	free(text->data);
	*text = (struct text){NULL, 0};
}

static enum outcome report(const char *what)
{
	fprintf(stderr, "codes_in_sqlite: %s\n", what);
	return FAILED;
}

static enum outcome read_code(char *code, size_t size)
{
	if (fgets(code, (int)size, stdin) == NULL)
		return report("no code on standard input");
	code[strcspn(code, "\n")] = '\0';
	return ACCEPTED;
}

static sqlite3_stmt *prepare(sqlite3 *database, const char *sql)
{
	sqlite3_stmt *statement = NULL;

	if (sqlite3_prepare_v2(database, sql, -1, &statement, NULL) != SQLITE_OK)
		report(sqlite3_errmsg(database));
	return statement;
}

/* Executes a statement that is to change one row. CONFLICT if it changed none. */
static enum outcome change_row(sqlite3 *database, sqlite3_stmt *statement)
{
	int status = sqlite3_step(statement);
	int changes = sqlite3_changes(database);

	sqlite3_finalize(statement);
	if (status == SQLITE_CONSTRAINT)
		return CONFLICT;
	if (status != SQLITE_DONE)
		return report(sqlite3_errmsg(database));
	return changes == 1 ? ACCEPTED : CONFLICT;
}

static void bind_text(sqlite3_stmt *statement, int index, const struct text *text)
{
	sqlite3_bind_blob(statement, index, text->data, (int)text->length, SQLITE_STATIC);
}

/* Reads the text of a user. REFUSED if the user has none. */
static enum outcome read_text(sqlite3 *database, const char *user, struct text *text)
{
	sqlite3_stmt *statement =
		prepare(database, "SELECT text FROM credentials WHERE user = ?1");
	enum outcome outcome = REFUSED;
	int status;

	if (statement == NULL)
		return FAILED;
	sqlite3_bind_text(statement, 1, user, -1, SQLITE_STATIC);
	status = sqlite3_step(statement);
	if (status == SQLITE_ROW) {
		text->length = (size_t)sqlite3_column_bytes(statement, 0);
		text->data = malloc(text->length + 1);
		outcome = text->data != NULL ? ACCEPTED : report("out of memory");
		if (outcome == ACCEPTED)
			memcpy(text->data, sqlite3_column_blob(statement, 0), text->length);
	} else if (status != SQLITE_DONE) {
		outcome = report(sqlite3_errmsg(database));
	}
	sqlite3_finalize(statement);
	return outcome;
}

/* Stores the next text if the row still holds the old one. SQLite has made it durable when
 * this returns, and nobody is let in earlier. */
static enum outcome replace_text(
	sqlite3 *database, const char *user, const struct text *old, const struct text *next)
{
	sqlite3_stmt *statement = prepare(
		database, "UPDATE credentials SET text = ?1 WHERE user = ?2 AND text = ?3");

	if (statement == NULL)
		return FAILED;
	bind_text(statement, 1, next);
	sqlite3_bind_text(statement, 2, user, -1, SQLITE_STATIC);
	bind_text(statement, 3, old);
	return change_row(database, statement);
}

/* Decides on a code. *next is the text afterwards; its data is NULL if nothing changed. */
static enum outcome decide(const struct text *old, const char *code, struct text *next)
{
	struct totpgroup_result result = TOTPGROUP_RESULT_INIT;
	totpgroup_credential *credential;
	int status = totpgroup_credential_parse(&credential, old->data, old->length);

	if (status == 0)
		status = totpgroup_credential_verify(
			credential, code, (int64_t)time(NULL), &result);
	if (status == 0 && result.changed)
		status = totpgroup_credential_serialize(credential, &next->data, &next->length);
	totpgroup_credential_free(credential);
	if (status != 0)
		return report(totpgroup_strerror(status));
	return result.verdict == TOTPGROUP_ACCEPTED ? ACCEPTED : REFUSED;
}

static enum outcome try_once(sqlite3 *database, const char *user, const char *code)
{
	struct text old = {NULL, 0}, next = {NULL, 0};
	enum outcome verdict = read_text(database, user, &old), stored = ACCEPTED;

	if (verdict == ACCEPTED)
		verdict = decide(&old, code, &next);
	/* Also after a refusal, because attempts are counted in the text. */
	if (verdict != FAILED && next.data != NULL)
		stored = replace_text(database, user, &old, &next);
	wipe(&old);
	wipe(&next);
	return stored == ACCEPTED ? verdict : stored;
}

static enum outcome check(sqlite3 *database, const char *user)
{
	char code[64];
	enum outcome outcome = read_code(code, sizeof code);

	if (outcome == FAILED)
		return FAILED;
	outcome = CONFLICT;
	for (int i = 0; i < TRIES_MAX && outcome == CONFLICT; i++)
		outcome = try_once(database, user, code);
	explicit_bzero(code, sizeof code);
	return outcome;
}

static enum outcome insert_text(
	sqlite3 *database, const char *user, const totpgroup_enrollment *enrollment)
{
	sqlite3_stmt *statement =
		prepare(database, "INSERT INTO credentials (user, text) VALUES (?1, ?2)");
	struct text text = {NULL, 0};
	enum outcome outcome = FAILED;

	if (statement == NULL)
		return FAILED;
	if (totpgroup_enrollment_serialize(enrollment, &text.data, &text.length) == 0) {
		sqlite3_bind_text(statement, 1, user, -1, SQLITE_STATIC);
		bind_text(statement, 2, &text);
		outcome = change_row(database, statement);
	} else {
		sqlite3_finalize(statement);
	}
	wipe(&text);
	return outcome == CONFLICT ? report("that user is enrolled already") : outcome;
}

/* Stores nothing until a code shows that the app has the secret. */
static enum outcome confirm_and_store(
	sqlite3 *database, const char *user, totpgroup_enrollment *enrollment)
{
	struct totpgroup_result result = TOTPGROUP_RESULT_INIT;
	char code[64];
	enum outcome outcome;

	printf("%s\n", totpgroup_enrollment_uri(enrollment));
	for (unsigned int i = 0; totpgroup_enrollment_emergency_code(enrollment, i) != NULL;
		i++)
		printf("%s\n", totpgroup_enrollment_emergency_code(enrollment, i));
	fflush(stdout);
	outcome = read_code(code, sizeof code);
	if (outcome == ACCEPTED && totpgroup_enrollment_confirm(
					   enrollment, code, (int64_t)time(NULL), &result) != 0)
		outcome = FAILED;
	if (outcome == ACCEPTED && result.verdict != TOTPGROUP_ACCEPTED)
		outcome = REFUSED;
	return outcome == ACCEPTED ? insert_text(database, user, enrollment) : outcome;
}

static enum outcome enroll(sqlite3 *database, const char *user)
{
	struct totpgroup_enrollment_options options = TOTPGROUP_ENROLLMENT_OPTIONS_INIT;
	totpgroup_enrollment *enrollment;
	enum outcome outcome;
	int status;

	options.user = user;
	status = totpgroup_enrollment_begin(&enrollment, NULL, &options);
	if (status != 0)
		return report(totpgroup_strerror(status));
	outcome = confirm_and_store(database, user, enrollment);
	totpgroup_enrollment_free(enrollment);
	return outcome;
}

static enum outcome open_database(sqlite3 **database, const char *path)
{
	static const char *const table = "CREATE TABLE IF NOT EXISTS credentials "
					 "(user TEXT PRIMARY KEY NOT NULL, text BLOB NOT NULL)";

	if (sqlite3_open(path, database) != SQLITE_OK ||
		sqlite3_busy_timeout(*database, PATIENCE) != SQLITE_OK ||
		sqlite3_exec(*database, table, NULL, NULL, NULL) != SQLITE_OK)
		return report(sqlite3_errmsg(*database));
	return ACCEPTED;
}

int main(int argc, char **argv)
{
	sqlite3 *database = NULL;
	enum outcome outcome = FAILED;

	if (argc != 4 || (strcmp(argv[2], "enroll") != 0 && strcmp(argv[2], "check") != 0)) {
		report("usage: codes_in_sqlite FILE enroll|check USER");
		return 2;
	}
	if (open_database(&database, argv[1]) == ACCEPTED)
		outcome = argv[2][0] == 'e' ? enroll(database, argv[3])
					    : check(database, argv[3]);
	sqlite3_close(database);
	puts(outcome == ACCEPTED ? "accepted" : "refused");
	return outcome == ACCEPTED ? 0 : 1;
}
