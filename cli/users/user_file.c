/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/users/user_file.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/number.h"
#include "base/wipe.h"
#include "cli/ui/terminal.h"
#include "config/configuration.h"
#include "host/user_entry.h"
#include "store/file_store.h"
#include "store/parent_folders.h"
#include "store/secret_path.h"
#include "totpgroup.h"

/* What the child does. */
struct task {
	const struct user_file *file;
	rights_work work;
	void *argument;
	size_t size;
};

/* What it answers; the argument and the text follow. */
struct answer {
	int status;
	struct error error;
	size_t length;
};

/* A new file, which may replace the one that is there. */
struct creation {
	struct credential_place place;
	const struct text *text;
	bool replace;
	bool make_folders; /* root's own that are missing */
};

static enum exit_status find_account(
	struct user_file *file, const char *user, struct error *error)
{
	const struct passwd *entry;
	enum exit_status status;

	if (user != NULL) {
		errno = 0;
		entry = getpwnam(user);
		if (entry == NULL) {
			error_set(error, TOTPGROUP_ENOTFOUND, "there is no user '%s'", user);
			return STATUS_USAGE;
		}
		if (getuid() != 0 && entry->pw_uid != getuid()) {
			error_set(error, TOTPGROUP_EUNSAFE,
				"only root may do that for another user");
			return STATUS_NOT_PERMITTED;
		}
	}
	status = account_find(&file->account, user);
	if (status != STATUS_DONE)
		error_set(error, TOTPGROUP_ESYSTEM, "cannot be found in the user database");
	return status;
}

/* Whose the path is: the first owner on the way to the file who is not root.
 * What root owns, others cannot lead elsewhere. */
static int find_owner(const char *path, uid_t *owner, struct error *error)
{
	char *folder = strdup(path);
	struct stat status;
	int result = 0;

	*owner = 0;
	if (folder == NULL)
		return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	for (char *slash = strchr(folder + 1, '/'); slash != NULL && *owner == 0;
		slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (lstat(folder, &status) != 0) {
			result = error_set_system(
				error, TOTPGROUP_ESYSTEM, "cannot examine %s", folder);
			break;
		}
		*owner = status.st_uid;
		if (*owner == 0 && S_ISDIR(status.st_mode) &&
			(status.st_mode & (S_IWGRP | S_IWOTH)) != 0 &&
			(status.st_mode & S_ISVTX) == 0) {
			result = error_set(
				error, TOTPGROUP_EUNSAFE, "%s: others may write there", folder);
			break;
		}
		*slash = '/';
	}
	free(folder);
	return result;
}

/* Whether the path has the home folder in it: without one it cannot be had. */
static bool is_in_home(const char *specification, const char *user)
{
	struct error ignored = ERROR_INIT;
	char *path;
	bool in_home = secret_path_expand(specification, user, NULL, &path, &ignored) != 0;

	free(path);
	return in_home;
}

static int choose_identity(
	struct user_file *file, const char *specification, struct error *error)
{
	uid_t owner;
	int status;

	file->as_user = true;
	if (getuid() != 0 || is_in_home(specification, file->account.name))
		return 0;
	status = find_owner(file->path, &owner, error);
	file->as_user = owner != 0;
	if (status == 0 && owner != 0 && owner != file->account.uid)
		status = error_set(error, TOTPGROUP_EUNSAFE,
			"%s: a folder of another user is on the way there", file->path);
	return status;
}

static enum exit_status find_path(
	struct user_file *file, const char *specification, struct error *error)
{
	if (secret_path_expand(specification, file->account.name, file->account.home,
		    &file->path, error) != 0 ||
		choose_identity(file, specification, error) != 0)
		return STATUS_STORE_ERROR;
	return STATUS_DONE;
}

/* Whose files the module's option user= says that they are. */
static enum exit_status find_owner_of_all(
	struct user_file *file, const char *user, struct error *error)
{
	struct user_entry *entry = NULL;
	enum exit_status status = STATUS_STORE_ERROR;
	int64_t uid;
	int result;

