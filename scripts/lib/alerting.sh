# shellcheck shell=sh
# Programs that post to webhooks, for the tests: Debian's Alertmanager and Apprise, unpacked into .servers/ and never
# installed. Read after nats-server.sh.

# Exports HOLDFAST_ALERTMANAGER and HOLDFAST_APPRISE, unless there are none to be had: then the tests that need them are
# skipped, and counted so.
need_alerting() {
  alerting=$ROOT/.servers/alerting
  if ! unshare -rm true 2>/dev/null || { [ ! -e "$alerting/usr/bin/apprise" ] && ! locked unpack_alerting; }; then
    say 'no Alertmanager and no Apprise here: the tests against them are skipped'
    return 0
  fi
  HOLDFAST_ALERTMANAGER=$ROOT/scripts/lib/alertmanager.sh
  HOLDFAST_ALERTING=$alerting
  HOLDFAST_APPRISE=$alerting/usr/bin/apprise
  export HOLDFAST_ALERTING HOLDFAST_ALERTMANAGER HOLDFAST_APPRISE
}

unpack_alerting() {
  [ ! -e "$alerting/usr/bin/apprise" ] || return 0
  command -v apt-get >/dev/null 2>&1 && command -v dpkg-deb >/dev/null 2>&1 || return 1
  command -v python3 >/dev/null 2>&1 || return 1
  say 'fetching Alertmanager and Apprise from Debian (once) …'
  new=$ROOT/.servers/new-alerting
  rm -rf "$new" "$alerting"
  mkdir -p "$new/lists/partial" "$new/cache/archives/partial" "$new/files"
  (
    cd "$new" &&
      private_apt update &&
      private_apt download prometheus-alertmanager apprise python3-certifi python3-chardet python3-click \
        python3-idna python3-markdown python3-oauthlib python3-requests python3-requests-oauthlib python3-urllib3 \
        python3-yaml &&
      for package in *.deb; do dpkg-deb -x "$package" files || exit 1; done &&
      files/usr/bin/prometheus-alertmanager --version &&
      PYTHONPATH=files/usr/lib/python3/dist-packages python3 files/usr/bin/apprise --version &&
      mv files "$alerting"
  ) >"$ROOT/.servers/fetch-alerting.log" 2>&1 ||
    { say "that failed; see .servers/fetch-alerting.log" && return 1; }
  rm -rf "$new"
}
