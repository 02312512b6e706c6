# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# runtime.md "State", "Query State".

state_is () { # JQ-CONDITION
	rt state "$id" || fail "state failed"
	jq -e "$1" --arg id "$id" --arg pid "$pid" --arg bundle "$bundle" "$work/out" >/dev/null || fail "not so: $1, in $(tr -d '\n\t' <"$work/out")"
}

state_when_created () {
	created 'inside (["wait"])' '.annotations = {"org.example.key": "value", "org.example.empty": ""}'
	state_is "$1"
}

state_when_running () {
	started 'inside (["wait"])'
	state_is "$1"
	rt kill "$id" KILL || fail "kill failed"
	await_exit
}

state_when_stopped () {
	started 'inside (["exit", "0"])'
	await_exit
	await 5 has_status stopped || fail "status is not stopped"
	state_is "$1"
}

must "runtime.md State: ociVersion (string, REQUIRED) is version of the specification" state_when_created \
	'.ociVersion | type == "string" and test ("^[0-9]+\\.[0-9]+\\.[0-9]+([-+][0-9A-Za-z.+-]+)?$")'
must "runtime.md State: id (string, REQUIRED) is the container's ID" state_when_created '.id == $id'
must "runtime.md State: status (string, REQUIRED) is 'created' when finished create" state_when_created '.status == "created"'
must "runtime.md State: status is 'running' when the user-specified program runs" state_when_running '.status == "running"'
must "runtime.md State: status is 'stopped' when the container process has exited" state_when_stopped '.status == "stopped"'
must "runtime.md State: pid (int, REQUIRED when status is created on Linux)" state_when_created '.pid == ($pid | tonumber)'
must "runtime.md State: pid (int, REQUIRED when status is running on Linux)" state_when_running '.pid == ($pid | tonumber)'
must "runtime.md State: bundle (string, REQUIRED) is the absolute path to the container's bundle directory" state_when_created '.bundle == $bundle'
must "runtime.md State: annotations contains the annotations associated with the container" state_when_created \
	'.annotations."org.example.key" == "value" and .annotations."org.example.empty" == ""'
must "runtime.md State: the format MUST adhere to the JSON schema (types)" state_when_stopped \
	'(.ociVersion, .id, .status, .bundle | type == "string") and (.pid == null or (.pid | type == "number")) and (.annotations == null or (.annotations | type == "object"))'

state_without_id () {
	! rt state || fail "succeeded"
}
must "runtime.md Query State: MUST generate an error if it is not provided the ID of a container" state_without_id

state_of_nothing () {
	! rt state "$id" || fail "succeeded"
	[ -s "$work/err" ] || fail "no message"
}
must "runtime.md Query State: query a container that does not exist MUST generate an error" state_of_nothing

pid_file () {
	created 'inside (["wait"])'
	[[ $pid =~ ^[0-9]+$ ]] || fail "the pid file says '$pid'"
	[ "$(tail -c 1 "$work/pid" | od -An -tx1)" != " 0a" ] || fail "the pid file ends with a newline"
	[ -d "/proc/$pid" ] || fail "there is no process $pid"
	grep -q "$id" "/proc/$pid/cgroup" || fail "process $pid is not in the cgroup of the container"
}
must "command-line-interface.md create: --pid-file is the file to write the process id to" pid_file

features_say () {
	rt features || skip "no features command"
	jq -e "$1" "$work/out" >/dev/null || fail "not so: $1"
}
must "features.md: ociVersionMin and ociVersionMax (string, REQUIRED)" features_say '[.ociVersionMin, .ociVersionMax] | all (test ("^[0-9]+\\.[0-9]+\\.[0-9]+"))'
must "features.md: hooks (array of strings) are the recognized names of the hooks" features_say \
	'.hooks | sort == ["createContainer", "createRuntime", "poststart", "poststop", "prestart", "startContainer"]'
must "features.md: mountOptions (array of strings) are the recognized names of the mount options" features_say \
	'.mountOptions | index ("ro") and index ("rbind") and index ("noexec") and index ("rprivate")'
must "features-linux.md: namespaces (array of strings) are the recognized names of the namespaces" features_say \
	'.linux.namespaces | index ("pid") and index ("mount") and index ("user") and index ("cgroup")'
must "features-linux.md: capabilities (array of strings) are the recognized names of the capabilities" features_say '.linux.capabilities | index ("CAP_SYS_ADMIN")'
must "features-linux.md: seccomp enabled, actions, operators, archs" features_say \
	'.linux.seccomp | .enabled == false or (.actions | index ("SCMP_ACT_ERRNO")) and (.operators | index ("SCMP_CMP_MASKED_EQ")) and (.archs | length > 0)'
