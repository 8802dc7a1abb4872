# The toolchain is pinned in package.json: `npm ci` brings Node 26, and every target runs on it.
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
export npm_config_loglevel := error
SHELL := /bin/bash
.DEFAULT_GOAL := help

USERS ?= 100
RUN_TIME ?= 5m
URL ?= http://127.0.0.1:8000
# REPORT=FILE also writes the outcome of the tests as JSON.
VITEST := vitest run $(if $(REPORT),--reporter=default --reporter=json --outputFile.json=$(REPORT))

help: ## print the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  %-22s %s\n", $$1, $$2 }'

setup: node_modules/.package-lock.json ## install the toolchain and the dependencies
node_modules/.package-lock.json: package-lock.json package.json
	npm ci
	@touch $@

browser: ## install chromium for the tests that look at pages (Debian and its kin; root or sudo)
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || \
	  { SUDO=$$([ $$(id -u) = 0 ] || echo sudo); $$SUDO apt-get update -qq && $$SUDO apt-get install -y -qq chromium; }

redis: ## install redis-server for the tests of the shared cache (Debian and its kin; root or sudo)
	@command -v redis-server >/dev/null || \
	  { SUDO=$$([ $$(id -u) = 0 ] || echo sudo); $$SUDO apt-get update -qq && $$SUDO apt-get install -y -qq redis-server; }

demo: build ## the whole loop on a sample lake, with a hot reload under load
	bin/demo.sh

test: setup ## unit, integration and smoke tests, with coverage (85 % of lines at least)
	$(VITEST) --project unit --project integration --project smoke --coverage
test-unit: setup ## unit tests
	$(VITEST) --project unit
test-integration: setup ## tests that start processes and servers
	$(VITEST) --project integration
test-smoke: build ## the commands once, in seconds
	$(VITEST) --project smoke
test-e2e: binary
	$(VITEST) --project e2e
test-slow: setup
	$(VITEST) --project slow

lint: setup ## style, security rules, import rules, cycles, dead code
	npm run --silent lint
format: setup ## format the code
	npm run --silent format
type-check: setup ## the TypeScript compiler, strict
	npm run --silent type-check
pre-commit: setup ## what the git hook runs, on all files
	lefthook run pre-commit --all-files
pre-commit-install: setup ## install the git hook
	lefthook install

build: setup
	npm run --silent build
manifest: build ## bring oclif.manifest.json up to date
	node bin/write-manifest.js
manifest-check: manifest
	git diff --exit-code -- oclif.manifest.json
binary: build ## dist/recsys, the single executable
	node bin/build-binary.js
bench: build ## benchmarks, each against something in the same run
	node test/bench/run.ts
bench-peers: setup ## training beside implicit, Surprise and others (installs them): test/bench/RESULTS.md
	node src/kernels/build.ts
	node test/bench/peers/run.ts
bench-gate: setup ## how often the gate lets a model pass that is no better, and one that is
	node src/kernels/build.ts
	node test/bench/gate-study.ts
bench-tune: setup ## how near tune comes to the best known setting
	node src/kernels/build.ts
	node test/bench/tune-study.ts
bench-smoke: build
	node test/bench/run.ts --smoke

load-test: build ## a live page for load tests against a running server: http://127.0.0.1:8089 (URL, USERS)
	bin/run.js loadtest --ui --url $(URL) --users $(USERS)
fuzz: build ## requests made up from the API's description by schemathesis (installs it; SECONDS_A_RUN)
	test/fuzz/fuzz.sh
bench-load: build ## the load generator beside autocannon, k6 and Locust (AUTOCANNON, K6, LOCUST: their paths), and whether it tells the truth
	node test/bench/loadtest/truth.bench.ts
	node test/bench/loadtest/engine.bench.ts --autocannon "$(AUTOCANNON)" --k6 "$(K6)" --locust "$(LOCUST)"
load-test-headless: build ## a server with a sample model and a load test against it (USERS, RUN_TIME)
	USERS=$(USERS) RUN_TIME=$(RUN_TIME) bin/load-test.sh

ci: lint type-check test-unit ## what every commit must pass
ci-rest: lint type-check manifest-check test-e2e bench-smoke
	$(MAKE) load-test-headless RUN_TIME=15s
ci-full: test ci-rest ## everything: tests, binary, end-to-end, bench smoke, a short load test

clean: ## remove what was built
	rm -rf dist coverage src/kernels/*.wasm

.PHONY: help setup browser demo test test-unit test-integration test-smoke test-e2e test-slow lint format type-check \
  redis pre-commit pre-commit-install build manifest manifest-check binary bench bench-peers bench-gate bench-tune bench-load fuzz bench-smoke load-test \
  load-test-headless ci ci-rest ci-full clean
