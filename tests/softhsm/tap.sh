#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An agent with a tap on its pipes: runs it and keeps a copy of all that it reads (.in), writes (.out)
# and says on standard error (.log). One set of files for each process.
#
#   tap.sh FOLDER AGENT
set -u
copy=$1/$$
{ tee "$copy.in" | "$2" 2>&1 >&3 3>&- | tee "$copy.log" >&2 3>&-; } 3>&1 | tee "$copy.out"