	if (number_parse(user, strlen(user), 0, UINT32_MAX - 1, &uid))
		result = user_entry_by_uid(&entry, (uid_t)uid, error);
	else
		result = user_entry_by_name(&entry, user, error);
	if (result != 0)
		return STATUS_STORE_ERROR;
	file->as_owner = true;
	if (entry == NULL)
		error_set(error, TOTPGROUP_ECONFIG, "option user=%s: no such user", user);
	else if (getuid() != 0 && getuid() != entry->passwd.pw_uid)
		status = STATUS_NOT_PERMITTED;
	else
		status = account_copy(&file->owner, &entry->passwd);
	if (status == STATUS_NOT_PERMITTED)
		error_set(error, TOTPGROUP_EUNSAFE,
			"only root may do that: the secrets of this host are kept where users "
			"cannot read them");
	free(entry);
	return status;
}

/* Where a login looks, when the account is known. */
static enum exit_status find_login_path(struct user_file *file,
	const struct host_defaults *defaults, const char *specification, struct error *error)
{
	const struct options *options = &defaults->configuration->options;
	const char *home;

	file->as_login = true;
	file->allowed_mode = options->allowed_perm;
	file->any_owner = options->no_strict_owner;
	if (specification != NULL)
		return find_path(file, specification, error);
	file->as_user = options->user == NULL;
	home = file->as_user ? file->account.home : NULL;
	if (secret_path_expand(options->secret != NULL ? options->secret : SECRET_PATH_DEFAULT,
		    file->account.name, home, &file->path, error) != 0)
		return STATUS_STORE_ERROR;
	return file->as_user ? STATUS_DONE : find_owner_of_all(file, options->user, error);
}

enum exit_status user_file_find_for_login(struct user_file *file, const char *user,
	const struct host_defaults *defaults, const char *specification, struct error *error)
{
	enum exit_status status = find_account(file, user, error);

	if (status != STATUS_DONE)
		return status;
	return find_login_path(file, defaults, specification, error);
}

enum exit_status user_file_find_for_entry(struct user_file *file, const struct passwd *entry,
	const struct host_defaults *defaults, const char *specification, struct error *error)
{
	enum exit_status status = account_copy(&file->account, entry);

	if (status != STATUS_DONE) {
		error_set(error, TOTPGROUP_EMEMORY, "out of memory");
		return status;
	}
	return find_login_path(file, defaults, specification, error);
}

static bool write_all(int fd, const void *data, size_t length)
{
	const char *at = data;

	while (length > 0) {
		ssize_t n = write(fd, at, length);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0) {
			at += n;
			length -= (size_t)n;
		}
	}
	return true;
}

static bool read_all(int fd, void *data, size_t length)
{
	char *at = data;

	while (length > 0) {
		ssize_t n = read(fd, at, length);

		if (n == 0 || (n < 0 && errno != EINTR))
			return false;
		if (n > 0) {
			at += n;
			length -= (size_t)n;
		}
	}
	return true;
}

/* A signal in the middle would leave a temporary file with the secret. */
static void hold_signals(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGQUIT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGTSTP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
}

/* Whose rights are taken on; NULL where the caller's own do. */
static const struct account *identity_of(const struct user_file *file)
{
	const struct account *identity = file->as_owner ? &file->owner : &file->account;

	return file->as_user || file->as_owner ? identity : NULL;
}

static int perform(const struct task *task, struct text *text, struct error *error)
{
	const struct account *identity = identity_of(task->file);

	if (identity != NULL && account_become(identity) != STATUS_DONE)
		return error_set(error, TOTPGROUP_ESYSTEM, "cannot act as %s", identity->name);
	hold_signals();
	return task->work(task->argument, text, error);
}

__attribute__((noreturn)) static void be_child(const struct task *task, int fd)
{
	struct text text = TEXT_INIT;
	struct answer answer = {.error = ERROR_INIT};
	bool written;

	answer.status = perform(task, &text, &answer.error);
	answer.length = text.length;
	written = write_all(fd, &answer, sizeof answer) &&
		  write_all(fd, task->argument, task->size) &&
		  write_all(fd, text.data, text.length);
	text_free(&text);
	_exit(written ? 0 : 1);
}

