/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The questions of an enrollment, in google-authenticator's order. Each is
 * asked only where the options leave it open, and returns STATUS_DONE, or
 * STATUS_REFUSED at the end of the input. */
#ifndef TOTPGROUP_CLI_UI_QUESTIONS_H
#define TOTPGROUP_CLI_UI_QUESTIONS_H

#include <stdbool.h>

#include "cli/commands.h"
#include "cli/enroll/options.h"
#include "core/new_credential.h"

enum exit_status question_time_based(
	const struct enroll_options *options, struct new_credential *credential);

/* *write is false where the answer is no. */
enum exit_status question_write(
	const struct enroll_options *options, const char *path, bool exists, bool *write);

enum exit_status question_reuse(
	const struct enroll_options *options, struct new_credential *credential);

enum exit_status question_window(
	const struct enroll_options *options, struct new_credential *credential);

enum exit_status question_rate_limit(
	const struct enroll_options *options, struct new_credential *credential);

/* Shall a new device take the place of the one of that name? */
enum exit_status question_replace_device(const char *path, const char *device, bool *yes);

/* What an empty answer to each of them says, where nobody is asked. */
void questions_take_defaults(
	const struct enroll_options *options, struct new_credential *credential);

/* Shall new emergency codes replace so many old ones in the file? */
enum exit_status question_new_codes(const char *path, unsigned int old, bool *yes);

#endif
