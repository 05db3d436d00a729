#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes configure from configure.ac. Run once after a clone, then build out of tree.
set -e
cd "$(dirname "$0")"
exec autoreconf --install --force
