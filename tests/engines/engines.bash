# SPDX-License-Identifier: GPL-2.0-or-later
# Shared by the engine tests. Everything an engine keeps is below $BATS_FILE_TMPDIR; images are made from busybox, no network is used.

top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
coracle=${CORACLE:-$top/build/release/coracle}

need () { # PROGRAM…
	local p
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	for p; do
		command -v "$p" >/dev/null || skip "$p is not installed"
	done
}

# A root file system as a tar archive.
make_image () { # FILE
	local dir=$BATS_FILE_TMPDIR/image
	"$top/tools/make-bundle" "$dir" "$coracle" >/dev/null
	echo "no program" >"$dir/rootfs/etc/plain"
	tar -C "$dir/rootfs" -cf "$1" .
}

# The program as engines know it: by a name of its own, in a directory that may be searched.
install_coracle () {
	mkdir -p "$BATS_FILE_TMPDIR/bin"
	ln -sf "$coracle" "$BATS_FILE_TMPDIR/bin/coracle"
}

# succeeds COMMAND…: runs it, shows what it said if it fails
succeeds () {
	run "$@"
	[ "$status" -eq 0 ] || { echo "'$*': exit status $status: $output"; return 1; }
}
contains () { [[ "$output" == *"$1"* ]] || { echo "no '$1' in: $output"; return 1; }; }
