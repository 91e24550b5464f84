/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/users/target.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/ui/terminal.h"
#include "store/locked_file.h"
#include "store/parent_folders.h"
#include "store/secret_path.h"
#include "totpgroup.h"

static enum exit_status make_absolute(const char *file, char **path)
{
	char *folder;
	int length;

	if (file[0] == '/') {
		*path = strdup(file);
		return *path != NULL ? STATUS_DONE : terminal_out_of_memory();
	}
	folder = getcwd(NULL, 0);
	if (folder == NULL) {
		terminal_complain("cannot tell the current folder: %s", strerror(errno));
		return STATUS_STORE_ERROR;
	}
	length = asprintf(path, "%s/%s", strcmp(folder, "/") == 0 ? "" : folder, file);
	free(folder);
	if (length >= 0)
		return STATUS_DONE;
	*path = NULL;
	return terminal_out_of_memory();
}

static bool is_same_folder(const struct stat *folder, const char *other)
{
	struct stat status;

	return other != NULL && stat(other, &status) == 0 && status.st_dev == folder->st_dev &&
	       status.st_ino == folder->st_ino;
}

/* HOME, where it can be believed: under sudo it may well be another user's.
 * NULL where the user database's folder is to be used. */
static const char *home_from_environment(const struct account *account)
{
	const char *home = getenv("HOME");
	struct stat status;

	if (!account->is_caller || home == NULL || home[0] != '/')
		return NULL;
	if (stat(home, &status) != 0 || !S_ISDIR(status.st_mode))
		return NULL;
	if (status.st_uid != account->uid || is_same_folder(&status, account->home))
		return NULL;
	return home;
}

static enum exit_status find_in_home(
	struct target *target, const struct account *account, bool quiet)
{
	struct error error = ERROR_INIT;
	const char *environment = home_from_environment(account);
	const char *home = environment != NULL ? environment : account->home;

	if (home == NULL) {
		terminal_complain(
			"%s has no home folder; name a file with --secret", account->name);
		return STATUS_STORE_ERROR;
	}
	if (secret_path_expand(
		    SECRET_PATH_DEFAULT, account->name, home, &target->path, &error) != 0) {
		terminal_complain_error(&error);
		return STATUS_STORE_ERROR;
	}
	target->own_file = true;
	if (environment != NULL && !quiet)
		terminal_complain("HOME says that the file is %s; a login looks in %s",
			target->path, account->home != NULL ? account->home : "no folder");
	return STATUS_DONE;
}

/* The folder that path is in, not following a link at its end. The caller
 * frees it. */
static char *folder_of(const char *path)
{
	char *copy = strdup(path);
	char *folder = copy != NULL ? strdup(dirname(copy)) : NULL;

	free(copy);
	return folder;
}

static enum exit_status become_owner(struct account *account, uid_t owner)
{
	enum exit_status status;

	account_free(account);
	status = account_find_uid(account, owner);
	return status == STATUS_DONE ? account_become(account) : status;
}

/* In a folder of another user root would be led wherever that user likes, and
 * the file would be of no use there: it has to belong to that user. */
static enum exit_status choose_identity(struct target *target, struct account *account)
{
	struct stat status;
	char *folder;
	bool found;

	target->own_file = account->uid != 0;
	if (target->own_file)
		return STATUS_DONE;
	folder = folder_of(target->path);
	found = folder != NULL && stat(folder, &status) == 0;
	free(folder);
	if (!found || status.st_uid == 0)
		return STATUS_DONE;
	target->own_file = true;
	return become_owner(account, status.st_uid);
}

/* Where the module looks, too. */
static enum exit_status find_configured(struct target *target,
	const struct host_defaults *defaults, const struct account *account)
{
	const char *home = defaults->user == NULL ? account->home : NULL;
	struct error error = ERROR_INIT;

	target->own_file = defaults->user == NULL;
	target->in_system_store = !target->own_file;
	if (secret_path_expand(defaults->secret, account->name, home, &target->path, &error) ==
		0)
		return STATUS_DONE;
	terminal_complain_error(&error);
	return STATUS_STORE_ERROR;
}

