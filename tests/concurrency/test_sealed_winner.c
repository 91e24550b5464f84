/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Of many logins with one code at the same moment one succeeds, while the secret and its state are
 * sealed, unsealed and sealed with another key. */

#include "config.h"

#include <security/pam_appl.h>

#include "../stack/stack.h"
#include "../unit/temporary_folder.h"
#include "../unit/test_support.h"
#include "store/file_store.h"
#include "totpgroup.h"
#include "workers.h"

#define SECRET "home/fixed/alice"
#define STATE  "home/state/alice"
#define KEYS   "conf/seal.keys"
#define OLDER  "key 2027 7fPnWcqUrZk8DhyRYnVLBoMTtmPdkWdCpxTZi6Ps4ug=\n"
#define NEWER  "key 2028 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"

static int rewrite(const struct store_record *record, void *argument,
	struct store_change *change, struct error *error)
{
	(void)argument;
	(void)error;
	change->rewrites = change->has_secret = change->has_state = true;
	(void)text_append(&change->secret, record->secret.data, record->secret.length);
	return text_append(&change->state, record->state.data, record->state.length);
}

/* The keys are replaced as a whole, as totp-enroll does. */
static void put_keys(const char *keys)
{
	put_file("conf/new", keys, 0400);
	assert_int_equal(rename(in_folder("conf/new"), in_folder(KEYS)), 0);
}

/* What seal, unseal and rekey do for one user. */
static void reseal(bool seals)
{
	static char name[] = "root", folder[] = "/root";
	const struct passwd root = {.pw_name = name, .pw_dir = folder};
	char secret[4096], state[4096], keys[4096];
	const struct file_store_settings settings = {.secret = secret,
		.state = state,
		.owner = &root,
		.allowed_mode = 0600,
		.make_folders = true,
		.seal_key = keys,
		.seals = seals};
	const struct store_user user = {"alice", NULL};
	struct store *store;
	struct store_place *place;
	struct error error = ERROR_INIT;

	strcpy(secret, in_folder(SECRET));
	strcpy(state, in_folder(STATE));
	strcpy(keys, in_folder(KEYS));
	assert_int_equal(file_store_open(&store, &settings, &error), 0);
	assert_int_equal(store_locate(store, &user, &place, &error), 0);
	if (store_transact(place, rewrite, NULL, &error) != 0 && error.code != TOTPGROUP_EBUSY)
		fail_msg("%s", error.message);
	store_release(place);
	store_close(store);
}

static void log_in_or_reseal(unsigned int worker)
{
	if (worker != 0) {
		shared->results[worker] = stack_log_in("alice", shared->answers[worker]);
		(void)gave_up_waiting();
		return;
	}
	shared->results[0] = PAM_IGNORE;
	put_keys(shared->round % 2 == 0 ? NEWER OLDER : OLDER NEWER);
	reseal(shared->round % 3 != 0);
}

static void one_code_lets_in_one_while_the_store_is_sealed(void **state)
{
	const char *longer = getenv("TOTPGROUP_LONG");
	unsigned int rounds = longer != NULL && *longer != '\0' ? 1000 : 100, sealed = 0;

	(void)state;
	make_folder("conf", 0700);
	make_folder("home/fixed", 0700);
	put_keys(OLDER NEWER);
	put_file(SECRET, STACK_SECRET "\n\" HOTP_COUNTER 1\n", 0400);
	stack_options("nullok no_increment_hotp user=root secret=@D/home/fixed/${USER} "
		      "state=@D/home/state/${USER} seal_key=@D/" KEYS);
	assert_int_equal(stack_log_in("alice", stack_hotp(1)), PAM_SUCCESS);
	start_workers(6, log_in_or_reseal);
	for (unsigned int i = 2; i < rounds + 2; i++) {
		for (unsigned int worker = 1; worker < worker_count; worker++)
			strcpy(shared->answers[worker], stack_hotp(i));
		run_round();
		assert_int_equal(count_results(PAM_SUCCESS), 1);
		assert_int_equal(
			count_results(PAM_AUTH_ERR), 4 - atomic_exchange(&shared->busy, 0));
		sealed += strncmp(text_of(SECRET), "totpgroup-sealed", 16) == 0;
	}
	stop_workers();
	assert_int_equal(count_entries("home/fixed"), 1);
	assert_int_equal(count_entries("home/state"), 1);
	assert_true(sealed > 0 && sealed < rounds);
	print_message("# %u rounds, sealed after %u\n", rounds, sealed);
}

static int teardown(void **state)
{
	nftw(in_folder("conf"), folder_remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	return stack_teardown(state);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			one_code_lets_in_one_while_the_store_is_sealed, stack_setup, teardown),
	};

	(void)argc;
	share_memory();
	stack_main(argv);
	return cmocka_run_group_tests(tests, NULL, stack_end);
}
