# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# config.md "Mounts".

volume () { # makes $work/vol with a file in it
	mkdir -p "$work/vol/dir"
	echo content >"$work/vol/file"
}

# ---- order, destination, source

mount_order () {
	finished 'inside (["cat", "/a/b/which"])' 'mount ("/a"; "tmpfs"; "tmpfs"; [])' 'mount ("/a/b"; "tmpfs"; "tmpfs"; ["size=64k"])' \
		'bind ("/a/b/which"; $rootfs + "/host"; ["bind"])'
	grep -q '^ns.mnt' "$work/stdout" || fail "/a/b/which is not the file"
}
must "config.md Mounts: the runtime MUST mount entries in the listed order (below each other)" mount_order
must "config.md Mounts: the runtime MUST mount entries in the listed order (on top of each other)" sees 'mount:/a mount:/a:size=128k' \
	'mount ("/a"; "tmpfs"; "tmpfs"; ["size=64k"])' 'mount ("/a"; "tmpfs"; "tmpfs"; ["size=128k"])'
must "config.md Mounts: destination MAY be a relative path, in which case it MUST be interpreted as relative to '/'" sees 'mount:/a/rel type:/a/rel' \
	'mount ("a/rel"; "tmpfs"; "tmpfs"; [])'
must "config.md Mounts: destination is made if it does not exist" sees 'mount:/deep/er/est type:/deep/er/est' 'mount ("/deep/er/est"; "tmpfs"; "tmpfs"; [])'
must "config.md Mounts: destination (string, REQUIRED)" refuses '.mounts += [{type: "tmpfs", source: "tmpfs"}]'
must "config.md Mounts: type: an unknown file system is an error" refuses 'mount ("/a"; "nosuchfs"; "x"; [])'

bind_absolute () {
	volume
	sees 'bind:/a' 'bind ("/a"; $work + "/vol"; ["bind"])'
}
must "config.md Mounts: path values for bind mounts are either absolute …" bind_absolute

bind_relative () {
	make_rootfs
	mkdir "$bundle/vol"
	sees 'mount:/a bind:/a' 'bind ("/a"; "vol"; ["bind"])'
}
bind_relative_fact () { # the fact is about a path relative to the bundle
	cd "$bundle" || fail "no bundle"
	bind_relative
}
must "config.md Mounts: … or relative to the bundle" bind_relative_fact

bind_file () {
	volume
	sees 'bind:/a/new' 'bind ("/a/new"; $work + "/vol/file"; ["bind", "ro"])'
}
must "config.md Mounts: source can also be a file name for bind mounts" bind_file
must "config.md Mounts: source of a bind mount that does not exist is an error" refuses 'bind ("/a"; $work + "/nothing"; ["bind"])'

bind_by_option () {
	volume
	sees 'bind:/a' 'mount ("/a"; "tmpfs"; $work + "/vol"; ["bind"])'
}
must "config.md Mounts: a mount is a bind mount if it has either bind or rbind in the options (whatever its type)" bind_by_option

bind_recursive () { # OPTION, whether submounts are there
	volume
	mounted "$work/vol/dir"
	echo below >"$work/vol/dir/below"
	finished 'inside (["open", "/a/dir/below"])' "bind (\"/a\"; \$work + \"/vol\"; [\"$1\"])"
	grep -q "below $2" "$work/stdout" || fail "$(<"$work/stdout")"
}
must "config.md Mounts: option 'rbind': recursive bind mount" bind_recursive rbind opened
must "config.md Mounts: option 'bind': bind mount without what is mounted below" bind_recursive bind 'No such file'

# ---- options

option () { # OPTION [CHECK…]: on a tmpfs
	must "config.md Linux mount options: runtimes MUST implement '$1'" sees "${2:-mount:/a:$1}" "mount (\"/a\"; \"tmpfs\"; \"tmpfs\"; [\"$1\"])"
}
# After its opposite, or it would be true of a runtime that ignores it.
option_after () { # OPPOSITE OPTION
	must "config.md Linux mount options: runtimes MUST implement '$2' (after '$1')" sees "mount:/a:$2" "mount (\"/a\"; \"tmpfs\"; \"tmpfs\"; [\"$1\", \"$2\"])"
}
for o in ro nosuid nodev noexec noatime nodiratime relatime strictatime sync dirsync lazytime nosymfollow; do
	option "$o"
