#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# mounts[] of config.json: types, options, order, destinations, sources, and what is said when it cannot be.
# shellcheck disable=SC2016 # scripts are for the container's shell

load helpers
load mounts

# ---- types ------------------------------------------------------------------------------------------------------------------

@test "proc, sysfs, tmpfs, devpts, mqueue, ramfs and cgroup are mounted, each with its options" {
	config 'mount("/r"; "ramfs"; "ramfs"; ["nosuid"])'
	run_sh 'cat /proc/self/mountinfo'
	[ "$status" -eq 0 ]
	mounted /proc proc
	mounted /dev tmpfs nosuid
	mounted /dev/pts devpts nosuid noexec
	mounted /dev/shm tmpfs nosuid nodev noexec
	mounted /dev/mqueue mqueue nosuid nodev noexec
	mounted /sys sysfs ro nosuid nodev noexec
	mounted /r ramfs nosuid
	[[ "$output" == *" / /dev/shm "*"size=65536k"* ]]
}

@test "a file system type that the kernel does not have is named" {
	config 'mount("/x"; "nosuchfs"; "src"; [])'
	fails run --bundle "$BUNDLE" "$ID"
	says "mounts[7]"
	says "the kernel has no file system type 'nosuchfs'"
}

@test "a file system option that is not known is named, with what the kernel said" {
	config 'mount("/x"; "tmpfs"; "tmpfs"; ["size=1m", "frobnicate=1"])'
	fails run --bundle "$BUNDLE" "$ID"
	says "mounts[7]"
	says "frobnicate"
	says "invalid argument"
}

@test "the same with propagation, which takes another way" {
	config 'mount("/x"; "tmpfs"; "tmpfs"; ["frobnicate=1", "private"])'
	fails run --bundle "$BUNDLE" "$ID"
	says "frobnicate"
	says "mount 'tmpfs' (type 'tmpfs', data 'frobnicate=1') on '/x'"
}

@test "overlay: lower and upper directories of the host" {
	mkdir -p "$WORK"/{lower,upper,work}
	echo low >"$WORK/lower/file"
	config "mount(\"/o\"; \"overlay\"; \"overlay\"; [\"lowerdir=$WORK/lower\", \"upperdir=$WORK/upper\", \"workdir=$WORK/work\"])"
	run_sh 'cat /o/file; echo new >/o/made'
	is low
	[ "$(cat "$WORK/upper/made")" = new ]
}

@test "overlay with propagation and layers of more than 255 bytes, as podman's :O volumes" {
	long=$WORK/$(printf 'l%.0s' {1..200})/$(printf 'm%.0s' {1..200})
	mkdir -p "$long/a" "$long/b" "$WORK/upper" "$WORK/work"
	echo one >"$long/a/one"
	echo two >"$long/b/two"
	config "mount(\"/o\"; \"overlay\"; \"overlay\"; [\"lowerdir=$long/a:$long/b\", \"upperdir=$WORK/upper\", \"workdir=$WORK/work\", \"private\", \"nodev\"])"
	run_sh 'cat /o/one /o/two; cat /proc/self/mountinfo'
	says $'one\ntwo'
	mounted /o overlay nodev
}

@test "overlay: a comma behind a backslash is part of the path" {
	mkdir -p "$WORK/a,b" "$WORK"/{upper,work}
	echo comma >"$WORK/a,b/f"
	config "mount(\"/o\"; \"overlay\"; \"overlay\"; [\"lowerdir=$WORK/a\\\\,b\", \"upperdir=$WORK/upper\", \"workdir=$WORK/work\", \"private\"])"
	run_sh 'cat /o/f'
	is comma
}

@test "a tmpfs without mode= takes the mode of the directory that it covers" {
	mkdir -m 1705 "$ROOTFS/covered"
	config 'mount("/covered"; "tmpfs"; "tmpfs"; []) | mount("/made"; "tmpfs"; "tmpfs"; []) | mount("/given"; "tmpfs"; "tmpfs"; ["mode=0711"])'
	run_sh 'stat -c "%a %n" /covered /made /given'
	is $'1705 /covered\n1777 /made\n711 /given'
}

@test "type none with propagation only changes what is there" {
	config 'mount("/t"; "tmpfs"; "tmpfs"; []) | mount("/t"; "none"; ""; ["shared"])'
	run_sh 'cat /proc/self/mountinfo'
	[ "$(propagation_of /t)" = shared ]
	[ "$(grep -c ' / /t ' <<<"$output")" -eq 1 ]
}

