#!/bin/sh
# The installed program: its configuration is /etc/cos_sync/config.json, its ledger and log are in /var/lib/cos_sync.
export COS_SYNC_HOME="${COS_SYNC_HOME:-/var/lib/cos_sync}"
exec /usr/lib/cos_sync/cos_sync "$@"
