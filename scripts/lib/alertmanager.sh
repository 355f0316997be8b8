#!/bin/sh
# Debian's Alertmanager, unpacked and not installed: it looks for its templates in /usr/share, so it is shown its own there.
exec unshare -rm sh -c 'mount --bind "$HOLDFAST_ALERTING/usr/share" /usr/share &&
  exec "$HOLDFAST_ALERTING/usr/bin/prometheus-alertmanager" "$@"' alertmanager "$@"
