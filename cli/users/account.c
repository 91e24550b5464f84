/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/users/account.h"

#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/number.h"
#include "cli/ui/terminal.h"

static enum exit_status lookup_failed(void)
{
	terminal_complain("cannot read the user database: %s", strerror(errno));
	return STATUS_STORE_ERROR;
}

enum exit_status account_copy(struct account *account, const struct passwd *entry)
{
	account->uid = entry->pw_uid;
	account->gid = entry->pw_gid;
	account->is_caller = entry->pw_uid == getuid();
	account->name = strdup(entry->pw_name);
	if (account->name == NULL)
		return terminal_out_of_memory();
	if (entry->pw_dir == NULL || entry->pw_dir[0] != '/')
		return STATUS_DONE;
	account->home = strdup(entry->pw_dir);
	return account->home != NULL ? STATUS_DONE : terminal_out_of_memory();
}

/* A uid that the database does not know can still have a file: it is called
 * by its number. */
static enum exit_status name_by_number(struct account *account)
{
	account->uid = getuid();
	account->gid = getgid();
	account->is_caller = true;
	if (asprintf(&account->name, "%" PRIuMAX, (uintmax_t)account->uid) < 0) {
		account->name = NULL;
		return terminal_out_of_memory();
	}
	return STATUS_DONE;
}

static enum exit_status find_caller(struct account *account)
{
	const struct passwd *entry;

	errno = 0;
	entry = getpwuid(getuid());
	if (entry != NULL)
		return account_copy(account, entry);
	if (errno != 0 && errno != ENOENT && errno != ESRCH)
		return lookup_failed();
	return name_by_number(account);
}

static enum exit_status refuse(const char *why)
{
	terminal_complain("%s", why);
	return STATUS_NOT_PERMITTED;
}

/* refusal is for a caller who is neither that user nor root. */
static enum exit_status find_named(
	struct account *account, const char *user, const char *refusal)
{
	const struct passwd *entry;

	errno = 0;
	entry = getpwnam(user);
	if (entry == NULL && errno != 0 && errno != ENOENT && errno != ESRCH)
		return lookup_failed();
	if (getuid() != 0 && (entry == NULL || entry->pw_uid != getuid()))
		return refuse(refusal);
	if (entry == NULL) {
		terminal_complain("there is no user '%s'", user);
		return STATUS_USAGE;
	}
	return account_copy(account, entry);
}

enum exit_status account_find(struct account *account, const char *user)
{
	return user == NULL
		       ? find_caller(account)
		       : find_named(account, user, "only root may do that for another user");
}

enum exit_status account_find_uid(struct account *account, uid_t uid)
{
	const struct passwd *entry;

	errno = 0;
	entry = getpwuid(uid);
	if (entry != NULL)
		return account_copy(account, entry);
	if (errno != 0 && errno != ENOENT && errno != ESRCH)
		return lookup_failed();
	terminal_complain(
		"uid %" PRIuMAX ", which owns the folder, has no name", (uintmax_t)uid);
	return STATUS_NOT_PERMITTED;
}

/* True where any of root's rights are left or can be had again. */
static bool can_go_back(const struct account *account)
{
	uid_t real, effective, saved;

	if (getresuid(&real, &effective, &saved) != 0)
		return true;
	if (real != account->uid || effective != account->uid || saved != account->uid)
		return true;
	if (setuid(0) == 0 || seteuid(0) == 0)
		return true;
	return account->gid != 0 && (setgid(0) == 0 || setegid(0) == 0);
}

enum exit_status account_become(const struct account *account)
{
	if (account->is_caller)
		return STATUS_DONE;
	if (initgroups(account->name, account->gid) != 0 ||
		setresgid(account->gid, account->gid, account->gid) != 0 ||
		setresuid(account->uid, account->uid, account->uid) != 0) {
		terminal_complain("cannot act as %s: %s", account->name, strerror(errno));
		return STATUS_STORE_ERROR;
	}
	if (can_go_back(account)) {
		terminal_complain("cannot give up root's rights for good");
		return STATUS_STORE_ERROR;
	}
	return STATUS_DONE;
}

#define OTHERS_KEEP_IT                                                                         \
	"the secrets of this host are kept where users cannot read them: only root may do "    \
	"that, ask an administrator"

static enum exit_status find_owner(struct account *account, const char *owner)
{
	int64_t uid;

	if (!number_parse(owner, strlen(owner), 0, UINT32_MAX - 1, &uid))
		return find_named(account, owner, OTHERS_KEEP_IT);
	if (getuid() != 0 && getuid() != (uid_t)uid)
		return refuse(OTHERS_KEEP_IT);
	return account_find_uid(account, (uid_t)uid);
}

enum exit_status account_find_and_become(
	struct account *account, const char *user, const char *owner)
{
	struct account identity = {0};
	enum exit_status status = account_find(account, user);

	if (status != STATUS_DONE || owner == NULL)
		return status == STATUS_DONE ? account_become(account) : status;
	status = find_owner(&identity, owner);
	if (status == STATUS_DONE)
		status = account_become(&identity);
	account_free(&identity);
	return status;
}

void account_free(struct account *account)
{
	free(account->name);
	free(account->home);
	*account = (struct account){0};
}