@test "type none without bind or propagation is an error with its place" {
	config 'mount("/t"; "none"; ""; ["ro"])'
	fails run --bundle "$BUNDLE" "$ID"
	says 'mounts[7].type'
}

# ---- options ----------------------------------------------------------------------------------------------------------------

@test "each per-mount option of a new file system, and its contrary after it" {
	local i=0 pair filter=.
	local pairs=(ro:rw nosuid:suid nodev:dev noexec:exec nodiratime:diratime noatime:atime nosymfollow:symfollow)
	for pair in "${pairs[@]}"; do
		filter+=" | mount(\"/set$i\"; \"tmpfs\"; \"tmpfs\"; [\"${pair#*:}\", \"${pair%:*}\"])"
		filter+=" | mount(\"/clr$i\"; \"tmpfs\"; \"tmpfs\"; [\"${pair%:*}\", \"${pair#*:}\"])"
		i=$((i + 1))
	done
	config "$filter"
	run_sh 'cat /proc/self/mountinfo'
	[ "$status" -eq 0 ] || { echo "$output"; return 1; }
	i=0
	for pair in "${pairs[@]}"; do
		mounted "/set$i" tmpfs "${pair%:*}"
		not_mounted_with "/clr$i" "${pair%:*}"
		i=$((i + 1))
	done
}

@test "each per-mount option of a bind mount, and its contrary after it" {
	local i=0 pair filter=.
	local pairs=(ro:rw nosuid:suid nodev:dev noexec:exec nodiratime:diratime noatime:atime nosymfollow:symfollow)
	mkdir "$WORK/src"
	for pair in "${pairs[@]}"; do
		filter+=" | bind(\"/set$i\"; \"$WORK/src\"; [\"${pair#*:}\", \"${pair%:*}\"])"
		filter+=" | bind(\"/clr$i\"; \"$WORK/src\"; [\"${pair%:*}\", \"${pair#*:}\"])"
		i=$((i + 1))
	done
	config "$filter"
	run_sh 'cat /proc/self/mountinfo'
	[ "$status" -eq 0 ] || { echo "$output"; return 1; }
	i=0
	for pair in "${pairs[@]}"; do
		bound "/set$i" "${pair%:*}"
		not_mounted_with "/clr$i" "${pair%:*}"
		i=$((i + 1))
	done
}

@test "access time modes exclude each other: the last one is it" {
	config 'mount("/a"; "tmpfs"; "t"; ["noatime", "strictatime"]) | mount("/b"; "tmpfs"; "t"; ["strictatime", "noatime"]) |
		mount("/c"; "tmpfs"; "t"; ["noatime", "relatime"]) | mount("/d"; "tmpfs"; "t"; ["relatime", "norelatime"]) |
		mount("/e"; "tmpfs"; "t"; ["strictatime", "nostrictatime"])'
	run_sh 'cat /proc/self/mountinfo'
	not_mounted_with /a noatime
	not_mounted_with /a relatime
	mounted /b tmpfs noatime
	mounted /c tmpfs relatime
	not_mounted_with /d relatime
	mounted /e tmpfs relatime
}

@test "options of the super block: sync, dirsync, lazytime" {
	config 'mount("/a"; "tmpfs"; "t"; ["sync", "dirsync", "lazytime"]) | mount("/b"; "tmpfs"; "t"; ["sync", "async", "lazytime", "nolazytime"]) |
		mount("/c"; "tmpfs"; "t"; ["sync", "lazytime", "private"])'
	run_sh 'grep -E " /[abc] " /proc/self/mountinfo | sed "s/.* - //"'
	[[ "${lines[0]}" == *sync* && "${lines[0]}" == *dirsync* && "${lines[0]}" == *lazytime* ]]
	[[ "${lines[1]}" != *sync* && "${lines[1]}" != *lazytime* ]]
	[[ "${lines[2]}" == *sync* && "${lines[2]}" == *lazytime* ]]
}

@test "options that the kernel knows but does not show are taken: iversion, loud, silent, mand, defaults, and crun's recursive names" {
	config 'mount("/a"; "tmpfs"; "t"; ["defaults", "iversion", "noiversion", "silent", "loud", "mand", "nomand", "rsync", "rasync", "rdirsync", "rmand", "rnomand", ""])'
	run_sh 'grep -c " /a tmpfs\| /a " /proc/self/mountinfo'
	is 1
}

