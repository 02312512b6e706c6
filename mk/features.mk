# SPDX-License-Identifier: GPL-2.0-or-later
# What is built in. No configure step: pkg-config is asked here, the answers go to $(B)/config.h.
#
#	make WITH_CRIU=no WITH_SYSTEMD=yes LIBC=glibc
#
# auto: if it is found; yes: an error if it is missing; no: leave it out. The main program links none of these: systemd is spoken to over
# its socket, SELinux through /proc, and coracle-helper opens the libraries when a container needs them.

FEATURES := SYSTEMD SELINUX CRIU AUDIT
PKG_SELINUX := libselinux

PKG_CONFIG ?= pkg-config

# $(call probe,NAME): 1 or 0
define probe
WITH_$(1) ?= auto
ifeq ($$(WITH_$(1)),no)
HAVE_$(1) := 0
else
HAVE_$(1) := $(if $(PKG_$(1)),$$(shell $(PKG_CONFIG) --exists $(PKG_$(1)) 2>/dev/null && echo 1 || echo 0),1)
endif
ifeq ($$(WITH_$(1))$$(HAVE_$(1)),yes0)
$$(error WITH_$(1)=yes, but pkg-config knows no $(PKG_$(1)))
endif
ifeq ($$(filter auto yes no,$$(WITH_$(1))),)
$$(error WITH_$(1) is auto, yes or no)
endif
endef
$(foreach f,$(FEATURES),$(eval $(call probe,$(f))))

# The libc of the main program: musl starts 0.4 ms faster than glibc, which is a fifth of a whole `coracle run`.
LIBC ?= auto
MULTIARCH := $(shell gcc -print-multiarch 2>/dev/null)
YAJL_DIR := $(or $(shell $(PKG_CONFIG) --variable=libdir yajl 2>/dev/null),/usr/lib/$(MULTIARCH))
YAJL_STATIC := $(wildcard $(YAJL_DIR)/libyajl_s.a)
YAJL_CFLAGS := $(patsubst %/yajl,%,$(shell $(PKG_CONFIG) --cflags yajl 2>/dev/null))

ifneq ($(filter auto musl glibc,$(LIBC)),$(LIBC))
$(error LIBC is auto, musl or glibc)
endif
# Sanitizers, fuzzing and clang go with glibc; so does a chosen compiler.
ifneq ($(or $(SANITIZE),$(filter-out default undefined,$(origin CC))),)
LIBC_USED := glibc
else ifeq ($(LIBC),auto)
LIBC_USED := $(if $(and $(shell command -v musl-gcc),$(YAJL_STATIC)),musl,glibc)
else
LIBC_USED := $(LIBC)
endif

ifeq ($(LIBC_USED),musl)
CC_MAIN := musl-gcc
CFLAGS_LIBC := -idirafter /usr/include -idirafter /usr/include/$(MULTIARCH) -fno-pie -fno-asynchronous-unwind-tables -fno-unwind-tables
LDFLAGS_LIBC := -static -no-pie -Wl,-z,noseparate-code -Wl,-z,relro,-z,now
YAJL_LIBS = $(YAJL_STATIC)
else
CC_MAIN := $(if $(filter-out default undefined,$(origin CC)),$(CC),gcc)
CFLAGS_LIBC := $(YAJL_CFLAGS) -fstack-protector-strong
ifeq ($(and $(YAJL_STATIC),$(wildcard $(YAJL_DIR)/libc.a)),)
LDFLAGS_LIBC := -Wl,-z,relro,-z,now
YAJL_LIBS = $(or $(YAJL_STATIC),-lyajl) -lm
else
LDFLAGS_LIBC := $(if $(SANITIZE),,-static)
YAJL_LIBS = $(YAJL_STATIC) -lm
endif
endif

ifneq ($(shell $(PKG_CONFIG) --exists libseccomp 2>/dev/null && echo yes),yes)
$(if $(filter clean dist help format,$(MAKECMDGOALS)),,$(error libseccomp is missing: tools/install-deps installs what the build needs))
endif

COMMIT := $(shell git -c safe.directory='*' rev-parse --short=12 HEAD 2>/dev/null || cat .commit 2>/dev/null || echo unknown)
enabled = $(if $(filter 1,$(HAVE_$(1))),+,-)$(1)
FEATURE_LINE := $(foreach f,$(FEATURES),$(call enabled,$(f))) +SECCOMP +APPARMOR +CAP +EBPF +YAJL

# Rewritten only when it changes, so that nothing is built twice.
$(B)/config.h: FORCE
	@mkdir -p $(@D)
	@{ echo '/* Made by mk/features.mk. */'; \
	   echo '#pragma once'; \
	   echo '#define CORACLE_VERSION "$(VERSION)"'; \
	   echo '#define CORACLE_COMMIT "$(COMMIT)"'; \
	   echo '#define CORACLE_FEATURES "$(FEATURE_LINE)"'; \
	   $(foreach f,$(FEATURES),echo '#define HAVE_$(f) $(HAVE_$(f))';) } >$@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; \
	   echo 'coracle $(VERSION) ($(COMMIT)), $(VARIANT): $(CC_MAIN), $(LIBC_USED); $(FEATURE_LINE)'; fi
