/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * One suite over every store: what store/store.h promises. A store in memory, which this
 * file has, stands for stores with versions in place of locks.
 */

#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hurried_clock.h"
#include "plugin_store.h"
#include "temporary_folder.h"
#include "test_support.h"

#include "core/decide.h"
#include "core/state.h"
#include "host/user_credential.h"
#include "store/file_store.h"
#include "totpgroup.h"

#define SECRET	"JBSWY3DPEHPK3PXP\n12345678\n"
#define CHANGED "JBSWY3DPEHPK3PXP\n87654321\n"
#define OTHER	"NBSWY3DPEHPK3PXP\n12345678\n"
#define THREADS 8

/* A store in memory: one credential with a version. */
static struct {
	pthread_mutex_t mutex;
	struct text secret;
	struct text state;
	unsigned int version;
} memory = {.mutex = PTHREAD_MUTEX_INITIALIZER};

struct store_token {
	unsigned int version;
};

struct memory_place {
	struct store_place place;
	struct store store;
};

static void memory_close(struct store *store)
{
	(void)store;
}

static const struct store_operations memory_operations;

static int memory_locate(struct store *store, const struct store_user *user,
	struct store_place **found, struct error *error)
{
	struct memory_place *place = calloc(1, sizeof *place);

	(void)user;
	(void)error;
	assert_non_null(place);
	place->place.store = store;
	place->place.name = place->place.state_name = "user in memory";
	*found = &place->place;
	return 0;
}

static void memory_release(struct store_place *place)
{
	free(place);
}

static void copy_text(struct text *to, const struct text *from)
{
	text_free(to);
	assert_int_equal(text_append(to, from->data, from->length), 0);
}

static int memory_read(struct store_record *record, struct error *error)
{
	if (memory.secret.length == 0)
		return error_set(error, TOTPGROUP_ENOTFOUND, "user in memory: not there");
	copy_text(&record->secret, &memory.secret);
	copy_text(&record->state, &memory.state);
	record->apart = true;
	record->now = 1700000000;
	return 0;
}

static int memory_look(
	struct store_place *place, struct store_record *record, struct error *error)
{
	int status;

	(void)place;
	pthread_mutex_lock(&memory.mutex);
	status = memory_read(record, error);
	pthread_mutex_unlock(&memory.mutex);
	return status;
}

/* Somebody else commits before every commit. */
static bool is_commit_late;

/* How often a transaction can begin before the store says that it is unwritable. */
static unsigned int begins_left = UINT_MAX;

static int memory_begin(
	struct store_place *place, struct store_record *record, struct error *error)
{
	int status;

	(void)place;
	pthread_mutex_lock(&memory.mutex);
	status = begins_left > 0 ? memory_read(record, error)
				 : error_set(error, TOTPGROUP_EUNWRITABLE, "unwritable");
	begins_left -= begins_left > 0;
	if (status == 0) {
		record->token = malloc(sizeof *record->token);
		assert_non_null(record->token);
		record->token->version = memory.version;
	}
	pthread_mutex_unlock(&memory.mutex);
	return status;
}

static void memory_abort(struct store_place *place, struct store_record *record)
{
	(void)place;
	free(record->token);
	record->token = NULL;
}

/* After a conflict the record holds the newest texts, and the transaction goes on. */
static int memory_commit(struct store_place *place, struct store_record *record,
	const struct store_change *change, struct error *error)
{
	int status = 0;

	pthread_mutex_lock(&memory.mutex);
	if (is_commit_late)
		memory.version++;
	if (record->token->version != memory.version) {
		status = memory_read(record, error);
		record->token->version = memory.version;
		if (begins_left == 0)
			memory_abort(place, record);
		if (status == 0)
			status = error_set(error, TOTPGROUP_ECONFLICT, "changed meanwhile");
	} else {
		if (change->has_secret)
			copy_text(&memory.secret, &change->secret);
		if (change->has_state)
			copy_text(&memory.state, &change->state);
		memory.version++;
		memory_abort(place, record);
	}
	pthread_mutex_unlock(&memory.mutex);
	return status;
}

static int memory_create(
	struct store_place *place, const struct text *secret, bool replace, struct error *error)
{
	(void)place;
	if (memory.secret.length > 0 && !replace)
		return error_set(error, TOTPGROUP_ECONFLICT, "user in memory: exists already");
	copy_text(&memory.secret, secret);
	memory.version++;
	return 0;
}

static int memory_remove(struct store_place *place, bool or_without, struct error *error)
{
	(void)place;
	(void)or_without;
	if (memory.secret.length == 0)
		return error_set(error, TOTPGROUP_ENOTFOUND, "user in memory: not there");
	text_free(&memory.secret);
	memory.version++;
	return 0;
}

static int memory_list(
	struct store *store, bool states, store_name *name, void *argument, struct error *error)
{
	(void)store;
	(void)error;
	if ((states ? memory.state : memory.secret).length > 0)
		(void)name(argument, "user");
	return 0;
}

static const struct store_operations memory_operations = {
	.abi = STORE_ABI,
	.size = sizeof memory_operations,
	.name = "memory",
	.close = memory_close,
	.locate = memory_locate,
	.release = memory_release,
	.look = memory_look,
	.begin = memory_begin,
	.commit = memory_commit,
	.abort = memory_abort,
	.create = memory_create,
	.remove = memory_remove,
	.list = memory_list,
};

/* The stores that the suite runs over. */
enum kind { IN_PLACE, APART, IN_MEMORY, OF_PLUGIN, KINDS };

static const char *const kind_names[KINDS] = {
	"one file", "state apart", "in memory", "of a plugin"};
static enum kind kind;
static char secret_path[4096], state_path[4096];
static char secret_option[4096], state_option[4096];

/* Each user of the place has a store of its own, as each login does. */
struct opened {
	struct store *store;
	struct store memory;
	struct store_place *place;
};

static void open_store(struct opened *opened)
{
	struct passwd self = {.pw_uid = geteuid(), .pw_gid = getegid()};
	struct file_store_settings settings = {
		.secret = secret_option,
		.state = kind == APART ? state_option : NULL,
		.own_file = true,
		.allowed_mode = 0600,
	};
	struct store_user user = {"user", &self};
	struct error error = ERROR_INIT;

	opened->memory.operations = &memory_operations;
	opened->store = &opened->memory;
	if (kind == OF_PLUGIN)
		plugin_open(&opened->store, &error);
	else if (kind != IN_MEMORY)
		assert_int_equal(file_store_open(&opened->store, &settings, &error), 0);
	assert_int_equal(store_locate(opened->store, &user, &opened->place, &error), 0);
}

static void close_store(struct opened *opened)
{
	store_release(opened->place);
	store_close(opened->store);
}

static struct opened opened;
static struct error failure;

static int create(const char *secret, bool replace)
{
	struct text text = TEXT_INIT;
	int status;

	assert_int_equal(text_append_string(&text, secret), 0);
	status = store_create(opened.place, &text, replace, &failure);
	text_free(&text);
	return status;
}

/* The secret as it is, or "" where there is none. */
static const char *secret_now(void)
{
	static char seen[1000];
	struct store_record record = STORE_RECORD_INIT;
	struct error error = ERROR_INIT;
	int status = store_look(opened.place, &record, &error);

	assert_true(status == 0 || status == TOTPGROUP_ENOTFOUND);
	assert_null(record.token);
	snprintf(seen, sizeof seen, "%s", record.secret.length > 0 ? record.secret.data : "");
	store_record_free(&record);
	return seen;
}

/* What a work of these tests does. */
struct script {
	const char *write;	   /* the new secret; NULL: nothing is written */
	int status;		   /* what it returns */
	unsigned int disturbances; /* how often somebody else changes the credential first */
	unsigned int calls;
	char seen[1000]; /* the secret that it saw last */
};

/* Somebody else, who heeds no lock. */
static void disturb(void)
{
	static unsigned int count;
	const char *path = kind == APART ? state_path : secret_path;
	FILE *file;

	if (kind == OF_PLUGIN)
		plugin_disturb();
	if (kind == IN_MEMORY)
		memory.version++;
	if (kind == OF_PLUGIN || kind == IN_MEMORY)
		return;
	if (kind == APART) {
		const struct timespec times[2] = {{1, 0}, {1, (long)++count}};

		assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
		return;
	}
	assert_int_equal(chmod(path, 0600), 0);
	file = fopen(path, "ae");
	assert_non_null(file);
	assert_true(fprintf(file, "\" X%u\n", count++) > 0);
	assert_int_equal(fclose(file), 0);
}

static int play(const struct store_record *record, void *argument, struct store_change *change,
	struct error *error)
{
	static unsigned int count;
	struct script *script = argument;

	script->calls++;
	snprintf(script->seen, sizeof script->seen, "%s", record->secret.data);
	if (script->disturbances > 0) {
		script->disturbances--;
		disturb();
	}
	if (script->write != NULL) {
		assert_int_equal(text_append_string(&change->secret, script->write), 0);
		change->has_secret = true;
		/* A separate state is locked, and a change of it is noticed when it is
		 * written. */
		change->has_state = record->apart;
		if (record->apart)
			assert_int_equal(text_append_format(&change->state,
						 STATE_EMPTY "\" CHANGED %u\n", count++),
				0);
	}
	return script->status == 0 ? 0 : error_set(error, script->status, "as it was told");
}

static int transact(struct script *script)
{
	return store_transact(opened.place, play, script, &failure);
}

static void where_nothing_is_nothing_is_found(void)
{
	struct script script = {.write = CHANGED};

	assert_string_equal(secret_now(), "");
	assert_int_equal(transact(&script), TOTPGROUP_ENOTFOUND);
	assert_int_equal(script.calls, 0);
	assert_int_equal(store_remove(opened.place, false, &failure), TOTPGROUP_ENOTFOUND);
}

static void what_was_created_is_read_and_replaced_only_on_demand(void)
{
	assert_int_equal(create(SECRET, false), 0);
	assert_string_equal(secret_now(), SECRET);
	assert_int_equal(create(OTHER, false), TOTPGROUP_ECONFLICT);
	assert_string_equal(secret_now(), SECRET);
	assert_int_equal(create(OTHER, true), 0);
	assert_string_equal(secret_now(), OTHER);
}

static void many_are_created_like_one(void)
{
	struct text secret = TEXT_INIT;
	struct store_new items[2] = {
		{.place = opened.place, .secret = &secret},
		{.place = opened.place, .secret = &secret},
	};

	assert_int_equal(text_append_string(&secret, SECRET), 0);
	store_create_many(items, 2, "AbCdEf", false);
	assert_int_equal(items[0].status, 0);
	assert_int_equal(items[1].status, TOTPGROUP_ECONFLICT);
	assert_string_not_equal(items[1].error.message, "");
	assert_string_equal(secret_now(), SECRET);
	text_free(&secret);
}

static void many_are_read_like_one(void)
{
	struct store_read reads[2] = {{.place = opened.place, .record = STORE_RECORD_INIT},
		{.place = opened.place, .record = STORE_RECORD_INIT}};

	store_read_many(reads, 2);
	assert_int_equal(reads[0].status, TOTPGROUP_ENOTFOUND);
	assert_int_equal(reads[1].status, TOTPGROUP_ENOTFOUND);
	assert_string_not_equal(reads[1].error.message, "");
	assert_int_equal(create(SECRET, false), 0);
	assert_int_equal(transact(&(struct script){.write = CHANGED}), 0);
	for (unsigned int i = 0; i < 2; i++) {
		store_record_free(&reads[i].record);
		reads[i].error = (struct error)ERROR_INIT;
	}
	store_read_many(reads, 2);
	for (unsigned int i = 0; i < 2; i++) {
		struct store_record *record = &reads[i].record;

		assert_int_equal(reads[i].status, 0);
		assert_string_equal(record->secret.data, CHANGED);
		assert_int_equal(record->apart, kind != IN_PLACE);
		assert_int_equal(record->state.length > 0, kind != IN_PLACE);
		assert_null(record->token);
		store_record_free(record);
	}
	store_read_many(NULL, 0);
}

