# Everything that is built, tested and run. A fresh clone on a machine with
# Go, Node.js and make needs no other step than one of these.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := build

STAMPS := .stamps
DIST   := static/dist
BIN    := bin/campaigns

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X main.buildVersion=$(VERSION)

ESBUILD := go tool esbuild --bundle --minify --log-level=warning --legal-comments=none --target=es2022,chrome123,firefox121,safari17.5
GO_FILES := $(shell find . -name '*.go' -not -path './node_modules/*')

.PHONY: build run test check lint bench assets clean format tools

build: $(BIN)

run: $(BIN)
	$(BIN) demo

# Everything that must hold. CI=true makes a test that lacks a browser or a
# bundle fail where it would only say so at a desk. The browser comes last and
# has the machine to itself.
test: lint tools $(BIN)
	CI=true go test -race -shuffle=on -timeout 40m $$(go list ./... | grep -v /e2e$$)
	CI=true go test -race -shuffle=on -timeout 40m ./e2e

# The quick part, for between two changes.
check: lint
	go test -short $$(go list ./... | grep -v '/e2e$$')

lint: assets
	@files=$$(gofmt -l $$(git ls-files -co --exclude-standard '*.go')); if [ -n "$$files" ]; then echo "not formatted (make format):"; echo "$$files"; exit 1; fi
	go vet ./...
	go tool staticcheck ./...
	node_modules/.bin/tsc --noEmit -p tsconfig.json
	rm -rf $(STAMPS)/widget-test
	go tool esbuild --bundle --platform=node --format=esm --log-level=warning --out-extension:.js=.mjs --outdir=$(STAMPS)/widget-test $(wildcard widget/test/*.test.ts)
	node --test $(STAMPS)/widget-test/

format:
	gofmt -w $$(git ls-files -co --exclude-standard '*.go')

# Each of these measures a bound beside what it bounds and prints the ratio.
# Add a package to the list when it gets benchmarks.
BENCHED := $(shell grep -rl --include='*_test.go' '^func Benchmark' --exclude-dir=node_modules . 2>/dev/null | xargs -r -n1 dirname | sort -u)
bench: assets
	@if [ -z "$(BENCHED)" ]; then echo "no benchmarks yet"; else go test -run xxx -bench . -benchtime 2s -timeout 60m $(BENCHED); fi

clean:
	rm -rf bin $(DIST) $(STAMPS)

# ---- what the above stand on ------------------------------------------------

$(STAMPS) $(DIST):
	@mkdir -p $@

# Sources that the bundles are made of; nothing of them is run at install.
$(STAMPS)/npm: package.json package-lock.json .npmrc | $(STAMPS)
	npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

assets: $(addprefix $(DIST)/,app.js app.css icons.svg favicon.svg widget.js widget-signals.js widget-panel.js widget-talk.js widget-debug.js widget.d.ts shop.js shop.css)

$(DIST)/app.js: $(wildcard static/ts/*.ts) $(STAMPS)/npm | $(DIST)
	$(ESBUILD) --format=esm --outfile=$@ static/ts/app.ts

$(DIST)/app.css: $(wildcard static/css/*.css) $(STAMPS)/npm | $(DIST)
	rm -f $(DIST)/inter-*.woff2
	$(ESBUILD) --loader:.woff2=file --asset-names=[name]-[hash] --outfile=$@ static/css/app.css

# The demo's shop is a site of its own.
$(DIST)/shop.js: static/ts/shop.ts | $(DIST)
	$(ESBUILD) --format=esm --outfile=$@ $<

$(DIST)/shop.css: static/css/shop.css | $(DIST)
	$(ESBUILD) --outfile=$@ $<

# The visitors' snippet is a plain script on other people's pages; the panel is
# a module that it imports when there is something to show.
WIDGET := $(wildcard widget/src/*.ts widget/src/*/*.ts)

$(DIST)/widget.js: $(WIDGET) | $(DIST)
	$(ESBUILD) --format=iife --outfile=$@ widget/src/main.ts

$(DIST)/widget-signals.js: $(WIDGET) | $(DIST)
	$(ESBUILD) --format=esm --outfile=$@ widget/src/signals.ts

$(DIST)/widget-talk.js: $(WIDGET) | $(DIST)
	$(ESBUILD) --format=esm --outfile=$@ widget/src/talk.ts

$(DIST)/widget-debug.js: $(WIDGET) | $(DIST)
	$(ESBUILD) --format=esm --outfile=$@ widget/src/debug.ts

$(DIST)/widget.d.ts: widget/liadesk.d.ts | $(DIST)
	cp $< $@

$(DIST)/widget-panel.js: $(WIDGET) | $(DIST)
	$(ESBUILD) --format=esm --outfile=$@ widget/src/panel.ts

$(DIST)/icons.svg: static/icons/icons.txt static/icons/sprite.mjs $(STAMPS)/npm | $(DIST)
	node static/icons/sprite.mjs node_modules/lucide-static/icons > $@

$(DIST)/favicon.svg: static/icons/favicon.svg | $(DIST)
	cp $< $@

$(BIN): assets $(GO_FILES) go.mod go.sum $(wildcard views/*/*.html views/texts/*.toml)
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o $@ .

# What the tests need beyond Go, Node.js and make comes from the distribution
# where we may install it: a browser, and a C compiler for the race detector.
tools:
	@missing=; \
	command -v chromium chromium-browser google-chrome >/dev/null || missing="chromium"; \
	command -v cc gcc clang >/dev/null || missing="$$missing gcc libc6-dev"; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if command -v apt-get >/dev/null && { [ "$$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }; then \
		sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
		$$sudo apt-get update && $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $$missing; \
	else \
		echo "The tests need a browser and a C compiler: install $$missing with your distribution's packages, then run make test again." >&2; exit 1; \
	fi
