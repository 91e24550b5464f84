/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The store of a plugin, where a test of tests/fleet says in the environment how to reach it:
 * TOTPGROUP_TEST_PLUGIN, TOTPGROUP_TEST_CONNECTION of a superuser, TOTPGROUP_TEST_KEYS. */
#ifndef TOTPGROUP_TESTS_PLUGIN_STORE_H
#define TOTPGROUP_TESTS_PLUGIN_STORE_H

#include "test_support.h"

#include <dlfcn.h>
#include <stdlib.h>

#include "core/state.h"
#include "store/plugin.h"
#include "totpgroup.h"

static const struct store_plugin *plugin;

static inline bool plugin_is_given(void)
{
	return getenv("TOTPGROUP_TEST_PLUGIN") != NULL;
}

static inline void plugin_open(struct store **store, struct error *error)
{
	const struct store_plugin_settings settings = {
		.connection = getenv("TOTPGROUP_TEST_CONNECTION"),
		.key_file = getenv("TOTPGROUP_TEST_KEYS"),
		.host = "test",
		.deadline = 3,
		.connections = 2,
	};

	if (plugin == NULL) {
		void *object = dlopen(getenv("TOTPGROUP_TEST_PLUGIN"), RTLD_NOW);

		if (object == NULL)
			fail_msg("%s", dlerror());
		plugin = dlsym(object, STORE_PLUGIN_SYMBOL);
		assert_non_null(plugin);
	}
	if (plugin->open(store, &settings, error) != 0)
		fail_msg("%s", error->message);
}

/* What no host can do: forgets all users. */
static inline void plugin_empty(struct store *store)
{
	const struct store_statement statement = {
		.text = "delete from totpgroup.credential returning username", .columns = "t"};
	struct error error = ERROR_INIT;

	if (plugin->run(store, &statement, NULL, NULL, &error) != 0)
		fail_msg("%s", error.message);
}

static int write_same_state(const struct store_record *record, void *argument,
	struct store_change *change, struct error *error)
{
	const struct text *state = &record->state;

	(void)argument;
	(void)error;
	change->has_state = true;
	return state->length > 0 ? text_append(&change->state, state->data, state->length)
				 : text_append_string(&change->state, STATE_EMPTY);
}

/* Another host changes the credential. */
static inline void plugin_disturb(void)
{
	struct error error = ERROR_INIT;
	struct store_place *place;
	struct store *store;

	plugin_open(&store, &error);
	assert_int_equal(
		store_locate(store, &(struct store_user){"user", NULL}, &place, &error), 0);
	if (store_transact(place, write_same_state, NULL, &error) != 0)
		fail_msg("%s", error.message);
	store_release(place);
	store_close(store);
}

#endif