done
for o in defaults silent loud iversion noiversion nolazytime norelatime nostrictatime; do
	option "$o" 'mount:/a'
done
option_after ro rw
option_after nosuid suid
option_after nodev dev
option_after noexec exec
option_after noatime atime
option_after nodiratime diratime
option_after sync async
option_after nosymfollow symfollow
must "config.md Linux mount options: options of the file system itself are passed to it" sees 'mount:/new:mode=0750 mount:/new:size=256k' \
	'mount ("/new"; "tmpfs"; "tmpfs"; ["mode=0750", "size=256k"])'
must "config.md Linux mount options: options of the file system itself are passed to it (the destination exists, with another mode)" sees 'mount:/a:mode=0750' \
	'mount ("/a"; "tmpfs"; "tmpfs"; ["mode=0750"])'

bind_option () { # OPTION
	volume
	sees "bind:/a mount:/a:$1" "bind (\"/a\"; \$work + \"/vol\"; [\"bind\", \"$1\"])"
}
for o in ro nosuid nodev noexec noatime; do
	must "config.md Linux mount options: runtimes MUST implement '$o' (of a bind mount)" bind_option "$o"
done

bind_keeps_source () {
	volume
	mounted "$work/vol/dir"
	finished 'bind ("/a"; $work + "/vol"; ["rbind", "ro"])'
	touch "$work/vol/written" "$work/vol/dir/written" || fail "the source is read-only now"
}
must "config.md Linux mount options: 'ro' of a bind mount is not for its source" bind_keeps_source

recursive_option () { # OPTION
	volume
	mounted "$work/vol/dir"
	sees "mount:/a:$1 mount:/a:$1:below" "bind (\"/a\"; \$work + \"/vol\"; [\"rbind\", \"$1\"])"
}
for o in rro rnosuid rnodev rnoexec rnoatime rnodiratime rnosymfollow; do
	must "config.md Linux mount options: '$o' is recursive" recursive_option "$o"
done

recursive_clear () { # SET OPTION
	volume
	mounted "$work/vol/dir" -o "$1"
	sees "mount:/a:$2 mount:/a:$2:below" "bind (\"/a\"; \$work + \"/vol\"; [\"rbind\", \"$2\"])"
}
must "config.md Linux mount options: 'rrw' is recursive" recursive_clear ro rrw
must "config.md Linux mount options: 'rexec' is recursive" recursive_clear noexec rexec
must "config.md Linux mount options: 'rsuid' is recursive" recursive_clear nosuid rsuid
must "config.md Linux mount options: 'rdev' is recursive" recursive_clear nodev rdev
must "config.md Linux mount options: 'ratime' is recursive" recursive_clear noatime ratime
must "config.md Linux mount options: 'rdiratime' is recursive" recursive_clear nodiratime rdiratime
must "config.md Linux mount options: 'rrelatime' is recursive" recursive_clear noatime rrelatime
must "config.md Linux mount options: 'rstrictatime' is recursive" recursive_clear relatime rstrictatime
must "config.md Linux mount options: 'rsymfollow' is recursive" recursive_clear nosymfollow rsymfollow

remount () {
	sees 'mount:/a:ro' 'mount ("/a"; "tmpfs"; "tmpfs"; ["size=64k"])' 'mount ("/a"; "tmpfs"; "tmpfs"; ["remount", "ro", "size=64k"])'
}
must "config.md Linux mount options: runtimes MUST implement 'remount'" remount

# ---- propagation

propagation () { # OPTION, of a volume that is shared on the host
	mounted "$work/vol" -o size=1m
	mount --make-shared "$work/vol" || fail "the case cannot share"
	mkdir "$work/vol/dir"
	sees "propagation:/a:$1" "bind (\"/a\"; \$work + \"/vol\"; [\"rbind\", \"$1\"])"
}
for o in private rprivate shared rshared slave rslave unbindable runbindable; do
	must "config.md Linux mount options: runtimes MUST implement '$o'" propagation "$o"
