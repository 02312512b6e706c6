# SPDX-License-Identifier: GPL-2.0-or-later
# One makefile for everything; build products are below build/ only.
#
#	make            build/release/coracle and build/release/coracle-helper
#	make check      all tests (root); ends with "N passed, N failed, N skipped"
#	make help       the other targets
#
# A variant is a directory below build/ with its own flags: release (the default), asan, ubsan, unit, fuzz, or any name of yours with
# CC=, CFLAGS= or LIBC= given by hand: `make VARIANT=clang CC=clang`.

VERSION := 0.1.0
PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
LIBEXECDIR ?= $(PREFIX)/libexec
DATADIR ?= $(PREFIX)/share
MANDIR ?= $(DATADIR)/man
DESTDIR ?=
VARIANT ?= release
WERROR ?= 1
B := build/$(VARIANT)

SANITIZE_asan := -fsanitize=address
SANITIZE_ubsan := -fsanitize=undefined -fno-sanitize-recover=all
SANITIZE_unit := $(if $(filter 0,$(UNIT_SAN)),-g,-fsanitize=address,undefined -fno-sanitize-recover=all)
SANITIZE_fuzz := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
SANITIZE := $(SANITIZE_$(VARIANT))

.DEFAULT_GOAL := all
include mk/features.mk

# Small is fast here: the program starts with cold caches, and ends before a loop is hot.
CFLAGS ?= $(if $(SANITIZE),-O1,-Os) -g
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wvla -Wpointer-arith -Wwrite-strings \
	-Wno-unused-parameter -Wno-missing-field-initializers $(if $(filter 1,$(WERROR)),-Werror)
CPPFLAGS_ALL = -I. -Isrc -I$(B) -D_GNU_SOURCE -DLIBEXECDIR='"$(LIBEXECDIR)"' $(CPPFLAGS)
CFLAGS_ALL = -std=gnu11 $(CFLAGS) $(if $(filter unit,$(VARIANT)),-DUNIT_TEST) $(WARNINGS) -fno-strict-aliasing -ffunction-sections -fdata-sections $(SANITIZE) \
	$(if $(SANITIZE),-fno-omit-frame-pointer)
LDFLAGS_ALL = -Wl,--gc-sections -Wl,--sort-section=alignment $(LDFLAGS) $(SANITIZE)

ROOMS := ns rootfs cgroup security process hooks net rdt terminal
DIRS := libocispec $(addprefix src/,base sys plan $(ROOMS) sync init container cli)
SYSTEMD_SRCS := src/cgroup/dbus.c $(filter-out %_none.c,$(wildcard src/cgroup/systemd*.c))
LEFT_OUT := $(if $(filter 1,$(HAVE_SYSTEMD)),src/cgroup/systemd_none.c,$(SYSTEMD_SRCS))
SRCS := $(filter-out $(LEFT_OUT),$(sort $(wildcard $(addsuffix /*.c,$(DIRS)))))
OBJS := $(SRCS:%.c=$(B)/o/%.o)
LIB_OBJS := $(filter-out %/cli/main.o,$(OBJS))

HELPER_LIBS := libseccomp
HELPER_SRCS := $(sort $(wildcard $(addsuffix /*.c,src/helper libocispec src/base src/sys src/plan)))
HELPER_OBJS := $(HELPER_SRCS:%.c=$(B)/h/%.o)
HELPER := $(if $(wildcard src/helper/*.c),$(B)/coracle-helper)

# One word per step; V=1 shows the commands.
say = @$(if $(V),set -x;,echo '  $(1)  $@';)

.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: all FORCE

all: $(B)/coracle $(HELPER) build/coracle

# build/coracle is what you type by hand; the tests take $CORACLE.
build/coracle: $(B)/coracle
	@ln -sfn $(VARIANT)/coracle $@

# For a debugger: coracle.debug.
$(B)/coracle.debug: $(OBJS)
	$(call say,LD) $(CC_MAIN) $(LDFLAGS_LIBC) $(LDFLAGS_ALL) -o $@ $^ $(YAJL_LIBS)

$(B)/coracle: $(B)/coracle.debug
	$(if $(SANITIZE),@ln -f $< $@,@strip -o $@ $<)

$(B)/o/%.o: %.c | $(B)/config.h
	@mkdir -p $(@D)
	$(call say,CC) $(CC_MAIN) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(CFLAGS_LIBC) -MMD -MP -c -o $@ $<

# The second program: glibc, dynamic. It alone may load shared libraries, and it is started only when one is needed.
$(B)/coracle-helper: $(HELPER_OBJS)
	$(call say,LD) gcc $(LDFLAGS_ALL) -o $@ $^ $(shell $(PKG_CONFIG) --libs $(HELPER_LIBS)) $(or $(YAJL_STATIC),-lyajl) -ldl -lm

$(B)/h/%.o: %.c | $(B)/config.h
	@mkdir -p $(@D)
	$(call say,CC) gcc $(CPPFLAGS_ALL) $(filter-out -fsanitize=fuzzer%,$(CFLAGS_ALL)) $(YAJL_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/libcoracle.a: $(LIB_OBJS)
	@rm -f $@
	$(call say,AR) ar rcs $@ $^

include mk/tests.mk
include mk/checks.mk
include mk/install.mk

FORCE:
-include $(OBJS:.o=.d) $(HELPER_OBJS:.o=.d) $(wildcard $(B)/t/*.d $(B)/t/*/*.d)