struct names {
	unsigned int count;
	char first[100];
};

static bool note_name(void *argument, const char *user)
{
	struct names *names = argument;

	if (names->count++ == 0)
		snprintf(names->first, sizeof names->first, "%s", user);
	return true;
}

static unsigned int count_names(bool states)
{
	struct names names = {.count = 0};

	assert_int_equal(store_list(opened.store, states, note_name, &names, &failure), 0);
	if (names.count > 0)
		assert_string_equal(names.first, "user");
	return names.count;
}

/* A list that is cut short is none. */
static bool readdir_fails;

struct dirent *__real_readdir(DIR *folder);
struct dirent *__wrap_readdir(DIR *folder);
struct dirent *__wrap_readdir(DIR *folder)
{
	if (!readdir_fails)
		return __real_readdir(folder);
	errno = EIO;
	return NULL;
}

static void assert_cut_short(bool states)
{
	struct names names = {.count = 0};

	failure = (struct error)ERROR_INIT;
	readdir_fails = true;
	assert_int_equal(store_list(opened.store, states, note_name, &names, &failure),
		TOTPGROUP_ESYSTEM);
	readdir_fails = false;
	assert_non_null(strstr(failure.message, "Input/output error"));
}

static void those_who_have_something_are_listed(void)
{
	if (kind == IN_PLACE || kind == APART)
		assert_cut_short(kind == APART);
	assert_int_equal(count_names(false), 0);
	assert_int_equal(create(SECRET, false), 0);
	assert_int_equal(count_names(false), 1);
	if (kind == IN_PLACE)
		return;
	/* The plugin names all whom it has ever seen. */
	if (kind != OF_PLUGIN)
		assert_int_equal(count_names(true), 0);
	assert_int_equal(transact(&(struct script){.write = CHANGED}), 0);
	assert_int_equal(count_names(true), 1);
	/* The state outlives its secret. */
	if (kind == APART)
		assert_int_equal(unlink(secret_path), 0);
	else
		assert_int_equal(store_remove(opened.place, false, &failure), 0);
	assert_int_equal(count_names(false), 0);
	assert_int_equal(count_names(true), 1);
}

struct findings {
	unsigned int problems;
	int code;
};

static void note_finding(void *argument, const struct store_finding *finding)
{
	struct findings *findings = argument;

	assert_non_null(finding->about);
	assert_non_null(finding->what);
	if (finding->level == STORE_FINE)
		return;
	findings->problems++;
	findings->code = finding->code;
}

static void a_check_says_what_is_wrong_and_changes_nothing(void)
{
	struct findings findings = {.problems = 0};

	assert_int_equal(create(SECRET, false), 0);
	store_check(opened.store, NULL, note_finding, &findings);
	store_check(opened.store, opened.place, note_finding, &findings);
	/* A superuser on one server without standbys is nothing that a plugin praises. */
	if (kind != OF_PLUGIN)
		assert_int_equal(findings.problems, 0);
	assert_string_equal(secret_now(), SECRET);
	if (kind != APART)
		return;
	assert_int_equal(transact(&(struct script){.write = CHANGED}), 0);
	assert_int_equal(chmod(state_path, 0666), 0);
	store_check(opened.store, opened.place, note_finding, &findings);
	assert_int_equal(findings.problems, 1);
	assert_int_equal(findings.code, TOTPGROUP_EUNSAFE);
}

