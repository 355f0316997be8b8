# shellcheck shell=sh
# A real NATS server for the tests: Debian's, unpacked into .servers/ and never installed, so no service starts, no
# port is taken and no root is needed. Read after door.sh.

# Exports HOLDFAST_NATS_SERVER, unless there is none to be had: then the tests that need one are skipped, and counted so.
need_nats_server() {
  unpacked=$ROOT/.servers/usr/sbin/nats-server
  if [ -n "${HOLDFAST_NATS_SERVER:-}" ]; then
    "$HOLDFAST_NATS_SERVER" --version >/dev/null 2>&1 || die "HOLDFAST_NATS_SERVER=$HOLDFAST_NATS_SERVER, which does not run" \
      'a nats-server 2.9.10 or newer' 'let HOLDFAST_NATS_SERVER name one, or unset it'
  elif [ -x "$unpacked" ] || locked unpack_nats_server; then
    HOLDFAST_NATS_SERVER=$unpacked
  elif HOLDFAST_NATS_SERVER=$(command -v nats-server); then
    say "using $HOLDFAST_NATS_SERVER"
  else
    say 'no nats-server here: the tests against a real broker are skipped'
    unset HOLDFAST_NATS_SERVER
    return 0
  fi
  export HOLDFAST_NATS_SERVER
}

unpack_nats_server() {
  [ ! -x "$unpacked" ] || return 0
  command -v apt-get >/dev/null 2>&1 && command -v dpkg-deb >/dev/null 2>&1 || return 1
  say 'fetching nats-server from Debian (once) …'
  new=$ROOT/.servers/new
  rm -rf "$new"
  mkdir -p "$new/lists/partial" "$new/cache/archives/partial"
  (
    cd "$new" &&
      private_apt update &&
      private_apt download nats-server &&
      dpkg-deb -x nats-server_*.deb files &&
      files/usr/sbin/nats-server --version &&
      mkdir -p "$ROOT/.servers/usr/sbin" &&
      mv files/usr/sbin/nats-server "$unpacked"
  ) >"$ROOT/.servers/fetch.log" 2>&1 || { say "that failed; see .servers/fetch.log" && return 1; }
  rm -rf "$new"
}

# apt-get with package lists of its own: the machine's lists may be old, absent, or not ours to write.
private_apt() {
  apt-get -q -o Dir::State::Lists="$new/lists" -o Dir::Cache="$new/cache" -o APT::Sandbox::User=root "$@"
}
