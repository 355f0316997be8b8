# shellcheck shell=sh
# A real LDAP server for the tests: Debian's slapd, unpacked into .servers/ and never installed, as nats-server is. Read after
# nats-server.sh.

# Exports HOLDFAST_SLAPD, unless there is none to be had: then the tests that need one are skipped, and counted so.
need_slapd() {
  slapd=$ROOT/.servers/slapd/usr/sbin/slapd
  if [ -n "${HOLDFAST_SLAPD:-}" ]; then
    "$HOLDFAST_SLAPD" -VV >/dev/null 2>&1 || die "HOLDFAST_SLAPD=$HOLDFAST_SLAPD, which does not run" \
      'a slapd 2.5 or newer' 'let HOLDFAST_SLAPD name one, or unset it'
  elif [ -x "$slapd" ] || locked unpack_slapd; then
    HOLDFAST_SLAPD=$slapd
  elif HOLDFAST_SLAPD=$(PATH=$PATH:/usr/sbin command -v slapd); then
    say "using $HOLDFAST_SLAPD"
  else
    say 'no slapd here: the tests against a real LDAP directory are skipped'
    unset HOLDFAST_SLAPD
    return 0
  fi
  export HOLDFAST_SLAPD
}

unpack_slapd() {
  [ ! -x "$slapd" ] || return 0
  command -v apt-get >/dev/null 2>&1 && command -v dpkg-deb >/dev/null 2>&1 || return 1
  say 'fetching slapd from Debian (once) …'
  new=$ROOT/.servers/new-slapd
  rm -rf "$new"
  mkdir -p "$new/lists/partial" "$new/cache/archives/partial"
  (
    cd "$new" &&
      private_apt update &&
      private_apt download slapd libltdl7 libwrap0 libldap-2.5-0 libsasl2-2 libodbc2 &&
      for package in ./*.deb; do dpkg-deb -x "$package" files || exit 1; done &&
      LD_LIBRARY_PATH=$(echo "$new"/files/usr/lib/*-linux-gnu) files/usr/sbin/slapd -VV &&
      mv files "$ROOT/.servers/slapd"
  ) >"$ROOT/.servers/fetch-slapd.log" 2>&1 || { say "that failed; see .servers/fetch-slapd.log" && return 1; }
  rm -rf "$new"
}
