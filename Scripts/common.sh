# Shared by the scripts beside it: where the package is, what must be installed, how things are said.
# Sourced by bash; the caller has set -euo pipefail.

cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD

say() { printf '%s\n' "$*" >&2; }

die() {
    say "$*"
    exit 1
}

# What zendan is built with, beside Swift itself.
build_packages=(pkg-config libpcre2-dev zlib1g-dev libssl-dev)

is_installed() {
    case $1 in
        pkg-config) command -v pkg-config >/dev/null && return ;;
    esac
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# install PACKAGE...: installs those that are missing with one apt-get line. Touches no network when nothing is missing;
# without root it prints the line and ends.
install() {
    command -v dpkg-query >/dev/null || {
        say "Not a Debian or Ubuntu machine: provide what these packages hold: $*"
        return 0
    }
    local missing=() package
    for package in "$@"; do
        is_installed "$package" || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return 0
    local line="apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
    if [ "$(id -u)" -ne 0 ]; then
        say "Some packages are missing. As root, run:"
        say "    $line"
        exit 1
    fi
    say "$line"
    export DEBIAN_FRONTEND=noninteractive
    bash -c "$line" </dev/null >&2
}

require_swift() {
    command -v swift >/dev/null || die "Swift 6.3 is needed: https://www.swift.org/install/linux/"
    local version
    version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1)
    case $version in
        6.[3-9] | 6.[1-9][0-9] | [7-9].*) ;;
        *) die "Swift 6.3 is needed; this is ${version:-unknown}." ;;
    esac
}

# Builds the release binaries into .build/release, the Swift runtime inside them.
build_release() {
    swift build -c release --static-swift-stdlib >&2
}

# free_port FIRST: the first port of the loopback that nobody listens on.
free_port() {
    local port=$1
    while (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do port=$((port + 1)); done
    printf '%s\n' "$port"
}

# answers PORT PID: waits until the port accepts connections; fails when the process ends first.
answers() {
    local tries=0
    until (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; do
        kill -0 "$2" 2>/dev/null || return 1
        tries=$((tries + 1))
        [ "$tries" -lt 300 ] || return 1
        sleep 0.1
    done
}