@test "recursive options reach what is mounted below: rro rnosuid rnodev rnoexec rnoatime rnodiratime rnosymfollow" {
	need_call mount_setattr "recursive mount options"
	in_private_ns
	mkdir -p "$WORK/src/sub"
	mount -t tmpfs sub "$WORK/src/sub"
	config "mount(\"/r\"; \"none\"; \"$WORK/src\"; [\"rbind\", \"rro\", \"rnosuid\", \"rnodev\", \"rnoexec\", \"rnoatime\", \"rnodiratime\", \"rnosymfollow\"])"
	run_sh 'cat /proc/self/mountinfo; touch /r/x /r/sub/x 2>&1'
	bound /r ro nosuid nodev noexec noatime nodiratime nosymfollow
	mounted /r/sub tmpfs ro nosuid nodev noexec noatime nodiratime nosymfollow
	says "/r/sub/x: Read-only file system"
}

@test "ro without r is of the top mount only" {
	in_private_ns
	mkdir -p "$WORK/src/sub"
	mount -t tmpfs sub "$WORK/src/sub"
	config "bind(\"/r\"; \"$WORK/src\"; [\"rbind\", \"ro\"])"
	run_sh 'touch /r/sub/x && touch /r/x 2>&1'
	is "touch: /r/x: Read-only file system"
}

@test "bind without rbind leaves out what is mounted below the source" {
	in_private_ns
	mkdir -p "$WORK/src/sub"
	mount -t tmpfs sub "$WORK/src/sub"
	in_ns touch "$WORK/src/sub/below"
	config "bind(\"/one\"; \"$WORK/src\"; []) | mount(\"/all\"; \"bind\"; \"$WORK/src\"; [\"rbind\"])"
	run_sh 'ls /one/sub; ls /all/sub'
	is below
}

@test "of ro and rrw, the later one holds for the top mount" {
	need_call mount_setattr "recursive mount options"
	mkdir "$WORK/src"
	config "bind(\"/a\"; \"$WORK/src\"; [\"ro\", \"rrw\"]) | bind(\"/b\"; \"$WORK/src\"; [\"rrw\", \"ro\"]) | bind(\"/c\"; \"$WORK/src\"; [\"rro\", \"rw\"]) | bind(\"/d\"; \"$WORK/src\"; [\"rw\", \"rro\"])"
	run_sh 'for d in a b c d; do touch /$d/x 2>/dev/null && echo $d rw || echo $d ro; done'
	is $'a rw\nb ro\nc rw\nd ro'
}

@test "a bind mount keeps the flags of its source that no option changes" {
	in_private_ns
	mkdir "$WORK/src"
	mount -t tmpfs -o nosuid,nodev,noatime src "$WORK/src"
	config "bind(\"/a\"; \"$WORK/src\"; [\"ro\"])"
	run_sh 'cat /proc/self/mountinfo'
	mounted /a tmpfs ro nosuid nodev noatime
}

@test "an unknown option of a bind mount is an error, with the nearest known one" {
	config "bind(\"/a\"; \"$WORK\"; [\"nosuidd\"])"
	fails run --bundle "$BUNDLE" "$ID"
	says 'mounts[7].options[1]'
	says "did you mean 'nosuid'?"
}

@test "a file system option on a bind mount is only a warning: engines leave them there" {
	config "bind(\"/a\"; \"$WORK\"; [\"size=1m\"])"
	run_sh true
	[ "$status" -eq 0 ]
	says "'size=1m' has no effect on a bind mount"
}

# ---- remount ----------------------------------------------------------------------------------------------------------------

@test "bind,remount,ro makes what is there read-only, and keeps its other flags" {
	mkdir "$WORK/src"
	config "bind(\"/a\"; \"$WORK/src\"; [\"nosuid\", \"nodev\"]) | bind(\"/a\"; \"\"; [\"remount\", \"ro\"])"
	run_sh 'cat /proc/self/mountinfo; touch /a/x'
	bound /a ro nosuid nodev
	says "Read-only"
	touch "$WORK/src/still-writable"
}

@test "remount with options of the file system keeps the flags of the mount" {
	config 'mount("/a"; "tmpfs"; "t"; ["nosuid", "nodev", "size=4m"]) | mount("/a"; "tmpfs"; "t"; ["remount", "size=8m", "noexec"])'
	run_sh 'cat /proc/self/mountinfo'
	mounted /a tmpfs nosuid nodev noexec
	says "size=8192k"
}