done

# What is mounted on the host afterwards is, or is not, in the container.
propagates_in () { # OPTION, 0 if it must, 1 if it must not
	local found=0

	mounted "$work/vol" -o size=1m
	mount --make-shared "$work/vol" || fail "the case cannot share"
	mkdir "$work/vol/dir"
	created 'inside (["wait"])' "bind (\"/a\"; \$work + \"/vol\"; [\"rbind\", \"$1\"])"
	mounted "$work/vol/dir"
	grep -q ' /a/dir ' "/proc/$pid/mountinfo" || found=1
	[ "$found" -eq "$2" ] || fail "the mount of the host is $([ "$found" -eq 0 ] || echo not) in the container"
}
must "config.md Linux mount options: 'rslave': mounts of the host get into the container" propagates_in rslave 0
must "config.md Linux mount options: 'rprivate': mounts of the host do not get into the container" propagates_in rprivate 1

nothing_gets_out () {
	created 'inside (["wait"])' 'mount ("/a"; "tmpfs"; "tmpfs"; [])'
	! leftovers | grep ^mount || fail "a mount of the container is in the namespace of the runtime"
}
must "runtime.md Errors: mounts of the container do not get into the namespace of the runtime" nothing_gets_out

rootfs_propagation () { # VALUE
	make_rootfs
	mount -t tmpfs cor-val "$rootfs" || fail "the case cannot mount"
	echo "$rootfs" >>"$work/mounts"
	mount --make-shared "$rootfs"
	cp "$TMP/inside" "$rootfs/inside"
	mkdir "$rootfs"/{proc,sys,dev,tmp,etc,a}
	sees 'rootfs-propagation' ".linux.rootfsPropagation = \"$1\""
}
for o in shared slave private unbindable; do
	must "config-linux.md Rootfs Mount Propagation: rootfsPropagation is the rootfs's mount propagation ($o)" rootfs_propagation "$o"
done

# ---- id mapped mounts

must "config.md Mounts: if only one of uidMappings and gidMappings is specified, MUST return an error" refuses \
	'.mounts += [{destination: "/a", type: "none", source: $work, options: ["bind"], uidMappings: [{containerID: 0, hostID: 1000, size: 1}]}]'

idmapped () {
	volume
	bundle 'inside (["cat", "/config.json"])' '.mounts += [{destination: "/a", type: "none", source: ($work + "/vol"), options: ["bind"],
		uidMappings: [{containerID: 0, hostID: 7000, size: 10}], gidMappings: [{containerID: 0, hostID: 8000, size: 10}]}]'
	create || fail "create failed"
	pid=$(<"$work/pid")
	[ "$(stat -c %u:%g "/proc/$pid/root/a/file")" = 7000:8000 ] || fail "the owner is $(stat -c %u:%g "/proc/$pid/root/a/file")"
}
must "config.md Mounts: uidMappings and gidMappings: the mapping to convert UIDs and GIDs from the source file system to the destination" idmapped

for o in idmap ridmap; do
	must "config.md Mounts: '$o' without mappings and without a user namespace of the container MUST be an error" refuses \
		"bind (\"/a\"; \$work; [\"bind\", \"$o\"])"
done

# MAY: only for a runtime that says it can.
tmpcopyup () {
	rt features && jq -e '.mountOptions | index ("tmpcopyup")' "$work/out" >/dev/null || skip "the runtime has no tmpcopyup"
	make_rootfs
	mkdir "$rootfs/a/dir"
	echo content | tee "$rootfs/a/file" >"$rootfs/a/dir/file"
	finished 'inside (["cat", "/a/dir/file", "/a/file", "/proc/self/mountinfo"])' 'mount ("/a"; "tmpfs"; "tmpfs"; ["tmpcopyup"])'
	[ "$(grep -c '^content$' "$work/stdout")" -eq 2 ] || fail "the files are not copied"
	grep -q ' /a .* tmpfs ' "$work/stdout" || fail "no tmpfs"
}
must "config.md Linux mount options: 'tmpcopyup' copies up the contents to a tmpfs" tmpcopyup
