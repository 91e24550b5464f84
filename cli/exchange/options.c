/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/exchange/options.h"

#include <getopt.h>
#include <stddef.h>

#include "cli/ui/terminal.h"

/* What getopt_long() returns for each. */
enum {
	FORMAT = 'F',
	USER = 'U',
	SECRET = 's',
	CONF = 'c',
	ISSUER = 'i',
	OUTPUT = 'o',
	DRY_RUN = 'D'
};

static const struct option import_options[] = {
	{"from", required_argument, NULL, FORMAT},
	{"user", required_argument, NULL, USER},
	{"secret", required_argument, NULL, SECRET},
	{"conf", required_argument, NULL, CONF},
	{"force", no_argument, NULL, 'f'},
	{"dry-run", no_argument, NULL, DRY_RUN},
	{"quiet", no_argument, NULL, 'q'},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

static const struct option export_options[] = {
	{"to", required_argument, NULL, FORMAT},
	{"secret", required_argument, NULL, SECRET},
	{"conf", required_argument, NULL, CONF},
	{"issuer", required_argument, NULL, ISSUER},
	{"output", required_argument, NULL, OUTPUT},
	{"force", no_argument, NULL, 'f'},
	{"quiet", no_argument, NULL, 'q'},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

static enum exit_status store_format(struct transfer_options *options)
{
	options->format = transfer_format_parse(optarg);
	if (options->format != FORMAT_UNKNOWN)
		return STATUS_DONE;
	terminal_complain("unknown format '%s'; there are " TRANSFER_FORMAT_NAMES, optarg);
	return STATUS_USAGE;
}

static enum exit_status store_string(const char **to, const char *name, bool may_be_empty)
{
	if (*to != NULL) {
		terminal_complain("--%s is given twice", name);
		return STATUS_USAGE;
	}
	if (optarg[0] == '\0' && !may_be_empty) {
		terminal_complain("--%s must not be empty", name);
		return STATUS_USAGE;
	}
	*to = optarg;
	return STATUS_DONE;
}

static enum exit_status store(struct transfer_options *options, int value, const char *word)
{
	switch (value) {
	case FORMAT:
		return store_format(options);
	case USER:
		return store_string(&options->user, "user", false);
	case SECRET:
		return store_string(&options->secret, "secret", false);
	case CONF:
		return store_string(&options->conf, "conf", false);
	case ISSUER:
		return store_string(&options->issuer, "issuer", true);
	case OUTPUT:
		return store_string(&options->output, "output", false);
	case 'f':
		options->force = true;
		return STATUS_DONE;
	case DRY_RUN:
		options->dry_run = true;
		return STATUS_DONE;
	case 'q':
		options->quiet = true;
		return STATUS_DONE;
	case 'h':
		options->help = true;
		return STATUS_DONE;
	default:
		terminal_complain("'%s': %s; see totp-enroll --help", word,
			value == ':' ? "an argument is missing" : "unknown or misused option");
		return STATUS_USAGE;
	}
}

static enum exit_status read_options(struct transfer_options *options,
	const struct option *known, const char *letters, int argc, char **argv)
{
	enum exit_status status = STATUS_DONE;
	int value;

	opterr = 0;
	optind = 0;
	while (status == STATUS_DONE && !options->help &&
		(value = getopt_long(argc, argv, letters, known, NULL)) != -1)
		status = store(options, value, argv[optind - 1]);
	options->words = argv + optind;
	options->word_count = argc - optind;
	return status;
}

enum exit_status import_options_read(struct transfer_options *options, int argc, char **argv)
{
	return read_options(options, import_options, ":fqh", argc, argv);
}

enum exit_status export_options_read(struct transfer_options *options, int argc, char **argv)
{
	return read_options(options, export_options, ":fqh", argc, argv);
}