@test "remount,rw makes a read-only tmpfs writable, on the way to the end too" {
	config 'mount("/a"; "tmpfs"; "t"; ["ro"]) | mount("/a"; "tmpfs"; "t"; ["remount", "rw"]) | mount("/b"; "ramfs"; "t"; ["ro"]) | mount("/b"; "ramfs"; "t"; ["remount", "rw"])'
	run_sh 'touch /a/x /b/x && echo written'
	is written
}

@test "remount,ro of a bind mount does not touch the file system of the host" {
	in_private_ns
	mkdir "$WORK/src"
	mount -t tmpfs src "$WORK/src"
	config "bind(\"/a\"; \"$WORK/src\"; []) | mount(\"/a\"; \"\"; \"\"; [\"remount\", \"ro\"])"
	run_sh 'touch /a/x'
	says "Read-only"
	in_ns touch "$WORK/src/x"
}

@test "remount of nothing is an error" {
	config 'mount("/missing"; ""; ""; ["remount", "ro"])'
	fails run --bundle "$BUNDLE" "$ID"
	says "mounts[7]: remount '/missing': no such file or directory"
}

# ---- order and destinations -------------------------------------------------------------------------------------------------

@test "mounts are made in the order given: the later covers the earlier" {
	mkdir "$WORK"/{one,two}
	touch "$WORK/one/one" "$WORK/two/two"
	config "bind(\"/m\"; \"$WORK/one\"; []) | bind(\"/m\"; \"$WORK/two\"; []) | bind(\"/n/below\"; \"$WORK/one\"; []) | bind(\"/n\"; \"$WORK/two\"; [])"
	run_sh 'ls /m /n'
	is $'/m:\ntwo\n\n/n:\ntwo'
}

@test "a mount may be made in one that was made before, also in a read-only tmpfs" {
	mkdir "$WORK/src"
	touch "$WORK/src/here" "$WORK/file"
	config "mount(\"/t\"; \"tmpfs\"; \"t\"; [\"ro\"]) | bind(\"/t/a/b\"; \"$WORK/src\"; []) | bind(\"/t/f\"; \"$WORK/file\"; [])"
	run_sh 'ls /t/a/b; touch /t/x'
	says here
	says "Read-only"
}

# /dev is looked up once for all that is made in it.
@test "a second /dev covers the first, with all that is in it, also if it comes by a link" {
	config 'mount("/dev"; "tmpfs"; "second"; ["mode=755"]) | mount("/dev/late"; "tmpfs"; "t"; [])'
	run_sh 'ls /dev; grep -c " /dev/late " /proc/self/mountinfo; echo x >/dev/null && echo fine'
	lacks shm
	says late
	says null
	[ "${lines[-1]}" = fine ]
	ln -s dev "$ROOTFS/link"
	config '.mounts |= .[:7] | mount("/link"; "tmpfs"; "third"; ["mode=755"]) | mount("/dev/late"; "tmpfs"; "t"; [])'
	run_sh 'ls /dev; grep -c " /dev/late " /proc/self/mountinfo; echo x >/dev/null && echo fine'
	lacks shm
	says null
	[ "${lines[-2]}" = 1 ]
	[ "${lines[-1]}" = fine ]
}

@test "in a /dev that starts with a copy of the image's, what is there is mounted on, and a link in it is followed inside the root" {
	mkdir -p "$ROOTFS/dev/have" "$ROOTFS/elsewhere"
	chmod 750 "$ROOTFS/dev/have"
	ln -s ../elsewhere "$ROOTFS/dev/led"
	config '(.mounts[] | select (.destination == "/dev") | .options) += ["tmpcopyup"]' \
		'mount("/dev/have"; "tmpfs"; "t"; []) | mount("/dev/led"; "tmpfs"; "t"; []) | mount("/dev/new"; "tmpfs"; "t"; [])'
	run_sh 'for d in /dev/have /elsewhere /dev/new; do grep -c " $d " /proc/self/mountinfo; stat -c %a $d; done; readlink /dev/led'
	is $'1\n750\n1\n755\n1\n1777\n../elsewhere'
	[ ! -e "$ROOTFS/dev/new" ]
}

@test "a read-only /dev has its devices" {
	config '(.mounts[] | select(.destination == "/dev")).options |= . + ["ro"]'
	run_sh 'echo x >/dev/null && ls -l /dev/fd && touch /dev/x'
	says "/dev/fd -> /proc/self/fd"
	says "/dev/x: Read-only"
}

