/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* verify_by_library CONF USER CODE [fork]: verifies a code by the library, before that in a
 * child where that is asked for, and prints the method, or the reason and the message of the handle. */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "totpgroup.h"

static void report(totpgroup_handle *handle, const char *user, const char *code)
{
	struct totpgroup_request request = TOTPGROUP_REQUEST_INIT;
	struct totpgroup_result result;
	int status;

	request.user = user;
	request.code = code;
	request.service = "web";
	request.peer = "192.0.2.9";
	status = totpgroup_verify(handle, &request, &result);
	if (status == 0 && result.verdict == TOTPGROUP_ACCEPTED)
		printf("accepted %s\n", totpgroup_method_name(result.method));
	else
		printf("refused %s %s\n", totpgroup_reason_name(result.reason),
			totpgroup_message(handle));
	(void)fflush(stdout);
}

int main(int argc, char **argv)
{
	totpgroup_handle *handle;
	int status;

	if (argc < 4)
		return 2;
	status = totpgroup_open(&handle, argv[1]);
	if (status != 0) {
		printf("closed %s\n", totpgroup_message(handle));
		totpgroup_close(handle);
		return 0;
	}
	if (argc > 4) {
		/* The connections are made by then. */
		report(handle, argv[2], "no code");
		if (fork() == 0) {
			report(handle, argv[2], argv[3]);
			totpgroup_close(handle);
			_exit(0);
		}
		(void)wait(NULL);
	}
	report(handle, argv[2], argv[3]);
	totpgroup_close(handle);
	return 0;
}
