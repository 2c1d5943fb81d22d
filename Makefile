# Everything a newcomer needs. `make` alone prints this list.

.DEFAULT_GOAL := help
BIN := target/release

.PHONY: help build test test-taurus test-tls bench bench-models bench-peers serve compare clean

help:         ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build:        ## build the servers and the load generator (release)
	cargo build --release --locked

test:         ## run all tests
	cargo test --workspace --locked

test-taurus: build ## let Taurus run loadgen in ab's place; installs it from PyPI in target/
	loadgen/tests/taurus/check.sh $(BIN) target/taurus

test-tls: build ## let SSLyze hold both servers against Mozilla's guide; installs it from PyPI
	server-common/tests/sslyze/check.sh $(BIN) target/sslyze

bench: build  ## measure sync against async: about two minutes, results in results/
	$(BIN)/loadgen bench

bench-models: build ## measure every way to wait under every load: under half an hour, results in results/
	$(BIN)/loadgen bench --plan models

bench-peers:  ## measure against wrk, ab, h2load, oha, hey, nginx and bare loops: a quarter of an hour
	cargo bench --locked -p loadgen --bench peers

serve: build  ## run both servers, on ports 7080 and 8080, until Ctrl-C
	@trap 'kill $$sync $$async 2>/dev/null; wait' INT TERM; \
	$(BIN)/server-sync & sync=$$!; $(BIN)/server-async & async=$$!; wait

compare: build ## compare two results: make compare A=results/… B=results/…
	$(BIN)/loadgen compare $(A) $(B)

clean:        ## remove what was built; results stay
	cargo clean
