# SPDX-License-Identifier: GPL-2.0-or-later
# One makefile, not recursive. `make` builds; `make help` lists the targets.

VERSION := 0.1.0
PREFIX ?= /usr/local
DESTDIR ?=
BINDIR = $(PREFIX)/bin
LIBEXECDIR = $(PREFIX)/libexec
MANDIR = $(PREFIX)/share/man
EXAMPLEDIR = $(PREFIX)/share/doc/coracle/examples

# release, asan, ubsan: each in a build directory of its own
VARIANT ?= release
B := build/$(VARIANT)

include mk/features.mk

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wvla -Werror
BASE_CFLAGS := -std=gnu11 -D_GNU_SOURCE $(WARN) -fno-strict-aliasing -I. -Isrc -Ibuild -DLIBEXECDIR='"$(LIBEXECDIR)"'

ROOMS := base sys plan ns rootfs cgroup security process hooks net rdt terminal sync init container cli
LIB_SRC := $(filter-out src/cli/main.c,$(wildcard libocispec/*.c $(ROOMS:%=src/%/*.c)))
HELPER_SRC := $(wildcard src/helper/*.c)
HELPER_LIB := libocispec/arena.c libocispec/json_out.c libocispec/json_yajl.c libocispec/oci_config.c libocispec/oci_linux.c \
	libocispec/oci_state.c libocispec/record_read.c libocispec/record_write.c libocispec/report.c src/base/err.c
UNIT_TESTS := $(patsubst %.c,%,$(notdir $(wildcard tests/unit/test_*.c libocispec/tests/test_*.c)))
TOOLS := $(patsubst tests/tools/%.c,build/tools/%,$(wildcard tests/tools/*.c)) build/tools/inside

# ---- compilers: the runtime, the helper, the unit tests ----------------------------------------------------------------

ifeq ($(VARIANT),asan)
 SANITIZE := -fsanitize=address -fno-omit-frame-pointer
else ifeq ($(VARIANT),ubsan)
 SANITIZE := -fsanitize=undefined -fno-sanitize-recover=all
endif

ifneq ($(SANITIZE),)
 RT_CC := $(HOST_CC)
 RT_CFLAGS := $(BASE_CFLAGS) -O1 -g $(SANITIZE)
 RT_LIBS := $(SANITIZE) -lyajl
else ifeq ($(LIBC),musl)
 RT_CC := musl-gcc
 RT_CFLAGS := $(BASE_CFLAGS) -O2 -g -fno-pie -ffunction-sections -fdata-sections -idirafter /usr/include -idirafter /usr/include/$(MULTIARCH)
 RT_LIBS := -static -no-pie -Wl,--gc-sections -Wl,-z,noseparate-code -Wl,-z,relro,-z,now $(YAJL_STATIC)
else
 RT_CC := $(HOST_CC)
 RT_CFLAGS := $(BASE_CFLAGS) -O2 -g -fPIE -fstack-protector-strong -D_FORTIFY_SOURCE=2
 RT_LIBS := -pie -Wl,-z,relro,-z,now -lyajl
endif

HOST_CFLAGS := $(BASE_CFLAGS) -O2 -g
UNIT_SAN ?= -fsanitize=address,undefined -fno-sanitize-recover=undefined
UNIT_CFLAGS := $(BASE_CFLAGS) -O1 -g $(UNIT_SAN) -DUNIT_TEST

.PHONY: all help check check-% demo lint format asan ubsan bench install uninstall dist clean man
all: $(B)/coracle $(B)/coracle-helper
	@echo "built $(B)/coracle"

$(B)/%.o: %.c build/config.h | build/features.txt
	@mkdir -p $(@D)
	$(RT_CC) $(RT_CFLAGS) -MMD -c $< -o $@

$(B)/coracle: $(patsubst %.c,$(B)/%.o,$(LIB_SRC) src/cli/main.c)
	$(RT_CC) -o $@ $^ $(RT_LIBS)

build/helper/%.o: %.c build/config.h
	@mkdir -p $(@D)
	$(HOST_CC) $(HOST_CFLAGS) $(HELPER_CFLAGS) -MMD -c $< -o $@

$(B)/coracle-helper: $(patsubst %.c,build/helper/%.o,$(HELPER_SRC) $(HELPER_LIB))
	@mkdir -p $(@D)
	$(HOST_CC) -o $@ $^ -lyajl $(HELPER_LIBS)

# ---- tests ----------------------------------------------------------------------------------------------------------------

build/unit/%.o: %.c build/config.h
	@mkdir -p $(@D)
	$(HOST_CC) $(UNIT_CFLAGS) -MMD -c $< -o $@

UNIT_LIB := $(patsubst %.c,build/unit/%.o,$(LIB_SRC))
build/unit/bin/test_%: build/unit/tests/unit/test_%.o $(UNIT_LIB)
	@mkdir -p $(@D)
	$(HOST_CC) $(UNIT_SAN) -o $@ $^ -lyajl $(UNIT_LIBS)
build/unit/bin/test_%: build/unit/libocispec/tests/test_%.o $(UNIT_LIB)
	@mkdir -p $(@D)
	$(HOST_CC) $(UNIT_SAN) -o $@ $^ -lyajl $(UNIT_LIBS)

build/tools/%: tests/tools/%.c
	@mkdir -p $(@D)
	$(HOST_CC) -std=gnu11 -D_GNU_SOURCE $(WARN) -O2 -static -o $@ $<
build/tools/inside: oci-validation/inside.c
	@mkdir -p $(@D)
	$(HOST_CC) -std=gnu11 -D_GNU_SOURCE $(WARN) -O2 -static -o $@ $<

tests: $(UNIT_TESTS:%=build/unit/bin/%) $(TOOLS)

check: all tests
	tests/run
check-unit: tests
	tests/run unit
check-plan check-bats check-badinputs check-validation check-engines check-budgets: check-%: all tests
	tests/run $*
check-lint: lint

# The whole suite with a sanitized runtime.
asan ubsan:
	$(MAKE) VARIANT=$@ all tests
	VARIANT=$@ CORACLE=$(CURDIR)/build/$@/coracle tests/run bats badinputs validation

lint:
	tools/lint
format:
	clang-format -i $$(git ls-files '*.[ch]')
demo: all
	tools/demo $(B)/coracle
bench: all tests
	tests/bench/bench $(B)/coracle

# ---- installing --------------------------------------------------------------------------------------------------------------

install: all
	install -D -m 0755 $(B)/coracle $(DESTDIR)$(BINDIR)/coracle
	install -D -m 0755 $(B)/coracle-helper $(DESTDIR)$(LIBEXECDIR)/coracle/coracle-helper
	for f in man/*.[1-9]; do install -D -m 0644 $$f $(DESTDIR)$(MANDIR)/man$${f##*.}/$${f##*/} || exit 1; done
	for f in contrib/*; do install -D -m 0644 $$f $(DESTDIR)$(EXAMPLEDIR)/$${f##*/} || exit 1; done
	install -d $(DESTDIR)$(PREFIX)/share/bash-completion/completions $(DESTDIR)$(PREFIX)/share/zsh/site-functions \
		$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
	$(B)/coracle completion bash >$(DESTDIR)$(PREFIX)/share/bash-completion/completions/coracle
	$(B)/coracle completion zsh >$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_coracle
	$(B)/coracle completion fish >$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/coracle.fish

