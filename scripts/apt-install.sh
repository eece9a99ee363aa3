#!/bin/sh
# Installs Debian packages as root, and starts none of the services in them:
#   scripts/apt-install.sh PACKAGE...
set -eu

export DEBIAN_FRONTEND=noninteractive
policy=/usr/sbin/policy-rc.d
units() { find /lib/systemd/system /usr/lib/systemd/system /etc/init.d -type f 2>/dev/null | sort; }

# Debian asks this file whether it may start a service; 101 is "no".
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

# The lists of a fresh system are empty or old.
apt-get install -y --no-install-recommends "$@" || { apt-get update && apt-get install -y --no-install-recommends "$@"; }

# Nor may the next start of the system start one that came with these.
units | comm -13 "$before" - | while read -r unit; do
  name=${unit##*/}
  case $unit in
  /etc/init.d/*) update-rc.d "$name" disable || true ;;
  *.service | *.timer | *.socket) deb-systemd-helper disable "$name" || true ;;
  esac
done
