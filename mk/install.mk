# SPDX-License-Identifier: GPL-2.0-or-later

.PHONY: install uninstall dist clean man

CONTRIB_FILES := $(sort $(wildcard contrib/*/*))
BASH_COMPLETIONS := $(DATADIR)/bash-completion/completions
ZSH_COMPLETIONS := $(DATADIR)/zsh/site-functions
FISH_COMPLETIONS := $(DATADIR)/fish/vendor_completions.d

man: $(B)/coracle
	@man/build build/man $<

install: all man
	install -D -m 0755 $(B)/coracle $(DESTDIR)$(BINDIR)/coracle
	$(if $(HELPER),install -D -m 0755 $(HELPER) $(DESTDIR)$(LIBEXECDIR)/coracle/coracle-helper)
	@for f in build/man/*.[1-9]; do [ -e "$$f" ] || continue; \
		install -D -m 0644 "$$f" "$(DESTDIR)$(MANDIR)/man$${f##*.}/$${f##*/}"; done
	@for f in $(CONTRIB_FILES); do install -D -m 0644 "$$f" "$(DESTDIR)$(DATADIR)/coracle/$${f#contrib/}"; done
	install -d $(DESTDIR)$(BASH_COMPLETIONS) $(DESTDIR)$(ZSH_COMPLETIONS) $(DESTDIR)$(FISH_COMPLETIONS)
	$(B)/coracle completion bash >$(DESTDIR)$(BASH_COMPLETIONS)/coracle
	$(B)/coracle completion zsh >$(DESTDIR)$(ZSH_COMPLETIONS)/_coracle
	$(B)/coracle completion fish >$(DESTDIR)$(FISH_COMPLETIONS)/coracle.fish

uninstall:
	rm -f $(DESTDIR)$(BINDIR)/coracle $(DESTDIR)$(BASH_COMPLETIONS)/coracle \
		$(DESTDIR)$(ZSH_COMPLETIONS)/_coracle $(DESTDIR)$(FISH_COMPLETIONS)/coracle.fish
	rm -rf $(DESTDIR)$(LIBEXECDIR)/coracle $(DESTDIR)$(DATADIR)/coracle
	rm -f $(DESTDIR)$(MANDIR)/man[1-9]/coracle.[1-9] $(DESTDIR)$(MANDIR)/man[1-9]/coracle-*.[1-9]

# Of the last commit; .commit tells the build where it came from.
dist:
	@mkdir -p build
	git -c safe.directory='*' rev-parse --short=12 HEAD >build/.commit
	git -c safe.directory='*' archive --prefix=coracle-$(VERSION)/ --add-file=build/.commit -o build/coracle-$(VERSION).tar.gz HEAD
	@echo build/coracle-$(VERSION).tar.gz

clean:
	rm -rf build