static int died(struct error *error)
{
	return error_set(error, TOTPGROUP_ESYSTEM, "the process that was to do it died");
}

static int take_text(int fd, size_t length, struct text *text, struct error *error)
{
	char *buffer = malloc(length + 1);
	int status;

	if (buffer == NULL)
		return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	if (!read_all(fd, buffer, length))
		status = died(error);
	else if ((status = text_append(text, buffer, length)) != 0)
		error_set(error, status, "out of memory");
	wipe_free(buffer, length + 1);
	return status;
}

static int take_answer(int fd, const struct task *task, struct text *text, struct error *error)
{
	struct answer answer;
	int status = 0;

	if (!read_all(fd, &answer, sizeof answer) || !read_all(fd, task->argument, task->size))
		return died(error);
	*error = answer.error;
	if (text != NULL)
		status = take_text(fd, answer.length, text, error);
	return answer.status != 0 ? answer.status : status;
}

static int run(const struct task *task, struct text *text, struct error *error)
{
	int ends[2];
	pid_t child;
	int status;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return error_set_system(error, TOTPGROUP_ESYSTEM, "cannot make a pipe");
	child = fork();
	if (child == 0) {
		close(ends[0]);
		be_child(task, ends[1]);
	}
	close(ends[1]);
	if (child < 0)
		status = error_set_system(error, TOTPGROUP_ESYSTEM, "cannot start a process");
	else
		status = take_answer(ends[0], task, text, error);
	close(ends[0]);
	/* What came of it stands in the answer. */
	while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	return status;
}

static int with_rights(void *context, rights_work work, void *argument, size_t size,
	struct text *text, struct error *error)
{
	const struct task task = {context, work, argument, size};

	return run(&task, text, error);
}

struct credential_place user_file_place(const struct user_file *file)
{
	const struct account *identity = identity_of(file);
	struct credential_place place = {
		.rules = {.path = file->path,
			.any_owner = file->any_owner,
			.allowed_mode = file->as_login ? file->allowed_mode : 0600},
		.with_rights = with_rights,
		.context = (void *)(uintptr_t)file,
	};

	place.rules.owner = identity != NULL ? identity->uid : geteuid();
	place.rules.own_file = file->as_user && (place.rules.owner != 0 || file->as_login);
	return place;
}

bool user_file_is_callers(const struct user_file *file)
{
	const struct account *identity = identity_of(file);

	return identity == NULL || identity->is_caller;
}

int user_file_read(const struct user_file *file, struct text *text, struct error *error)
{
	const struct credential_place place = user_file_place(file);

	/* No rights are taken on then, and nothing is left by a signal. */
	if (user_file_is_callers(file))
		return file_store_look(&place.rules, text, error);
	return credential_place_read(&place, text, error);
}

static int create(void *argument, struct text *text, struct error *error)
{
	const struct creation *creation = argument;
	const struct file_store_rules *rules = &creation->place.rules;
	int status = 0;

	(void)text;
	if (creation->make_folders)
		status = parent_folders_make(rules->path, error);
	if (status != 0)
		return status;
	return file_store_create(rules, creation->text, 0400, creation->replace, error);
}

/* Where a login looks, and where they are root's own. */
static bool may_make_folders(const struct user_file *file)
{
	return file->as_login && !file->as_user && user_file_place(file).rules.owner == 0;
}

int user_file_make_folders(const struct user_file *file, struct error *error)
{
	return may_make_folders(file) ? parent_folders_make(file->path, error) : 0;
}

int user_file_write(const struct user_file *file, const struct text *text, bool replace,
	struct error *error)
{
	struct creation creation = {
		user_file_place(file), text, replace, may_make_folders(file)};

	return with_rights(
		creation.place.context, create, &creation, sizeof creation, NULL, error);
}

void user_file_free(struct user_file *file)
{
	account_free(&file->owner);
	account_free(&file->account);
	free(file->path);
	*file = (struct user_file){0};
}
