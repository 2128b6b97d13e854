# Every verb a person needs; `make` alone lists them.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules --no-print-directory

# Node 24 or newer runs everything: the machine's own where it is new enough, else npm's package of it, fetched once.
tools := .tools/node_modules/node/bin
ifneq ($(shell node -p 'parseInt(process.versions.node) >= 24' 2>/dev/null),true)
node := $(tools)/node
export PATH := $(CURDIR)/$(tools):$(PATH)
endif

packages := compose payments-api recon-worker payments-ui loadtest
lockfile := node_modules/.package-lock.json
installed := $(packages:%=%/$(lockfile))
# What the console is built from, and the last thing that a build writes.
ui_sources := $(addprefix payments-ui/,app server shared public nuxt.config.ts package.json $(lockfile))
ui_build := payments-ui/.output/nitro.json

.PHONY: help
help: ## List these verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-17s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo '  Settings: WORKERS, APIS, PGPORT, API_PORT, UI_PORT, DATA_DIR, MODE, PART, STACK; as in make up WORKERS=2 API_PORT=3101'
	@echo '  and for make audit: FULL, ANCHOR; docs/operations.md describes them'
	@echo '  and for make load: SCENARIO, VUS, DURATION, RATE; loadtest/README.md lists the scenarios'

.PHONY: up down status logs reset scale validate audit audit-anchor service migrate load bench
up: compose/$(lockfile) ## Start everything; returns when every part is healthy
	@node compose/src/verbs/up.ts

# `make up` asks for this where the parts run as processes; images install and build their own.
.PHONY: parts
parts: $(filter-out loadtest/%,$(installed)) build

down: compose/$(lockfile) ## Stop everything; the data stays
	@node compose/src/verbs/down.ts

status: compose/$(lockfile) ## Show each part: state, health, uptime, restarts; or one: make status PART=api
	@node compose/src/verbs/status.ts

logs: compose/$(lockfile) ## Follow the logs of all parts, or of one: make logs PART=api
	@node compose/src/verbs/logs.ts

reset: compose/$(lockfile) ## Stop everything and remove the data
	@node compose/src/verbs/reset.ts

scale: compose/$(lockfile) ## Change how many workers run: make scale WORKERS=4
	@node compose/src/verbs/scale.ts

validate: compose/$(lockfile) ## Check the running system end to end, in seven steps
	@node compose/src/verbs/validate.ts

# What a service alone needs, no more: services that start side by side must not install the same folder.
folder_of_postgres := compose
folder_of_api := payments-api
folder_of_worker := recon-worker
folder_of_ui := payments-ui
service: compose/$(lockfile) $(folder_of_$(PART):%=%/$(lockfile)) $(if $(filter ui,$(PART)),build) ## Run one part in the foreground: make service PART=postgres, api, worker or ui
	@exec node compose/src/verbs/service.ts

migrate: compose/$(lockfile) payments-api/$(lockfile) ## Bring the database of the running Postgres up to date
	@node compose/src/verbs/migrate.ts

audit: compose/$(lockfile) ## Check that the books keep every promise in contracts/invariants: what is new, or all with FULL=1
	@node compose/src/verbs/audit.ts

audit-anchor: compose/$(lockfile) ## Print a digest of the books so far, which later audits must find unchanged
	@node compose/src/verbs/audit-anchor.ts

load: install-parts build ## Load the system with k6 and audit it: make load SCENARIO=steady RATE=500 DURATION=5m
	@node loadtest/runner/load.ts

bench: install-parts build ## Compare it with other systems, for half an hour; a part: make bench ONLY=settle ROUNDS=1
	@node loadtest/bench/main.ts

.PHONY: swarm-up swarm-down
swarm-up: compose/$(lockfile) ## Deploy this tree as a Docker Swarm stack; again: update or scale it: make swarm-up APIS=3 WORKERS=4
	@node compose/src/verbs/swarm-up.ts

swarm-down: compose/$(lockfile) ## Take that stack down; the data stays
	@node compose/src/verbs/swarm-down.ts

.PHONY: workspace split
workspace: compose/$(lockfile) ## Clone the services that are missing here, as workspace.json says
	@node compose/src/verbs/workspace.ts

split: compose/$(lockfile) ## Write this tree out as separate repositories: make split DEST=folder
	@node compose/src/verbs/split.ts

.PHONY: contracts contracts-record contracts-break contracts-publish
contracts: install-parts ## Check that no part breaks another: pacts, OpenAPI, schema, the previous version with this one
	@node compose/src/verbs/contracts.ts

contracts-record: install-parts ## Write contracts/ anew from what the services say
	@node compose/src/verbs/contracts-record.ts

contracts-break: install-parts ## Show that the contracts work: break copies of this tree in many ways, and see each named
	@node compose/src/verbs/contracts-break.ts

contracts-publish: install-parts ## Publish the pacts and ask whether they may be deployed: PACT_BROKER_BASE_URL=...
	@node compose/src/verbs/contracts-publish.ts

.PHONY: test lint typecheck screenshots lighthouse install install-parts build
test: install ## Run every check: lint, types, each part's tests, the contracts, the whole system
	@node compose/src/verbs/test.ts

lint: $(lockfile) $(installed) ## Check style, and find dead code; npm run lint:fix mends style
	@npx eslint .
	@npx knip

typecheck: install-parts ## Check the types of every part
	@for package in $(packages); do echo "$$package"; (cd "$$package" && npm run --silent typecheck); done

screenshots: install-parts build ## Take the pictures of the console in docs/screenshots
	@node compose/test/e2e/screenshots.ts

lighthouse: install-parts build ## Print the console's Lighthouse scores, page by page; best on an idle machine
	@node compose/test/e2e/lighthouse.ts

install: $(lockfile) install-parts ## Install what everything needs, nothing outside of this folder
install-parts: $(installed)

build: payments-ui/$(lockfile) ## Build the console, if its sources are newer than its build
	@if [ ! -f $(ui_build) ] || [ -n "$$(find $(ui_sources) -newer $(ui_build) 2>/dev/null | head -n 1)" ]; then \
		rm -f $(ui_build); \
		cd payments-ui && ../compose/quietly.sh 'payments-ui: build' npm run build && touch ../$(ui_build); \
	fi

%/$(lockfile): %/package-lock.json | $(node)
	@cd $* && ../compose/quietly.sh '$*: dependencies' npm ci
	@touch $@

$(lockfile): package-lock.json | $(node)
	@compose/quietly.sh 'tools: dependencies' npm ci
	@touch $@

# Where a service is missing, nothing else goes on.
payments-api/package-lock.json recon-worker/package-lock.json payments-ui/package-lock.json:
	@echo '$(@D) is missing. Clone it with `make workspace`.' >&2; exit 1

# .tools has no package.json, so that npm does not take the root's for it.
$(tools)/node:
	@command -v node > /dev/null || { echo 'Node.js is not installed: install version 20 or newer, which brings npm, https://nodejs.org' >&2; exit 1; }
	@node -e 'process.exit(parseInt(process.versions.node) >= 20 ? 0 : 1)' || \
		{ echo "Node.js $$(node --version) is too old even to fetch a newer one: install version 20 or newer, https://nodejs.org" >&2; exit 1; }
	@mkdir -p .tools && compose/quietly.sh 'Node.js 24' npm install --prefix .tools --no-save --no-package-lock node@24.21.0
	@touch $@