uninstall:
	rm -f $(DESTDIR)$(BINDIR)/coracle $(DESTDIR)$(PREFIX)/share/bash-completion/completions/coracle \
		$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_coracle $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/coracle.fish
	rm -rf $(DESTDIR)$(LIBEXECDIR)/coracle $(DESTDIR)$(PREFIX)/share/doc/coracle
	for f in man/*.[1-9]; do rm -f $(DESTDIR)$(MANDIR)/man$${f##*.}/$${f##*/}; done

dist:
	@mkdir -p build
	git archive --prefix=coracle-$(VERSION)/ -o build/coracle-$(VERSION).tar.gz HEAD
	@echo build/coracle-$(VERSION).tar.gz
clean:
	rm -rf build

help:
	@echo 'all            the runtime and its helper, in $(B)'
	@echo 'check          every test; check-unit, check-plan, check-bats, check-badinputs, check-validation, check-engines, check-budgets'
	@echo 'asan, ubsan    the suite with a sanitized runtime'
	@echo 'demo           run a real container (root)'
	@echo 'lint, format   style, layers, budgets'
	@echo 'bench          measure beside crun and runc'
	@echo 'install, uninstall, dist, clean'
	@echo 'toggles: LIBC=musl|glibc WITH_SYSTEMD, WITH_SELINUX, WITH_CRIU, WITH_AUDIT=auto|yes|no CC=… PREFIX=… DESTDIR=…'

-include $(shell find build -name '*.d' 2>/dev/null)
