/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "store/secret_path.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "totpgroup.h"

#define USER_NAME_MAXIMUM 255
/* As durable_file.c has them. */
#define TEMPORARY_LETTERS 6
#define HOME_WORD	  "${HOME}"
#define USER_WORD	  "${USER}"
#define VARIABLE_BYTES	  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"
/* Of a path and of a variable in a message, which must have room for its end. */
#define SHOWN_PATH_MAX	   100
#define SHOWN_VARIABLE_MAX 32

/* What is expanded, and how far it has come. */
struct expansion {
	const char *option; /* for messages */
	const char *user;
	const char *home;
	char *path; /* NULL while only the length is found */
	size_t length;
};

/* Whether the name is that of another user's temporary file, which the next
 * writer removes. */
static bool looks_temporary(const char *user)
{
	const char *tilde = strrchr(user, '~');

	return tilde != NULL && strlen(tilde + 1) == TEMPORARY_LETTERS &&
	       strspn(tilde + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				 "0123456789") == TEMPORARY_LETTERS;
}

bool secret_path_user_is_safe(const char *user)
{
	if (*user == '\0' || *user == '.' || strlen(user) > USER_NAME_MAXIMUM ||
		looks_temporary(user))
		return false;
	for (; *user != '\0'; user++) {
		unsigned char byte = (unsigned char)*user;

		if (byte == '/' || byte < ' ' || byte == 0x7f)
			return false;
	}
	return true;
}

static int append(
	struct expansion *expansion, const char *text, size_t length, struct error *error)
{
	if (length >= PATH_MAX - expansion->length)
		return error_set(error, TOTPGROUP_EARGUMENT,
			"%s= gives a path that is too long; at most %d bytes are allowed",
			expansion->option, PATH_MAX - 1);
	if (expansion->path != NULL)
		memcpy(expansion->path + expansion->length, text, length);
	expansion->length += length;
	return 0;
}

static int append_home(struct expansion *expansion, struct error *error)
{
	if (expansion->home == NULL)
		return error_set(error, TOTPGROUP_EARGUMENT,
			"%s= needs a home directory and there is none to use; give an "
			"absolute path without ~ and ${HOME}",
			expansion->option);
	if (expansion->home[0] != '/')
		return error_set(error, TOTPGROUP_EARGUMENT,
			"%s= needs the home directory, which is not an absolute path; "
			"correct the user's entry in the user database",
			expansion->option);
	return append(expansion, expansion->home, strlen(expansion->home), error);
}

static int append_user(struct expansion *expansion, struct error *error)
{
	if (!secret_path_user_is_safe(expansion->user))
		return error_set(error, TOTPGROUP_EARGUMENT,
			"%s= holds ${USER}, and this user's name is not safe as a file "
			"name; give a path without ${USER}",
			expansion->option);
	return append(expansion, expansion->user, strlen(expansion->user), error);
}

static bool starts_with(const char *text, const char *word)
{
	return strncmp(text, word, strlen(word)) == 0;
}

/* The length of what looks like a variable at that '$'. */
static size_t variable_length(const char *dollar)
{
	size_t length = dollar[1] == '{' ? 2 : 1;

	length += strspn(dollar + length, VARIABLE_BYTES);
	if (dollar[1] == '{' && dollar[length] == '}')
		length++;
	return length < SHOWN_VARIABLE_MAX ? length : SHOWN_VARIABLE_MAX;
}

int option_path_check(const char *option, const char *specification, struct error *error)
{
	const char *at = strchr(specification, '$');

	while (at != NULL && (starts_with(at, HOME_WORD) || starts_with(at, USER_WORD)))
		at = strchr(at + 1, '$');
	if (at == NULL)
		return 0;
	return error_set(error, TOTPGROUP_ECONFIG,
		"option %s=%.*s%s: unknown variable %.*s; use ${USER} or ${HOME}", option,
		SHOWN_PATH_MAX, specification,
		strlen(specification) > SHOWN_PATH_MAX ? "..." : "", (int)variable_length(at),
		at);
}

/* Expands what stands at *at and moves *at behind it. Only the specification
 * is looked at, so what was put in is never expanded again. */
static int expand_one(struct expansion *expansion, const char *specification, const char **at,
	struct error *error)
{
	const char *here = *at;
	size_t plain;

	if (starts_with(here, HOME_WORD)) {
		*at += strlen(HOME_WORD);
		return append_home(expansion, error);
	}
	if (starts_with(here, USER_WORD)) {
		*at += strlen(USER_WORD);
		return append_user(expansion, error);
	}
	if (*here == '~' && (here == specification || here[-1] == '/')) {
		*at += 1;
		return append_home(expansion, error);
	}
	plain = 1 + strcspn(here + 1, "~$");
	*at += plain;
	return append(expansion, here, plain, error);
}

static int expand(struct expansion *expansion, const char *specification, struct error *error)
{
	int code = 0;

	expansion->length = 0;
	for (const char *at = specification; code == 0 && *at != '\0';)
		code = expand_one(expansion, specification, &at, error);
	return code;
}

int option_path_expand(const char *option, const char *specification, const char *user,
	const char *home, char **path, struct error *error)
{
	struct expansion expansion = {option, user, home, NULL, 0};
	int code = option_path_check(option, specification, error);

	*path = NULL;
	if (code != 0)
		return code;
	code = expand(&expansion, specification, error);
	if (code != 0)
		return code;
	expansion.path = malloc(expansion.length + 1);
	if (expansion.path == NULL)
		return error_set(error, TOTPGROUP_EMEMORY,
			"the path of %s= cannot be formed: out of memory", option);
	code = expand(&expansion, specification, error);
	expansion.path[expansion.length] = '\0';
	if (code == 0 && expansion.path[0] != '/')
		code = error_set(error, TOTPGROUP_EARGUMENT,
			"%s= gives a path that is not absolute; begin it with /, ~ or "
			"${HOME}",
			option);
	if (code == 0)
		*path = expansion.path;
	else
		free(expansion.path);
	return code;
}

int secret_path_expand(const char *specification, const char *user, const char *home,
	char **path, struct error *error)
{
	return option_path_expand("secret", specification, user, home, path, error);
}
