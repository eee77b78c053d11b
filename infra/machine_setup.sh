#!/bin/sh
# Installs what the farm needs from the system's packages: chromium, libatomic (Playwright's driver is
# linked to it), top (procps), sshd, ip (iproute2), and for tests faketime, janus and its demo pages, xvfb and shells
# (busybox, fish, tcsh, zsh). cloud-init-schema is one file of the package cloud-init, which is not itself
# installed, as it would set up the machine at its next boot.
#
#   machine_setup.sh TOOL...     installs the TOOLs that are missing (apt-get; sudo unless root)
#   APT=no machine_setup.sh ...  only prints what is missing and the command that installs it
#
# It prints what it will install first, and never starts a service.
set -eu

have() { command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ] || [ -x "/sbin/$1" ]; }

has_library() { /sbin/ldconfig -p | grep -q "$1"; }

# Ubuntu's chromium packages are stubs for a snap, which cannot read our files: Playwright's is used.
has_chromium() {
    for name in chromium chromium-browser google-chrome; do
        path=$(command -v "$name" 2>/dev/null) || continue
        grep -qs snap "$(readlink -f "$path")" && continue
        return 0
    done
    ls "${PLAYWRIGHT_BROWSERS_PATH:-$HOME/.cache/ms-playwright}"/chromium-*/chrome-linux*/chrome >/dev/null 2>&1
}

in_package=usr/lib/python3/dist-packages/cloudinit/config/schemas/schema-cloud-config-v1.json
schema_file="${VENV_BIN:-.venv/bin}/../share/cloud-init-schema.json"

packages=""
playwright=""
schema=""
for tool in "$@"; do
    case $tool in
        chromium)
            has_chromium && continue
            . /etc/os-release
            if [ "${ID:-}" = ubuntu ]; then playwright=yes; else packages="$packages chromium"; fi ;;
        ip) have ip || packages="$packages iproute2" ;;
        sshd) have sshd || packages="$packages openssh-server" ;;
        libatomic) has_library libatomic.so.1 || packages="$packages libatomic1" ;;
        cloud-init-schema) [ -s "$schema_file" ] || [ -s "/$in_package" ] || schema=yes ;;
        busybox | faketime | fish | janus | tcsh | zsh) have "$tool" || packages="$packages $tool" ;;
        janus-demos) [ -d /usr/share/janus/demos ] || packages="$packages janus-demos" ;;
        xvfb) have Xvfb || packages="$packages xvfb" ;;
        top) have top || packages="$packages procps" ;;
        *) echo "machine_setup.sh: $tool: expected busybox, chromium, cloud-init-schema, faketime, fish, janus, janus-demos, libatomic, ip, sshd, tcsh, top, xvfb or zsh" >&2; exit 2 ;;
    esac
done
[ -n "$packages$playwright$schema" ] || exit 0

sudo=""
[ "$(id -u)" = 0 ] || sudo="sudo"
apt="$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends"
# Tests start a Janus of their own: the package's is not to run, now or after the next boot.
disable=""
case $packages in *" janus"*)
    now=""
    [ ! -d /run/systemd/system ] || now=" --now"
    ! command -v systemctl >/dev/null || disable="$sudo systemctl disable$now janus" ;;
esac
# Without sudo, which would install it into root's home: it calls sudo for its dependencies.
browser="${VENV_BIN:-.venv/bin}/playwright install --with-deps chromium"

echo "This machine lacks:$packages${playwright:+ chromium}${schema:+ cloud-init-schema}"
[ -z "$packages" ] || echo "  $apt$packages"
[ -z "$disable" ] || echo "  $disable"
[ -z "$playwright" ] || echo "  $browser"
[ -z "$schema" ] || echo "  apt-get download cloud-init, and out of it $schema_file"
if [ "${APT:-yes}" = no ]; then
    echo "Run the above, or the same make command without APT=no."
    exit 2
fi
if [ -n "$packages" ]; then
    if [ -n "$sudo" ] && ! command -v sudo >/dev/null; then
        echo "Only root may install$packages, and there is no sudo here: run the above as root." >&2
        exit 2
    fi
    command -v apt-get >/dev/null || { echo "No apt-get here: install$packages by your system's means." >&2; exit 2; }
    $sudo apt-get update -qq
    # The packages' own scripts start their services (sshd, janus) unless this program forbids it.
    policy=/usr/sbin/policy-rc.d
    if ! [ -e "$policy" ]; then
        trap '$sudo rm -f "$policy"' EXIT
        trap 'exit 130' INT
        trap 'exit 143' HUP TERM
        $sudo sh -c "printf '#!/bin/sh\n# of the farm, while machine_setup.sh runs\nexit 101\n' >$policy && chmod 755 $policy"
    fi
    $apt$packages
    $disable
fi
[ -z "$playwright" ] || $browser
if [ -n "$schema" ]; then
    [ -n "$packages" ] || $sudo apt-get update -qq || true
    beside=$(mktemp -d)
    (cd "$beside" && apt-get -q download cloud-init)
    mkdir -p "$(dirname "$schema_file")"
    dpkg-deb --fsys-tarfile "$beside"/cloud-init_*.deb | tar -xO "./$in_package" >"$schema_file"
    rm -rf "$beside"
fi
