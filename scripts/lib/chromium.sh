# shellcheck shell=sh
# A browser for the tests of the web client: the machine's Chromium, or Debian's, unpacked into .servers/ with the
# libraries that the machine lacks, and never installed. Read after door.sh and nats-server.sh.

# Exports HOLDFAST_CHROMIUM, unless there is none to be had: then the tests that need one are skipped, and counted so.
need_chromium() {
  chromium_unpacked=$ROOT/.servers/chromium/run
  if [ -n "${HOLDFAST_CHROMIUM:-}" ]; then
    "$HOLDFAST_CHROMIUM" --version >/dev/null 2>&1 || die "HOLDFAST_CHROMIUM=$HOLDFAST_CHROMIUM, which does not run" \
      'a Chromium' 'let HOLDFAST_CHROMIUM name one, or unset it'
  elif HOLDFAST_CHROMIUM=$(command -v chromium); then
    :
  elif [ -x "$chromium_unpacked" ] || locked unpack_chromium; then
    HOLDFAST_CHROMIUM=$chromium_unpacked
  else
    say 'no Chromium here: the tests in a browser are skipped'
    unset HOLDFAST_CHROMIUM
    return 0
  fi
  export HOLDFAST_CHROMIUM
}

unpack_chromium() {
  [ ! -x "$chromium_unpacked" ] || return 0
  command -v apt-get >/dev/null 2>&1 && command -v dpkg-deb >/dev/null 2>&1 || return 1
  say 'fetching Chromium from Debian (100 MB, once) …'
  new=$ROOT/.servers/chromium.new
  rm -rf "$new"
  mkdir -p "$new/lists/partial" "$new/cache/archives/partial" "$new/files"
  (
    private_apt update &&
      private_apt -y --no-install-recommends --download-only install chromium &&
      for package in "$new"/cache/archives/*.deb; do dpkg-deb -x "$package" "$new/files" || exit 1; done &&
      write_runner "$new/files/run" &&
      "$new/files/run" --version &&
      rm -rf "$ROOT/.servers/chromium" &&
      mv "$new/files" "$ROOT/.servers/chromium"
  ) >"$ROOT/.servers/fetch-chromium.log" 2>&1 || { say "that failed; see .servers/fetch-chromium.log" && return 1; }
  rm -rf "$new"
}

write_runner() {
  cat >"$1" <<'RUNNER'
#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
LD_LIBRARY_PATH=$(find "$here/usr/lib" "$here/lib" -name '*.so*' -printf '%h\n' 2>/dev/null | sort -u | tr '\n' ':')
export LD_LIBRARY_PATH
exec "$here/usr/lib/chromium/chromium" "$@"
RUNNER
  chmod +x "$1"
}