static void what_was_removed_is_gone(void)
{
	assert_int_equal(create(SECRET, false), 0);
	assert_int_equal(store_remove(opened.place, false, &failure), 0);
	assert_string_equal(secret_now(), "");
}

static void work_that_changes_nothing_writes_nothing(void)
{
	struct script script = {.write = NULL};

	assert_int_equal(create(SECRET, false), 0);
	assert_int_equal(transact(&script), 0);
	assert_int_equal(script.calls, 1);
	assert_string_equal(script.seen, SECRET);
	assert_string_equal(secret_now(), SECRET);
}

static void work_that_fails_writes_nothing(void)
{
	struct script script = {.write = CHANGED, .status = TOTPGROUP_EFORMAT};

	assert_int_equal(create(SECRET, false), 0);
	assert_int_equal(transact(&script), TOTPGROUP_EFORMAT);
	assert_string_equal(failure.message, "as it was told");
	assert_int_equal(script.calls, 1);
	assert_string_equal(secret_now(), SECRET);
}

static void a_change_is_what_the_next_one_sees(void)
{
	struct script script = {.write = CHANGED};

	assert_int_equal(create(SECRET, false), 0);
	assert_int_equal(transact(&script), 0);
	assert_string_equal(secret_now(), CHANGED);
	assert_int_equal(transact(&script), 0);
	assert_string_equal(script.seen, CHANGED);
}

static void after_a_conflict_the_work_is_done_again(void)
{
	struct script script = {.write = CHANGED, .disturbances = 3};

	assert_int_equal(create(SECRET, false), 0);
	assert_int_equal(transact(&(struct script){.write = SECRET}), 0);
	assert_int_equal(transact(&script), 0);
	assert_int_equal(script.calls, 4);
	assert_string_equal(secret_now(), CHANGED);
}
static void conflicts_without_end_end_at_the_deadline(void)
{
	struct script script = {.write = CHANGED, .disturbances = 1000};

	assert_int_equal(create(SECRET, false), 0);
	assert_int_equal(transact(&(struct script){.write = SECRET}), 0);
	assert_int_equal(transact(&script), TOTPGROUP_ECONFLICT);
	assert_true(script.calls > 1 && script.calls < 1000);
}

/* What each thread does: it tries the one emergency code. */
static void *try_code(void *argument)
{
	struct user_credential credential = {.place = NULL};
	struct opened own;
	struct attempt attempt = ATTEMPT_INIT;
	struct decision decision;
	struct error error = ERROR_INIT;
	bool *accepted = argument;

	open_store(&own);
	credential.place = own.place;
	attempt.typed = "12345678";
	*accepted =
		user_credential_verify(&credential, &attempt, &decision, NULL, &error) == 0 &&
		decision.result.verdict == TOTPGROUP_ACCEPTED;
	close_store(&own);
	return NULL;
}

static void of_many_with_one_code_one_is_accepted(void)
{
	pthread_t threads[THREADS];
	bool accepted[THREADS];
	unsigned int count = 0;

	assert_int_equal(create(SECRET, false), 0);
	for (unsigned int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, try_code, &accepted[i]), 0);
	for (unsigned int i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		count += accepted[i];
	}
	assert_int_equal(count, 1);
}

/* A verdict from before a conflict, which was never committed, is no verdict, also where a
 * state that cannot be written is overlooked. */
static void a_verdict_from_before_a_conflict_is_void(void **state)
{
	struct user_credential credential = {.place = NULL};
	struct attempt attempt = ATTEMPT_INIT;
	struct decision decision;
	struct error unrecorded = ERROR_INIT;

	(void)state;
	kind = IN_MEMORY;
	failure = (struct error)ERROR_INIT;
	open_store(&opened);
	assert_int_equal(create(SECRET, false), 0);
	credential.place = opened.place;
	attempt.typed = "12345678";
	begins_left = 1;
	is_commit_late = true;
	assert_int_not_equal(
		user_credential_verify(&credential, &attempt, &decision, &unrecorded, &failure),
		0);
	assert_int_equal(decision.result.verdict, TOTPGROUP_REFUSED);
	assert_int_equal(unrecorded.code, 0);
	begins_left = UINT_MAX;
	is_commit_late = false;
	close_store(&opened);
	text_free(&memory.secret);
	text_free(&memory.state);
}

