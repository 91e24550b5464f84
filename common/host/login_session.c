/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "host/login_session.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/number.h"

/* What the kernel says where no session was begun (audit(7)). */
#define AUDIT_SESSION_NONE UINT32_MAX

#define BOOT_ID_LENGTH 36

/* Fields of proc(5)'s stat, counted from the one behind the name, which is the third. */
enum stat_field {
	STAT_SESSION = 3,
	STAT_TERMINAL = 4,
	STAT_START = 19,
	STAT_FIELDS = 20,
};

/* Reads a file of /proc as text without the newline at its end. */
static bool read_line(const char *path, char *line, size_t size)
{
	int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t length = -1;

	if (descriptor >= 0) {
		length = read(descriptor, line, size - 1);
		close(descriptor);
	}
	if (length <= 0)
		return false;
	line[length] = '\0';
	line[strcspn(line, "\n")] = '\0';
	return true;
}

static bool read_boot_id(char boot_id[BOOT_ID_LENGTH + 1])
{
	return read_line("/proc/sys/kernel/random/boot_id", boot_id, BOOT_ID_LENGTH + 1) &&
	       strspn(boot_id, "0123456789abcdef-") == BOOT_ID_LENGTH;
}

static bool find_audit_session(int64_t *session)
{
	char line[32];

	return read_line("/proc/self/sessionid", line, sizeof line) &&
	       number_parse(line, strlen(line), 1, AUDIT_SESSION_NONE - 1, session);
}

/* The name in parentheses may hold anything, also blanks and parentheses. */
static bool read_stat(const char *path, int64_t fields[STAT_FIELDS])
{
	char line[1024], *rest = NULL;

	if (read_line(path, line, sizeof line))
		rest = strrchr(line, ')');
	if (rest == NULL || rest[1] != ' ')
		return false;
	rest += 2;
	for (size_t i = 0; i < STAT_FIELDS; i++) {
		size_t length = strcspn(rest, " ");

		/* The first is a letter, and some that are not needed may be negative. */
		if (!number_parse(rest, length, 0, INT64_MAX, &fields[i]))
			fields[i] = 0;
		rest += length;
		rest += strspn(rest, " ");
	}
	return true;
}

/* The terminal, and who leads its session since when. A session without its leader has lost
 * the terminal, or its number may be another process's by now. */
static bool find_terminal(int64_t *terminal, int64_t *leader, int64_t *start)
{
	int64_t self[STAT_FIELDS], head[STAT_FIELDS];
	char path[64];

	if (!read_stat("/proc/self/stat", self) || self[STAT_TERMINAL] == 0 ||
		self[STAT_SESSION] == 0)
		return false;
	snprintf(path, sizeof path, "/proc/%" PRId64 "/stat", self[STAT_SESSION]);
	if (!read_stat(path, head) || head[STAT_SESSION] != self[STAT_SESSION] ||
		head[STAT_TERMINAL] != self[STAT_TERMINAL] || head[STAT_START] == 0)
		return false;
	*terminal = self[STAT_TERMINAL];
	*leader = self[STAT_SESSION];
	*start = head[STAT_START];
	return true;
}

bool login_session_find(char name[LOGIN_SESSION_SIZE])
{
	char boot_id[BOOT_ID_LENGTH + 1];
	int64_t session, terminal, leader, start;

	if (!read_boot_id(boot_id))
		return false;
	if (find_audit_session(&session))
		snprintf(name, LOGIN_SESSION_SIZE, "%s:s%" PRId64, boot_id, session);
	else if (find_terminal(&terminal, &leader, &start))
		snprintf(name, LOGIN_SESSION_SIZE, "%s:t%" PRId64 ".%" PRId64 ".%" PRId64,
			boot_id, terminal, leader, start);
	else
		return false;
	return true;
}

int64_t login_session_uptime(void)
{
	struct timespec now;

	return clock_gettime(CLOCK_BOOTTIME, &now) == 0 ? now.tv_sec : -1;
}