@test "a relative destination is taken from the root, with a warning" {
	config "bind(\"some/where\"; \"$WORK\"; [])"
	run_sh 'cat /proc/self/mountinfo'
	bound /some/where
	says "'some/where' is relative: taken as '/some/where'"
}

@test "a destination is cleaned: dots and slashes do not lead out" {
	mkdir "$WORK/src"
	touch "$WORK/src/here"
	config "bind(\"/../..//x/./y/../z//\"; \"$WORK/src\"; [])"
	run_sh 'ls /x/z'
	is here
}

@test "a missing destination is made: a directory with mode 0755 for a directory, an empty file for a file" {
	mkdir "$WORK/src"
	echo content >"$WORK/file"
	config "bind(\"/new/dir/deep\"; \"$WORK/src\"; []) | bind(\"/new/file/f\"; \"$WORK/file\"; [])"
	run_sh 'cat /new/file/f'
	is content
	[ "$(stat -c %a "$ROOTFS/new" "$ROOTFS/new/dir/deep" | sort -u)" = 755 ]
	[ -f "$ROOTFS/new/file/f" ] && [ ! -s "$ROOTFS/new/file/f" ]
	[ "$(stat -c %a "$ROOTFS/new/file/f")" = 644 ]
}

@test "destination / with a tmpfs that starts with a copy: the image stays as it is" {
	config '.mounts = [{destination: "/", type: "tmpfs", source: "t", options: ["tmpcopyup", "nodev"]}] + .mounts'
	run_sh 'touch /made /bin/made && cat /proc/self/mountinfo'
	mounted / tmpfs nodev
	[ ! -e "$ROOTFS/made" ] && [ ! -e "$ROOTFS/bin/made" ]
}

@test "destination / with what is new and empty is an error" {
	local type
	for type in tmpfs ramfs proc sysfs cgroup; do
		config '.mounts |= .[:7]' "mount(\"/\"; \"$type\"; \"x\"; [])"
		fails run --bundle "$BUNDLE" "$ID"
		says "mounts[7].destination: a new $type on '/' would hide the root file system"
	done
}

@test "destination / with an overlay over a read-only image" {
	mkdir "$WORK"/{upper,work}
	config ".mounts = [{destination: \"/\", type: \"overlay\", source: \"o\", options: [\"lowerdir=$ROOTFS\", \"upperdir=$WORK/upper\", \"workdir=$WORK/work\"]}] + .mounts"
	run_sh 'echo x >/made; grep " / / " /proc/self/mountinfo'
	says " - overlay "
	[ -f "$WORK/upper/made" ] && [ ! -e "$ROOTFS/made" ]
}

@test "destination / with a bind mount, read-only" {
	mkdir "$WORK/other"
	cp -a "$ROOTFS/." "$WORK/other"
	touch "$WORK/other/other"
	config ".mounts = [{destination: \"/\", type: \"bind\", source: \"$WORK/other\", options: [\"bind\", \"ro\"]}] + .mounts"
	mkdir -p "$WORK/other"/{proc,sys,dev}
	run_sh 'ls /other; touch /x'
	says /other
	says "Read-only"
}

# ---- sources ----------------------------------------------------------------------------------------------------------------

@test "a relative source is taken from the bundle" {
	mkdir "$BUNDLE/data"
	echo here >"$BUNDLE/data/f"
	config 'bind("/d"; "data"; [])'
	run_sh 'cat /d/f'
	is here
}

@test "type bind without the option is a bind mount; type rbind is one with all below" {
	mkdir "$WORK/src"
	touch "$WORK/src/here"
	config "mount(\"/a\"; \"bind\"; \"$WORK/src\"; []) | mount(\"/b\"; \"rbind\"; \"$WORK/src\"; [])"
	run_sh 'ls /a /b'
	is $'/a:\nhere\n\n/b:\nhere'
}

@test "a missing source is an error that names source and destination, and leaves nothing" {
	config "bind(\"/made/for/it\"; \"$WORK/missing\"; [])"
	fails run --bundle "$BUNDLE" "$ID"
	says "mounts[7]: bind '$WORK/missing' on '/made/for/it': open the source: no such file or directory"
	[ ! -e "$ROOTFS/made" ]
}

@test "a bind mount without source is an error of the configuration" {
	config '.mounts += [{destination: "/a", options: ["bind"]}]'
	fails run --bundle "$BUNDLE" "$ID"
	says 'mounts[7].source'
	says "required for a bind mount"
}

