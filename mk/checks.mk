# SPDX-License-Identifier: GPL-2.0-or-later
# Style: nothing here needs root or a built program.

C_FILES := $(sort $(wildcard $(addsuffix /*.[ch],$(DIRS) src/helper libocispec/tests tests/unit tests/tools tests/fuzz tests/bench)))

.PHONY: lint format help
lint: check-lint
format:
	clang-format -i $(C_FILES)

help:
	@echo 'all             the two programs (default)'
	@echo 'check           all suites: $(SUITES)'
	@echo 'check-SUITE     one of them; check-fault is all faults, not a sample (slow); check-vm (QEMU)'
	@echo 'check-oldkernel the bats suite without each newer system call (slow); CALLS=openat2 for one'
	@echo 'demo            run a container with busybox in it'
	@echo 'lint format     clang-format, clang-tidy, tools/layers, tools/budgets, shellcheck, codespell'
	@echo 'asan ubsan      the suites with a sanitized program'
	@echo 'fuzz            libFuzzer, FUZZ_SECONDS=30 for each target'
	@echo 'bench           compare with crun and runc; writes docs/benchmarks.md'
	@echo 'install dist    PREFIX, DESTDIR; a tarball of the last commit'
	@echo 'uninstall clean'
	@echo 'toggles         $(foreach f,$(FEATURES),WITH_$(f)=)auto|yes|no LIBC=auto|musl|glibc WERROR=0|1 UNIT_SAN=0|1'
