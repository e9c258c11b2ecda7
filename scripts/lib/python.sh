# SPDX-License-Identifier: MIT OR GPL-2.0-or-later
# Sourced: installs python3 where Debian has none, saying so before.
if ! command -v python3 >/dev/null 2>&1; then
	if ! command -v apt-get >/dev/null 2>&1; then
		echo "hyperstub: python3 (3.9 or later) is missing here" >&2
		exit 2
	fi
	sudo=
	if [ "$(id -u)" != 0 ]; then
		sudo=sudo
		if ! command -v sudo >/dev/null 2>&1; then
			echo "hyperstub: as root, please run:" \
				"apt-get install python3" >&2
			exit 2
		fi
	fi
	echo "hyperstub: python3 is missing and will be installed now:" \
		"$sudo apt-get install -y --no-install-recommends python3" >&2
	{ $sudo apt-get -q update && $sudo env DEBIAN_FRONTEND=noninteractive \
		apt-get -q install -y --no-install-recommends python3; } >&2 ||
		exit 2
fi
