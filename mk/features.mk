# SPDX-License-Identifier: GPL-2.0-or-later
# What this machine has. Writes build/config.h and build/features.txt; no configure step.

HOST_CC := $(if $(filter default,$(origin CC)),gcc,$(CC))
MULTIARCH := $(shell gcc -print-multiarch 2>/dev/null)
YAJL_STATIC := $(firstword $(wildcard /usr/lib/$(MULTIARCH)/libyajl_s.a /usr/lib/libyajl_s.a /usr/lib64/libyajl_s.a))

# A static musl binary starts in a third of the time of a dynamic glibc one (docs/benchmarks.md); another compiler means glibc.
LIBC ?= $(if $(and $(shell command -v musl-gcc 2>/dev/null),$(YAJL_STATIC),$(filter gcc,$(HOST_CC))),musl,glibc)

WITH_SYSTEMD ?= auto
WITH_SELINUX ?= auto
WITH_CRIU ?= auto
WITH_AUDIT ?= auto

have = $(shell pkg-config --exists $(1) 2>/dev/null && echo yes)
# $(call toggle,NAME,pkg-config package)
toggle = $(if $(filter no,$(WITH_$(1))),0,$(if $(call have,$(2)),1,$(if $(filter yes,$(WITH_$(1))),$(error WITH_$(1)=yes, but pkg-config does not know $(2)),0)))

HAVE_SECCOMP := $(call have,libseccomp)
HELPER_CFLAGS := $(shell pkg-config --cflags libseccomp 2>/dev/null)
HELPER_LIBS := $(shell pkg-config --libs libseccomp 2>/dev/null)
UNIT_LIBS := $(shell pkg-config --libs libcap libseccomp 2>/dev/null)
ifeq ($(HAVE_SECCOMP),)
 $(error libseccomp is missing: tools/install-deps installs what the build needs)
endif

# systemd is spoken to over its socket, SELinux and AppArmor through /proc: no library of theirs is linked. The toggles say what is compiled in.
F_SYSTEMD := $(if $(filter no,$(WITH_SYSTEMD)),0,1)
F_SELINUX := $(call toggle,SELINUX,libselinux)
F_CRIU := $(call toggle,CRIU,criu)
F_AUDIT := $(call toggle,AUDIT,audit)

COMMIT := $(shell git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)
flag = $(if $(filter 1,$(2)),+$(1),-$(1))
FEATURES := $(call flag,SYSTEMD,$(F_SYSTEMD)) $(call flag,SELINUX,$(F_SELINUX)) +APPARMOR +CAP +SECCOMP +EBPF $(call flag,CRIU,$(F_CRIU)) $(call flag,AUDIT,$(F_AUDIT)) +YAJL

define CONFIG_H
/* made by mk/features.mk */
#pragma once
#define CORACLE_VERSION "$(VERSION)"
#define CORACLE_COMMIT "$(COMMIT)"
#define CORACLE_FEATURES "$(FEATURES)"
#define HAVE_SYSTEMD $(F_SYSTEMD)
#define HAVE_SELINUX $(F_SELINUX)
#define HAVE_CRIU $(F_CRIU)
#define HAVE_AUDIT $(F_AUDIT)
endef
export CONFIG_H

# Rewritten only when it changes, so that nothing is rebuilt without need.
build/config.h: FORCE
	@mkdir -p build
	@printf '%s\n' "$$CONFIG_H" >build/config.h.new
	@cmp -s build/config.h.new build/config.h && rm build/config.h.new || mv build/config.h.new build/config.h
build/features.txt: build/config.h
	@echo "$(HOST_CC), $(LIBC): $(FEATURES)" | tee build/features.txt
FORCE:
