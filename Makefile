# The front door. `make demo` shows the main job, `make test` runs everything; both set up what they need.

.PHONY: help setup test-setup build test e2e check screenshots demo smoke bench bench-commands bench-library bench-scale bench-collector docs cross dist install uninstall clean
.DEFAULT_GOAL := help

BIN := node_modules/.bin
# What goes to a file has no colours.
VITEST = [ -t 1 ] || export NO_COLOR=1; $(BIN)/vitest run
# protobufjs would be loaded by functions of the sketch package that nobody here calls.
ESBUILD := $(BIN)/esbuild --bundle --platform=node --target=node20.19 --format=cjs --minify \
	--outdir=dist/new --out-extension:.js=.cjs --external:better-sqlite3 --log-level=warning \
	--alias:jsonc-parser=jsonc-parser/lib/esm/main.js --external:protobufjs/minimal --external:*/dashboard.cjs
TYPESCRIPT := $(shell find src -name '*.ts')
PAGE := $(wildcard src/dashboard/page/*.* src/dashboard/page/*/*)
LAUNCHER := $(wildcard src/launcher/*.[ch])

help: ## list the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/make \1 - \2/p' $(MAKEFILE_LIST) | awk -F' - ' '{printf "%-15s %s\n", $$1, $$2}'

# Each version of Node needs a native part of its own.
READY := node_modules/.ready-$(shell node -p process.version 2>/dev/null)

setup: $(READY) ## install the npm packages, better-sqlite3 with its native part

$(READY): package-lock.json scripts/setup.sh
	@sh scripts/setup.sh $@

test-setup: ## install the programs that the tests run, or say which are missing
	@sh scripts/test-setup.sh programs

build: dist/run.cjs dist/main.cjs dist/index.js dist/.launcher LICENSE-of-parts ## bundle commands and library into dist/, compile the launcher to bin/hookbus

dist/run.cjs dist/main.cjs &: $(READY) scripts/bundling.js scripts/native-part.cjs scripts/optional-sqlite.js scripts/bundle-run.js scripts/bundle-main.js scripts/bundle-dashboard.js \
		scripts/write-code-cache.js $(TYPESCRIPT) $(PAGE)
	@node scripts/bundle-run.js
	@node scripts/bundle-main.js
	@node scripts/bundle-dashboard.js
	@# Hooks may be running: a bundle is there whole or is still the old one.
	@for name in run main; do \
		node scripts/write-code-cache.js $$name dist/new >/dev/null 2>&1 && mv dist/new/$$name.cache dist/ || rm -f dist/$$name.cache; \
	done
	@mkdir -p dist/exporters && mv dist/new/exporters/*.cjs dist/exporters/
	@mv dist/new/redaction.cjs dist/new/decisions.cjs dist/new/wide-text.cjs dist/new/run.cjs dist/new/dashboard.cjs dist/new/main.cjs dist/ && touch dist/run.cjs dist/main.cjs

dist/index.js: $(READY) scripts/write-types.js $(TYPESCRIPT)
	@rm -rf dist/new/library dist/new/types
	@$(BIN)/esbuild src/index.ts --bundle --splitting --platform=node --target=node20.19 --format=esm --minify \
		--outdir=dist/new/library --chunk-names=chunks/[name]-[hash] --log-level=warning \
		--alias:better-sqlite3=./scripts/optional-sqlite.js --alias:jsonc-parser=jsonc-parser/lib/esm/main.js
	@node scripts/write-types.js
	@rm -rf dist/types && mv dist/new/types dist/types
	@mkdir -p dist/chunks && cp dist/new/library/chunks/* dist/chunks/ && mv dist/new/library/index.js dist/
	@# What only the old one loads goes last.
	@for old in dist/chunks/*; do [ -e "dist/new/library/chunks/$${old##*/}" ] || rm -f "$$old"; done
	@touch dist/index.js

dist/.launcher: $(READY) scripts/build-launcher.sh package.json $(LAUNCHER)
	@scripts/build-launcher.sh
	@mkdir -p dist && touch $@

LICENSE-of-parts: $(READY) package-lock.json scripts/collect-licenses.js scripts/bundling.js
	@node scripts/collect-licenses.js >$@.new && mv $@.new $@