@test "file on directory and directory on file are errors" {
	touch "$WORK/file"
	config "bind(\"/tmp\"; \"$WORK/file\"; [])"
	fails run --bundle "$BUNDLE" "$ID"
	says "mounts[7]: bind '$WORK/file' on '/tmp': a file on a directory: not a directory"
	config '.mounts |= .[:-1]' "bind(\"/etc/passwd\"; \"$WORK\"; [])"
	fails run --bundle "$BUNDLE" "$ID"
	says "mounts[7]: bind '$WORK' on '/etc/passwd': a directory on a file: not a directory"
}

@test "sockets and FIFOs are bound like files" {
	mkfifo "$WORK/fifo"
	config "bind(\"/run/fifo\"; \"$WORK/fifo\"; [])"
	run_sh 'stat -c %F /run/fifo'
	is fifo
}

@test "source symlinks are followed; src-nofollow binds the link itself" {
	echo content >"$WORK/file"
	ln -s file "$WORK/link"
	config "bind(\"/a\"; \"$WORK/link\"; []) | bind(\"/b\"; \"$WORK/link\"; [\"src-nofollow\"])"
	run_sh 'cat /a; readlink /b'
	is $'content\nfile'
}

@test "copy-symlink makes the same link, and takes one that is there; what is no link is bound" {
	echo content >"$WORK/file"
	ln -s /etc/somewhere "$WORK/link"
	ln -s /etc/somewhere "$ROOTFS/there"
	config "bind(\"/new/link\"; \"$WORK/link\"; [\"copy-symlink\"]) | bind(\"/there\"; \"$WORK/link\"; [\"copy-symlink\"]) | bind(\"/file\"; \"$WORK/file\"; [\"copy-symlink\"])"
	run_sh 'readlink /new/link; readlink /there; cat /file'
	is $'/etc/somewhere\n/etc/somewhere\ncontent'
}

@test "copy-symlink over something else is an error" {
	ln -s /etc/somewhere "$WORK/link"
	ln -s /else "$ROOTFS/there"
	config "bind(\"/there\"; \"$WORK/link\"; [\"copy-symlink\"])"
	fails run --bundle "$BUNDLE" "$ID"
	says "make the link '/there' to '/etc/somewhere': file exists"
}

@test "a destination link is followed inside the root; dest-nofollow covers the link itself" {
	echo content >"$WORK/file"
	echo image >"$ROOTFS/image"
	ln -s /image "$ROOTFS/link1"
	ln -s /image "$ROOTFS/link2"
	config "bind(\"/link1\"; \"$WORK/file\"; [])"
	run_sh 'cat /image'
	is content
	config '.mounts |= .[:-1]' "bind(\"/link2\"; \"$WORK/file\"; [\"dest-nofollow\"])"
	run_sh 'cat /image; cat /link2'
	is $'image\ncontent'
}

# ---- /proc and /sys ---------------------------------------------------------------------------------------------------------

@test "on /proc goes proc and nothing else; below it only what lxcfs covers" {
	local i
	echo lxcfs >"$WORK/meminfo"
	config "bind(\"/proc/meminfo\"; \"$WORK/meminfo\"; [])"
	run_sh 'cat /proc/meminfo'
	is lxcfs
	for i in 'mount("/proc"; "tmpfs"; "t"; [])' 'mount("/proc"; "cgroup"; "cgroup"; [])' 'mount("/proc/self/attr"; "tmpfs"; "t"; [])' \
		"bind(\"/proc/version\"; \"$WORK/meminfo\"; [])" "bind(\"/proc\"; \"$WORK\"; [])"; do
		config '.mounts |= .[:7]' "$i"
		fails run --bundle "$BUNDLE" "$ID"
		says 'mounts[7]'
	done
}

@test "the host's /proc may be bound on /proc" {
	config '.mounts |= map (select (.destination != "/proc"))' 'mount("/proc"; "bind"; "/proc"; ["rbind", "ro"])' 'no_ns("pid")' \
		'.linux.maskedPaths = [] | .linux.readonlyPaths = []'
	run_sh 'test -d /proc/self && grep -c . /proc/self/status'
	[ "$status" -eq 0 ]
}

@test "proc takes options of its own" {
	config '(.mounts[] | select (.destination == "/proc")).options = ["nosuid", "hidepid=2"]'
	run_sh 'grep " /proc " /proc/self/mountinfo'
	says "hidepid="
}