static unsigned int count_open_files(void)
{
	DIR *folder = opendir("/proc/self/fd");
	unsigned int count = 0;

	assert_non_null(folder);
	while (readdir(folder) != NULL)
		count++;
	closedir(folder);
	return count;
}

/* The folders, which begin with nothing in them, and the files in them. */
static void begin_paths(void)
{
	char folder[4096 - 10];

	snprintf(folder, sizeof folder, "%s/secret", folder_path);
	assert_int_equal(mkdir(folder, 0700), 0);
	snprintf(secret_option, sizeof secret_option, "%s/${USER}", folder);
	snprintf(secret_path, sizeof secret_path, "%s/user", folder);
	snprintf(folder, sizeof folder, "%s/state", folder_path);
	assert_int_equal(mkdir(folder, 0700), 0);
	snprintf(state_option, sizeof state_option, "%s/${USER}", folder);
	snprintf(state_path, sizeof state_path, "%s/user", folder);
}

/* Runs one test over every store, each time with nothing in it. */
static void over_every_store(void (*test)(void))
{
	for (kind = 0; kind < KINDS; kind++) {
		unsigned int descriptors;

		if (kind == OF_PLUGIN && !plugin_is_given())
			continue;
		print_message("# %s\n", kind_names[kind]);
		folder_begin();
		begin_paths();
		failure = (struct error)ERROR_INIT;
		descriptors = count_open_files();
		open_store(&opened);
		if (kind == OF_PLUGIN)
			plugin_empty(opened.store);
		test();
		close_store(&opened);
		assert_int_equal(count_open_files(), descriptors);
		text_free(&memory.secret);
		text_free(&memory.state);
		folder_end();
	}
}

#define SUITE(test)                                                                            \
	static void test##_in_every_store(void **state)                                        \
	{                                                                                      \
		(void)state;                                                                   \
		over_every_store(test);                                                        \
	}
SUITE(where_nothing_is_nothing_is_found)
SUITE(what_was_created_is_read_and_replaced_only_on_demand)
SUITE(many_are_created_like_one)
SUITE(many_are_read_like_one)
SUITE(those_who_have_something_are_listed)
SUITE(a_check_says_what_is_wrong_and_changes_nothing)
SUITE(what_was_removed_is_gone)
SUITE(work_that_changes_nothing_writes_nothing)
SUITE(work_that_fails_writes_nothing)
SUITE(a_change_is_what_the_next_one_sees)
SUITE(after_a_conflict_the_work_is_done_again)
SUITE(conflicts_without_end_end_at_the_deadline)
SUITE(of_many_with_one_code_one_is_accepted)

int main(void)
{
#define TEST(test) cmocka_unit_test(test##_in_every_store)
	const struct CMUnitTest tests[] = {
		TEST(where_nothing_is_nothing_is_found),
		TEST(what_was_created_is_read_and_replaced_only_on_demand),
		TEST(many_are_created_like_one),
		TEST(many_are_read_like_one),
		TEST(those_who_have_something_are_listed),
		TEST(a_check_says_what_is_wrong_and_changes_nothing),
		TEST(what_was_removed_is_gone),
		TEST(work_that_changes_nothing_writes_nothing),
		TEST(work_that_fails_writes_nothing),
		TEST(a_change_is_what_the_next_one_sees),
		TEST(after_a_conflict_the_work_is_done_again),
		TEST(conflicts_without_end_end_at_the_deadline),
		TEST(of_many_with_one_code_one_is_accepted),
		cmocka_unit_test(a_verdict_from_before_a_conflict_is_void),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