test: test-setup build ## run every test
	@scripts/test-setup.sh packages
	@status=0; $(VITEST) || status=1; test/smoke.sh --brief || status=1; exit $$status

CLIENT_TESTS := claude cline codex copilot decisions gemini listing qwen

e2e: test-setup build ## drive the real clients, offline, with hooks bare and wrapped
	@scripts/test-setup.sh packages
	@$(VITEST) $(CLIENT_TESTS:%=test/e2e/%.test.ts)

check: build ## formatting, lint, ranks, sizes, words, types, dead code, workflows, generated docs
	@$(BIN)/biome ci --colors=off .
	@node scripts/check-house.js
	@$(BIN)/tsc
	@$(BIN)/knip
	@$(ESBUILD) scripts/check-workflows.ts --entry-names=check-workflows --log-level=error && node dist/new/check-workflows.cjs
	@$(MAKE) --no-print-directory docs ARGS=--check

docs: build ## write docs/cli.md, and the tables of error codes and columns, anew from the code
	@$(ESBUILD) scripts/generate-docs.ts --entry-names=generate-docs && node dist/new/generate-docs.cjs $(ARGS)

screenshots: build ## take the screenshots of the dashboard in docs/assets/ again
	@HOOKBUS_TEST_SCREENSHOTS=1 $(BIN)/vitest run test/dashboard/screenshots.test.ts

demo: build ## show the main job in a throw-away state directory
	@scripts/demo.sh

smoke: build ## run the fixture hooks as a user would and check what is recorded
	@test/smoke.sh

bench: build ## measure what HookBus adds, interleaved
	@$(BIN)/esbuild bench/run.ts --bundle --platform=node --target=node20.19 --format=esm --packages=external \
		--outfile=dist/new/bench.mjs --log-level=warning && node dist/new/bench.mjs $(ROUNDS)

bench-commands: build ## measure how long the commands take
	@$(BIN)/esbuild bench/commands.ts --bundle --platform=node --target=node20.19 --format=esm --packages=external \
		--external:*/dashboard.cjs --outfile=dist/new/bench-commands.mjs --log-level=warning && node dist/new/bench-commands.mjs $(ROUNDS)

bench-library: build ## measure what a guarded execution costs in a process that is up
	@$(BIN)/esbuild bench/library.ts --bundle --platform=node --target=node20.19 --format=esm --packages=external \
		--outfile=dist/new/bench-library.mjs --log-level=warning && node dist/new/bench-library.mjs $(ROUNDS)

ROWS ?= 10000000
SECONDS ?= 300
RATE ?= 200

bench-scale: build ## put an hour of executions through a daemon with a large database and a slow collector
	@$(BIN)/esbuild bench/scale.ts --bundle --platform=node --target=node20.19 --format=esm --packages=external \
		--outfile=dist/new/bench-scale.mjs --log-level=warning && node dist/new/bench-scale.mjs $(ROWS) $(SECONDS) $(RATE)

MACHINES ?= 5000

bench-collector: build ## say what the defaults of the exporters cost one collector of many machines
	@$(BIN)/esbuild bench/collector.ts --bundle --platform=node --target=node20.19 --format=esm --packages=external \
		--outfile=dist/new/bench-collector.mjs --log-level=warning && node dist/new/bench-collector.mjs $(MACHINES)

SYSTEMS := linux-x64 linux-arm64 darwin-x64 darwin-arm64

cross: ## compile the launcher for Linux and macOS, x64 and arm64, into release/
	@mkdir -p release
	@for system in $(SYSTEMS); do scripts/build-launcher.sh --cross $$system release/hookbus-$$system || exit 1; done

dist: build ## make release/: tarballs with Node for Linux and macOS, the npm packages, and their checksums
	@scripts/make-dist.sh

PREFIX ?= /usr/local

install: build ## put hookbus under PREFIX (/usr/local), below DESTDIR if that is set
	@scripts/install.sh install '$(PREFIX)' '$(DESTDIR)'

uninstall: ## take away what make install put there
	@scripts/install.sh uninstall '$(PREFIX)' '$(DESTDIR)'

clean: ## remove what was built, and the packages
	rm -rf dist bin/hookbus LICENSE-of-parts node_modules release tmp
