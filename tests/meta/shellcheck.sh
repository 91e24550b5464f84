#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# In no shell script, whatever its name, does shellcheck find anything.
. "$(dirname "$0")/lib.sh"
need shellcheck shellcheck || finish

for file in bootstrap $(sources '*'); do
	head -n 1 "$file" | grep -aqE '^#!.*\b(ba)?sh$' || [ "$file" = tests/meta/lib.sh ] || continue
	shellcheck --external-sources --source-path=SCRIPTDIR "$file"
	result $? "$file"
done
finish
