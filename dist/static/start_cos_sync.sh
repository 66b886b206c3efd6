#!/bin/sh
# Runs cos_sync in the folder of this file, whatever the current folder is.
self=$(readlink -f -- "$0" 2>/dev/null) || self=$0
program=$(dirname -- "$self")/cos_sync
# Some unzip programs lose the executable bit.
[ -x "$program" ] || chmod +x "$program" || exit
exec "$program" "$@"
