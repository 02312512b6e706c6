#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# podman with the cgroup manager that it takes by itself where there is a systemd. Runs in the machine of tests/vm/run.

load ../../bats/helpers

setup_file () {
	install -m 755 "$CORACLE" "${CORACLE%/*}/coracle-helper" /usr/local/bin/
	mkdir -p /etc/containers/containers.conf.d
	cp "$top/contrib/podman/50-coracle.conf" /etc/containers/containers.conf.d/
	printf '[engine]\nruntime = "coracle"\nevents_logger = "file"\ncgroup_manager = "systemd"\n[containers]\nnetns = "none"\n' >/etc/containers/containers.conf.d/60-tests.conf
	printf '[storage]\ndriver = "vfs"\nrunroot = "/run/containers/storage"\ngraphroot = "/var/lib/containers/storage"\n' >/etc/containers/storage.conf
	"$top/tools/make-bundle" "$BATS_FILE_TMPDIR/image" "$CORACLE" >/dev/null
	tar -C "$BATS_FILE_TMPDIR/image/rootfs" -cf "$BATS_FILE_TMPDIR/box.tar" .
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "${BATS_FILE_TMPDIR%/*}"
	podman import --quiet "$BATS_FILE_TMPDIR/box.tar" localhost/box
	session podman import --quiet "$BATS_FILE_TMPDIR/box.tar" localhost/box
}
# As the user who logged in: their own systemd is asked.
session () { ( cd / && runuser -u user -- env -i PATH="$PATH" HOME=/home/user XDG_RUNTIME_DIR=/run/user/1000 DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/1000/bus "$@" ) 3>&- 4>&-; }
pod () { podman "$@" 3>&- 4>&- </dev/null; }
setup () {
	[ "$(cgroup_mode)" = v2 ] || skip "what is compared here are the paths of v2; scopes in other arrangements are in systemd.bats"
	NAME=pod-$BATS_TEST_NUMBER
}
teardown () {
	pod rm -f -t 0 -a >/dev/null 2>&1 || true
	session podman rm -f -t 0 -a >/dev/null 2>&1 </dev/null || true
	[ -z "$(coracle --root /run/coracle list -q)" ]
	[ -z "$(systemctl list-units --plain --no-legend 'libpod-*' | grep -v conmon)" ]
}
equal () { [ "$2" = "$3" ] || { echo "$1 is '$2', not '$3'"; return 1; }; }

@test "podman: the cgroup manager is systemd, and run has a scope in machine.slice" {
	equal manager "$(pod info -f '{{.Host.CgroupManager}}')" systemd
	equal runtime "$(pod info -f '{{.Host.OCIRuntime.Name}}')" coracle
	pod run -d --name "$NAME" --memory 64m --pids-limit 50 box sleep 1000
	local id scope
	id=$(pod inspect -f '{{.ID}}' "$NAME")
	scope=libpod-$id.scope
	equal state "$(systemctl show --value -p ActiveState "$scope")" active
	equal slice "$(systemctl show --value -p Slice "$scope")" machine.slice
	equal memory "$(systemctl show --value -p MemoryMax "$scope")" 67108864
	equal tasks "$(systemctl show --value -p TasksMax "$scope")" 50
	grep -q "machine.slice/$scope" "/proc/$(pod inspect -f '{{.State.Pid}}' "$NAME")/cgroup"
	pod exec "$NAME" grep -qx 0::/ /proc/self/cgroup
	pod pause "$NAME"
	equal status "$(pod inspect -f '{{.State.Status}}' "$NAME")" paused
	pod unpause "$NAME"
	pod update --memory 32m "$NAME"
	equal memory "$(systemctl show --value -p MemoryMax "$scope")" 33554432
	pod top "$NAME" pid args | grep sleep
	pod rm -f -t 0 "$NAME"
	wait_until eval '[ -z "$(systemctl list-units --plain --no-legend "$scope")" ]'
}

@test "podman: output, exit status, --rm" {
	run pod run --rm box sh -c 'echo hi; exit 7'
	equal status "$status" 7
	equal output "$output" hi
}

@test "podman: a pod's containers are in its slice" {
	# Debian's pause image would have to be built.
	pod pod create --name "$NAME" --share uts --share-parent=true --infra-image localhost/box --infra-command '/bin/sleep 1000'
	pod run -d --pod "$NAME" --name "$NAME-a" box sleep 1000
	cat "/proc/$(pod inspect -f '{{.State.Pid}}' "$NAME-a")/cgroup"
	grep -q 'machine.slice/machine-libpod_pod_.*\.slice/libpod-.*\.scope' "/proc/$(pod inspect -f '{{.State.Pid}}' "$NAME-a")/cgroup"
	pod pod rm -f -t 0 "$NAME"
}

@test "podman: --cgroup-parent is a slice" {
	pod run -d --name "$NAME" --cgroup-parent tests.slice box sleep 1000
	grep -q '/tests.slice/libpod-.*\.scope' "/proc/$(pod inspect -f '{{.State.Pid}}' "$NAME")/cgroup"
	pod rm -f -t 0 "$NAME"
}

@test "podman: generate systemd: a unit of Type=notify, ready by conmon" {
	pod create --name "$NAME" box sleep 1000 >/dev/null
	pod generate systemd --new --name "$NAME" >"/etc/systemd/system/container-$NAME.service" 2>/dev/null
	pod rm "$NAME" >/dev/null
	grep -qx Type=notify "/etc/systemd/system/container-$NAME.service"
	systemctl daemon-reload
	systemctl start "container-$NAME"
	equal state "$(systemctl show --value -p ActiveState "container-$NAME")" active
	equal running "$(pod inspect -f '{{.State.Status}} {{.OCIRuntime}}' "$NAME")" "running coracle"
	systemctl stop "container-$NAME"
	rm "/etc/systemd/system/container-$NAME.service"
	systemctl daemon-reload
	systemctl reset-failed "container-$NAME" 2>/dev/null || true
}

@test "podman: an ordinary user's scope, by their own systemd" {
	equal manager "$(session podman info -f '{{.Host.CgroupManager}}' </dev/null)" systemd
	session podman run -d --name "$NAME" box sleep 1000 </dev/null
	local id
	id=$(session podman inspect -f '{{.ID}}' "$NAME" </dev/null)
	grep -q "user@1000.service/user.slice/libpod-$id.scope" "/proc/$(session podman inspect -f '{{.State.Pid}}' "$NAME" </dev/null)/cgroup"
	equal state "$(session systemctl --user show --value -p ActiveState "libpod-$id.scope")" active
	run session podman exec "$NAME" echo inside </dev/null
	equal exec "$output" inside
	session podman rm -f -t 0 "$NAME" </dev/null
}
