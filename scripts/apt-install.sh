#!/bin/sh
# Installs Debian packages as root without starting their services:
#   scripts/apt-install.sh PACKAGE...
set -eu

export DEBIAN_FRONTEND=noninteractive
policy=/usr/sbin/policy-rc.d
units() { find /lib/systemd/system /usr/lib/systemd/system /etc/init.d -type f 2>/dev/null | sort; }

# Debian runs this file before it starts a service; exit code 101 forbids it.
is_ours=
if [ ! -e $policy ]; then
  is_ours=yes
  printf '#!/bin/sh\nexit 101\n' >$policy
  chmod 755 $policy
fi
before=$(mktemp)
units >"$before"
trap 'rm -f "$before"; [ -z "$is_ours" ] || rm -f $policy' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# The package lists of a fresh system may be empty or old.
apt-get install -y --no-install-recommends "$@" || { apt-get update && apt-get install -y --no-install-recommends "$@"; }

# The services must not start at the next boot either.
units | comm -13 "$before" - | while read -r unit; do
  name=${unit##*/}
  case $unit in
  /etc/init.d/*) update-rc.d "$name" disable || true ;;
  *.service | *.timer | *.socket) deb-systemd-helper disable "$name" || true ;;
  esac
done
