#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Every container has a session keyring of its own: keys of the caller are not the container's.

load helpers

setup () {
	test_setup
	with_tool probe
	config 'args (["/bin/probe", "keyring"])'
}

@test "the session keyring is the container's, named after it" {
	runs run --bundle "$BUNDLE" "$ID"
	says "keyring;0;"
	says ";_ses.$ID"
}

@test "possessor: everything; user: view, read, search; nobody else anything" {
	runs run --bundle "$BUNDLE" "$ID"
	says ';3f0b0000;'
}

@test "--no-new-keyring keeps the caller's" {
	own=$("$TEST_TOOLS/probe" keyring)
	runs run --no-new-keyring --bundle "$BUNDLE" "$ID"
	is "$own"
}

@test "with a user namespace, and as a user that is not root" {
	config userns '.process.user = {uid: 1000, gid: 1000}'
	chown -R 100000:100000 "$ROOTFS"
	runs run --bundle "$BUNDLE" "$ID"
	says ";_ses.$ID"
}

@test "a kernel without keyrings is no obstacle; one that refuses is, and the message says the way around" {
	run "$TEST_TOOLS/nosys" keyctl -- "$CORACLE" --root "$STATE" run --bundle "$BUNDLE" "$ID" 3>&-
	[ "$status" -eq 0 ]
	is 'errno 38'
	run "$TEST_TOOLS/nosys" keyctl=EPERM -- "$CORACLE" --root "$STATE" run --bundle "$BUNDLE" "$ID" 3>&-
	[ "$status" -ne 0 ]
	says "join session keyring '_ses.$ID' (--no-new-keyring does without): operation not permitted"
}

@test "no keys left (EDQUOT): the message says which sysctl limits them" {
	run "$TEST_TOOLS/nosys" keyctl=122 -- "$CORACLE" --root "$STATE" run --bundle "$BUNDLE" "$ID" 3>&-
	[ "$status" -ne 0 ]
	says 'kernel.keys.maxkeys'
	says '--no-new-keyring'
	says 'disk quota exceeded'
}
