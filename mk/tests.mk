# SPDX-License-Identifier: GPL-2.0-or-later
# Test programs, helper tools and the suites. tests/run knows the suites; here is what they need to be built.

.PHONY: check check-oldkernel check-tools unit-programs update-golden $(addprefix check-,unit plan lint bats badinputs validation fault engines budgets vm)

SUITES := unit plan lint bats badinputs validation fault engines budgets
JOBS := $(shell nproc)

# Tools: small static programs in tests/tools, one file each.
TOOLS := $(patsubst tests/tools/%.c,build/tools/%,$(wildcard tests/tools/*.c)) $(patsubst oci-validation/%.c,build/tools/%,$(wildcard oci-validation/*.c))
check-tools: $(TOOLS)
TOOL_CC := gcc -std=gnu11 -O2 -Wall -Wextra -Wno-unused-parameter -D_GNU_SOURCE -static
build/tools/%: tests/tools/%.c
	@mkdir -p $(@D)
	$(call say,CC) $(TOOL_CC) -o $@ $<
build/tools/%: oci-validation/%.c
	@mkdir -p $(@D)
	$(call say,CC) $(TOOL_CC) -o $@ $<

# Unit tests: one program per file, with all of the runtime but main.
UNIT_SRCS := $(filter-out $(if $(filter 0,$(HAVE_SYSTEMD)),%_systemd_bus.c),$(sort $(wildcard tests/unit/test_*.c libocispec/tests/test_*.c)))
UNIT_PROGRAMS := $(UNIT_SRCS:%.c=$(B)/t/%)
unit-programs: $(UNIT_PROGRAMS)
$(B)/t/%: %.c tests/unit/tap.h $(B)/libcoracle.a
	@mkdir -p $(@D)
	$(call say,CC) $(CC_MAIN) $(CPPFLAGS_ALL) -Itests/unit $(CFLAGS_ALL) $(CFLAGS_LIBC) -MMD -MP -MF $@.d $(LDFLAGS_LIBC) $(LDFLAGS_ALL) -o $@ $< \
		$(B)/libcoracle.a $(YAJL_LIBS)

# What a suite needs; `make check-unit` and `make check` build it and hand over to tests/run.
build-unit:
	@$(MAKE) --no-print-directory -j$(JOBS) VARIANT=unit unit-programs
build-plan build-bats build-badinputs build-validation build-engines build-budgets build-fault build-vm: all check-tools
# The planner and what is below it: no room is needed to make a plan.
PLAN_OBJS := $(filter $(addprefix $(B)/o/,libocispec/% src/base/% src/sys/% src/plan/%),$(OBJS))
build-plan: $(B)/plan-golden
$(B)/plan-golden: tests/plan/plan_golden.c $(PLAN_OBJS)
	$(call say,CC) $(CC_MAIN) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(CFLAGS_LIBC) $(LDFLAGS_LIBC) $(LDFLAGS_ALL) -o $@ $^ $(YAJL_LIBS)
build-lint:
.PHONY: $(addprefix build-,$(SUITES) vm)

# `make check` has a sample of the faults; this is all of them.
check-fault: export FAULT_ALL := 1
check-fault: export STREAM_TIMEOUT := 3600
$(addprefix check-,$(SUITES) vm): check-%: build-%
	@CORACLE=$(CURDIR)/$(B)/coracle tests/run $*
check-vm: export STREAM_TIMEOUT := 7200
check: $(addprefix build-,$(SUITES))
	@CORACLE=$(CURDIR)/$(B)/coracle tests/run $(SUITES)
# The bats suite once for each system call that an older kernel lacks: half an hour. CALLS="openat2 clone3": only these.
check-oldkernel: build-bats
	@CORACLE=$(CURDIR)/$(B)/coracle tests/run-oldkernel $(CALLS)
update-golden: build-plan
	@CORACLE=$(CURDIR)/$(B)/coracle tests/run --update-golden plan

# The whole suite with a sanitized program. lint and the budgets say nothing about it; a fault could be in a call of the sanitizer.
asan ubsan:
	@$(MAKE) --no-print-directory -j$(JOBS) VARIANT=$@ build-plan
	@$(MAKE) --no-print-directory build-unit
	@UBSAN_OPTIONS=print_stacktrace=1 CORACLE_SANITIZED=$@ \
		CORACLE=$(CURDIR)/build/$@/coracle tests/run $(filter-out lint budgets fault,$(SUITES))
.PHONY: asan ubsan

# Fuzzers: clang and libFuzzer; FUZZ_SECONDS for each. The corpora grow below build/fuzz.
FUZZ_SECONDS ?= 30
FUZZ_PROGRAMS := $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(filter-out $(if $(filter 0,$(HAVE_SYSTEMD)),%_dbus.c),$(wildcard tests/fuzz/fuzz_*.c)))
$(B)/fuzz/%: tests/fuzz/%.c $(B)/libcoracle.a
	@mkdir -p $(@D)
	$(call say,CC) $(CC_MAIN) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(CFLAGS_LIBC) -fsanitize=fuzzer -o $@ $< $(B)/libcoracle.a $(YAJL_LIBS)
fuzz-programs: $(FUZZ_PROGRAMS)
fuzz:
	@$(MAKE) --no-print-directory -j$(JOBS) VARIANT=fuzz CC=clang fuzz-programs
	@tests/run-fuzz $(FUZZ_SECONDS)
.PHONY: fuzz fuzz-programs

bench: all check-tools
	@tests/bench/bench --coracle $(CURDIR)/$(B)/coracle $(BENCH_ARGS)
.PHONY: bench

# A real container, from nothing.
demo: all
	@CORACLE=$(CURDIR)/$(B)/coracle tools/demo
.PHONY: demo
