/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* verify [SOCKET]: asks the verifier about the user and the code on standard input.
 * cc -o verify verify.c $(pkg-config --cflags --libs json-c) */

#include <json-c/json.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#define REPLY_SIZE 4096

/* Sends the request and reads the reply up to its NUL. Returns its length, or 0 for none. */
static size_t call(const char *path, const char *request, char reply[REPLY_SIZE])
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct timeval limit = {.tv_sec = 10};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), byte = EOF;
	FILE *verifier = fdopen(fd, "r+");
	size_t length = 0;

	if (verifier == NULL ||
		strlen(strncpy(address.sun_path, path, sizeof address.sun_path - 1)) !=
			strlen(path) ||
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) != 0 ||
		connect(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
		fwrite(request, strlen(request) + 1, 1, verifier) != 1 || fflush(verifier) != 0)
		perror(path);
	else
		while (length < REPLY_SIZE - 1 && (byte = getc(verifier)) > 0)
			reply[length++] = (char)byte;
	reply[length] = '\0';
	if (verifier != NULL)
		fclose(verifier);
	return byte == 0 ? length : 0;
}

/* Returns "accepted", "refused" or "limited" if that is the result, else NULL. */
static const char *verdict(struct json_object *reply)
{
	static const char *const verdicts[] = {"accepted", "refused", "limited", NULL};
	struct json_object *value;
	const char *const *found = verdicts;

	if (json_object_object_get_ex(reply, "error", NULL) ||
		!json_object_object_get_ex(reply, "parameters", &value) ||
		!json_object_object_get_ex(value, "result", &value) ||
		!json_object_is_type(value, json_type_string))
		return NULL;
	while (*found != NULL &&
		(strcmp(*found, json_object_get_string(value)) != 0 ||
			strlen(*found) != (size_t)json_object_get_string_len(value)))
		found++;
	return *found;
}

static const char *verify(const char *user, const char *code, const char *path)
{
	struct json_object *request = json_object_new_object(),
			   *parameters = json_object_new_object();
	struct json_tokener *tokener = json_tokener_new();
	char reply[REPLY_SIZE];
	size_t length;
	const char *result = NULL;

	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	json_object_object_add(parameters, "user", json_object_new_string(user));
	json_object_object_add(parameters, "code", json_object_new_string(code));
	json_object_object_add(
		request, "method", json_object_new_string("org.totpgroup.Verify.Verify"));
	json_object_object_add(request, "parameters", parameters);
	length = call(path, json_object_to_json_string(request), reply);
	json_object_put(request);
	if (length > 0) {
		request = json_tokener_parse_ex(tokener, reply, (int)length + 1);
		result = verdict(request);
		json_object_put(request);
	}
	if (result == NULL)
		fprintf(stderr, "verify: %s: no verdict: %s\n", path,
			length > 0 ? reply : "no reply");
	json_tokener_free(tokener);
	return result;
}

int main(int argc, char **argv)
{
	char *line[2] = {NULL, NULL};
	const char *result = NULL;
	size_t size[2] = {0, 0};

	signal(SIGPIPE, SIG_IGN);
	if (getline(&line[0], &size[0], stdin) > 0 && getline(&line[1], &size[1], stdin) > 0) {
		line[0][strcspn(line[0], "\n")] = line[1][strcspn(line[1], "\n")] = '\0';
		result = verify(line[0], line[1], argc > 1 ? argv[1] : "/run/totpgroup/verify");
	}
	free(line[0]);
	free(line[1]);
	if (result == NULL)
		return 6;
	puts(result);
	return strcmp(result, "accepted") == 0 ? 0 : strcmp(result, "limited") == 0 ? 4 : 1;
}