enum exit_status target_find(struct target *target, const struct enroll_options *options,
	const struct host_defaults *defaults, struct account *account)
{
	enum exit_status status;

	if (options->secret == NULL && defaults->secret != NULL)
		return find_configured(target, defaults, account);
	if (options->secret == NULL)
		return find_in_home(target, account, options->quiet != 0);
	status = make_absolute(options->secret, &target->path);
	return status == STATUS_DONE ? choose_identity(target, account) : status;
}

/* Root makes it when there is something to write; others would need root for that. */
static enum exit_status promise_folder(const char *folder)
{
	if (geteuid() == 0)
		return STATUS_DONE;
	terminal_complain("there is no folder %s: as root, install -d -m 0700 -o %u %s", folder,
		(unsigned int)geteuid(), folder);
	return STATUS_STORE_ERROR;
}

static int make_folders(const struct target *target, struct error *error)
{
	if (!target->in_system_store || geteuid() != 0)
		return 0;
	return parent_folders_make(target->path, error);
}

static enum exit_status look_at_folder(const struct target *target, const char *folder)
{
	struct stat status;

	if (target->in_system_store && stat(folder, &status) != 0 && errno == ENOENT)
		return promise_folder(folder);
	if (stat(folder, &status) != 0 ||
		faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) != 0) {
		terminal_complain("cannot write in %s: %s", folder, strerror(errno));
		return STATUS_STORE_ERROR;
	}
	if (!target->own_file && (status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
		terminal_complain(
			"root's secret would not be safe in %s: others may write there",
			folder);
		return STATUS_STORE_ERROR;
	}
	return STATUS_DONE;
}

static enum exit_status look_at_file(const struct target *target, bool *exists)
{
	struct stat status;

	*exists = stat(target->path, &status) == 0;
	if (!*exists && errno == ENOENT)
		return STATUS_DONE;
	if (!*exists)
		terminal_complain("cannot examine %s: %s", target->path, strerror(errno));
	else if (!S_ISREG(status.st_mode))
		terminal_complain("%s: not a regular file", target->path);
	else if (target->own_file && status.st_uid != geteuid())
		terminal_complain("%s: belongs to another user", target->path);
	else if (faccessat(AT_FDCWD, target->path, R_OK, AT_EACCESS) != 0)
		terminal_complain(
			"cannot read %s: %s; chmod it", target->path, strerror(errno));
	else
		return STATUS_DONE;
	return STATUS_STORE_ERROR;
}

enum exit_status target_look(const struct target *target, bool *exists)
{
	enum exit_status status = look_at_file(target, exists);
	char *real;
	char *folder;

	if (status != STATUS_DONE)
		return status;
	/* A file that is a link is replaced where it really is. */
	real = *exists ? realpath(target->path, NULL) : NULL;
	folder = folder_of(real != NULL ? real : target->path);
	status = folder != NULL ? look_at_folder(target, folder) : terminal_out_of_memory();
	free(real);
	free(folder);
	return status;
}

void target_hold_signals(void)
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

struct file_rules target_rules(const struct target *target)
{
	return (struct file_rules){
		.path = target->path,
		.owner = geteuid(),
		.allowed_mode = 0600,
		.own_file = target->own_file,
	};
}

enum exit_status target_write(
	const struct target *target, const struct text *text, bool replace)
{
	const struct file_rules rules = target_rules(target);
	struct error error = ERROR_INIT;

	target_hold_signals();
	if (make_folders(target, &error) == 0 &&
		locked_file_create(&rules, text, 0400, replace, &error) == 0)
		return STATUS_DONE;
	terminal_complain_error(&error);
	return STATUS_STORE_ERROR;
}

void target_free(struct target *target)
{
	free(target->path);
	*target = (struct target){0};
}
