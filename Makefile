# Every command for this system. `make` without arguments lists them.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules --no-print-directory

# Variables that a shell may hold for other programs, and that would change what ours do.
foreign := NODE_OPTIONS NODE_ENV PORT HOST $(filter-out PGPORT,$(filter PG% COMPOSE_% NUXT_% NITRO_%,$(.VARIABLES)))
unexport $(foreign)

# Everything runs on Node 24 or newer: the installed one if it is new enough, else npm's package `node`, downloaded once.
tools := .tools/node_modules/node/bin
ifneq ($(shell env -u NODE_OPTIONS node -p 'parseInt(process.versions.node) >= 24' 2>/dev/null),true)
node := $(tools)/node
export PATH := $(CURDIR)/$(tools):$(PATH)
endif

packages := compose payments-api recon-worker payments-ui loadtest
lockfile := node_modules/.package-lock.json
# The browser of the end-to-end tests is a package by itself: running and measuring the system need none of its 220 MB.
browser := compose/test/e2e
without_browser := $(packages:%=%/$(lockfile))
installed := $(without_browser) $(browser)/$(lockfile)
# The console's sources, and the file that a build writes last.
ui_sources := $(addprefix payments-ui/,app server shared public nuxt.config.ts package.json $(lockfile))
ui_build := payments-ui/.output/nitro.json

data := $(or $(DATA_DIR),.data)
# Where the console is: UI_PORT, else the port that PORTS=auto chose, else the default.
ui_port = $(or $(UI_PORT),$(shell sed -n 's/^ *"ui": \([0-9]*\).*/\1/p' '$(data)/stack.json' 2>/dev/null),3000)

.PHONY: help
# One source: the `##` comment of each target, under the last `##@` heading above it. Colours only on a terminal.
help: ## List the verbs
	@if [ -t 1 ] && [ -z "$${NO_COLOR:-}" ] && [ "$${TERM:-dumb}" != dumb ]; then bold=$$'\e[1m' verb=$$'\e[36m' plain=$$'\e[0m'; fi; \
	if [ -f payments-api/package.json ] && [ -f recon-worker/package.json ] && [ -f payments-ui/package.json ]; \
		then echo "Type $${verb:-}make up$${plain:-} to start the system, then open http://localhost:$(ui_port)."; \
		else echo "Type $${verb:-}make workspace$${plain:-} to clone the services, then $${verb:-}make up$${plain:-} to start the system."; fi; \
	awk -v bold="$${bold:-}" -v verb="$${verb:-}" -v plain="$${plain:-}" -F ':.*## ' \
		'/^##@ / { heading = substr($$0, 5); next } \
		heading && /^[a-z-]+:.*## / { groups[heading] = groups[heading] sprintf("  %smake %-17s%s %s\n", verb, $$1, plain, $$2); if (!(heading in seen)) { seen[heading]; order[++n] = heading } } \
		END { for (i = 1; i <= n; i++) printf "\n%s%s%s\n%s", bold, order[i], plain, groups[order[i]] }' Makefile
	@echo
	@echo '  Settings, as in make up WORKERS=2 API_PORT=3101 (docs/operations.md describes them):'
	@echo '    WORKERS, APIS, PGPORT, API_PORT, UI_PORT, DEBUG_PORT, DATA_DIR, MODE, PART, STACK; for make audit also FULL, ANCHOR'
	@echo '    for make load: SCENARIO, VUS, DURATION, RATE (loadtest/README.md describes them)'
	@echo '    for make chaos: SEED, ROUNDS, ROUND, FAULT, DURATION, RATE, SYSTEM (docs/chaos.md describes them)'

##@ Run the system
.PHONY: up dev down status logs reset redeploy scale validate audit audit-anchor service migrate load chaos chaos-drill bench
up: compose/$(lockfile) ## Start everything, and return once every part is healthy
	@node compose/src/verbs/up.ts

# `make up` runs this if the parts start as processes. Images install and build what they need themselves.
.PHONY: parts dependencies
parts: dependencies build
dependencies: $(filter-out loadtest/%,$(without_browser))

dev: compose/$(lockfile) ## Run everything in the foreground, with each change live on save, and debuggers
	@exec node compose/src/verbs/dev.ts

down: compose/$(lockfile) ## Stop everything; your data is kept
	@node compose/src/verbs/down.ts

status: compose/$(lockfile) ## Show state, health, uptime and restarts of each part, or of one: make status PART=api
	@node compose/src/verbs/status.ts

logs: compose/$(lockfile) ## Follow the logs of all parts, or of one: make logs PART=api
	@node compose/src/verbs/logs.ts

reset: compose/$(lockfile) ## Stop everything and delete the data
	@node compose/src/verbs/reset.ts

redeploy: compose/$(lockfile) ## Rebuild and replace one service, the API without a failed request: make redeploy PART=api (or worker, ui, proxy)
	@node compose/src/verbs/redeploy.ts

scale: compose/$(lockfile) ## Change the number of workers: make scale WORKERS=4
	@node compose/src/verbs/scale.ts

##@ Check the running system
validate: compose/$(lockfile) ## Check the running system end to end, in seven steps
	@node compose/src/verbs/validate.ts

##@ Run one service
# Only what one service needs, so that Postgres starts while the console is still being installed.
folder_of_postgres := compose
folder_of_api := payments-api
folder_of_worker := recon-worker
folder_of_ui := payments-ui
service: compose/$(lockfile) $(folder_of_$(PART):%=%/$(lockfile)) $(if $(filter ui,$(PART)),build) ## Run one service in the foreground: make service PART=postgres (or api, worker, ui)
	@exec node compose/src/verbs/service.ts

migrate: compose/$(lockfile) payments-api/$(lockfile) ## Migrate the database of the running Postgres
	@node compose/src/verbs/migrate.ts

##@ Check the running system
audit: compose/$(lockfile) ## Check the invariants of the books for new payments, or for all with FULL=1
	@node compose/src/verbs/audit.ts

audit-anchor: compose/$(lockfile) ## Add and print an anchor: a digest of the books that later audits compare with
	@node compose/src/verbs/audit-anchor.ts

##@ Measure
# These refuse a wrong setting before they install and build the parts.
measuring := compose/$(lockfile) loadtest/$(lockfile)
load: $(measuring) ## Run the k6 load tests, then audit the books: make load SCENARIO=steady RATE=500 DURATION=5m
	@node loadtest/runner/check-settings.ts load
	@$(MAKE) parts
	@node loadtest/runner/load.ts

chaos: $(measuring) ## Break a system under load, and audit it after each fault: make chaos ROUNDS=100 SEED=7 FAULT=kill-postgres
	@node loadtest/runner/check-settings.ts chaos
	@$(MAKE) parts
	@exec node loadtest/chaos/main.ts

chaos-drill: $(without_browser) build ## Test make chaos: break copies of this tree on purpose, and expect each break to be named
	@exec node loadtest/chaos/drill/main.ts

bench: $(measuring) ## Benchmark against other systems, half an hour; only some: make bench ONLY=settle ROUNDS=1
	@node loadtest/runner/check-settings.ts bench
	@$(MAKE) parts
	@node loadtest/bench/main.ts

##@ Run on several machines
.PHONY: swarm-up swarm-down
swarm-up: compose/$(lockfile) ## Deploy, update or scale a Docker Swarm stack: make swarm-up APIS=3 WORKERS=4
	@node compose/src/verbs/swarm-up.ts

swarm-down: compose/$(lockfile) ## Remove the Docker Swarm stack; your data is kept
	@node compose/src/verbs/swarm-down.ts

##@ Release
.PHONY: images release-notes
images: compose/$(lockfile) ## Build the images; to publish them: make images PUSH=1 IMAGES=registry/payments VERSION=1.2.0
	@node compose/src/verbs/images.ts

release-notes: compose/$(lockfile) ## Print the changes of a version: make release-notes VERSION=1.2.0
	@node compose/src/verbs/release-notes.ts

##@ Work with several repositories
.PHONY: workspace split
workspace: compose/$(lockfile) ## Clone the services that are missing, on the branches in workspace.json
	@node compose/src/verbs/workspace.ts

split: compose/$(lockfile) ## Write this tree as separate git repositories: make split DEST=folder
	@node compose/src/verbs/split.ts

##@ Check the contracts between the services
.PHONY: contracts contracts-record contracts-break contracts-publish drill-status
contracts: install-parts ## Check that no service breaks another: pacts, OpenAPI, schema, upgrade from the previous version
	@node compose/src/verbs/contracts.ts

contracts-record: install-parts ## Regenerate contracts/ from the services' code
	@node compose/src/verbs/contracts-record.ts

contracts-break: install-parts ## Test the contract checks: break copies of this tree on purpose, and expect each break to be named
	@node compose/src/verbs/contracts-break.ts

drill-status: install-parts ## Add a payment status to a copy of this tree, and see each place that lacks it: make drill-status NAME=on_hold
	@exec node compose/src/verbs/drill-status.ts

contracts-publish: install-parts ## Publish the pacts and ask the broker whether they can be deployed: PACT_BROKER_BASE_URL=...
	@node compose/src/verbs/contracts-publish.ts

##@ Develop
.PHONY: test lint lint-workflows typecheck screenshots lighthouse install install-parts build
test: $(lockfile) install-parts ## Run every check: lint, types, the tests of each service, the contracts, the whole system
	@node compose/src/verbs/test.ts

lint: $(lockfile) $(installed) ## Check the style and the workflows, and find dead code; npm run lint:fix fixes the style
	@npx eslint .
	@npx knip
	@node compose/src/verbs/lint-workflows.ts

lint-workflows: $(lockfile) compose/$(lockfile) ## Check .github/workflows with actionlint
	@node compose/src/verbs/lint-workflows.ts

typecheck: install-parts ## Check the types of every package
	@for package in $(packages); do echo "$$package"; (cd "$$package" && npm run --silent typecheck); done

screenshots: install-parts build ## Take the screenshots of the console in docs/screenshots
	@node compose/test/e2e/screenshots.ts

lighthouse: install-parts build ## Print the Lighthouse scores of the console's pages; run it on an idle machine
	@node compose/test/e2e/lighthouse.ts

install: $(lockfile) install-parts ## Install all dependencies, inside this folder only
	@echo 'All dependencies are installed.'
install-parts: $(installed)

# Whether `make dev` runs here as processes: a build would replace files under the console's dev server, which then fails for a minute.
in_dev = grep -qs debugPort "$(data)/desired.json" && kill -0 "$$(grep -om 1 "\"pid\": [0-9]*" "$(data)/state.json" | grep -o "[0-9]*$$")" 2> /dev/null
build: payments-ui/$(lockfile) ## Build the console if its sources have changed
	@$(once) 'payments-ui: build' \
		'[ -f $(ui_build) ] && [ -z "$$(find $(ui_sources) -newer $(ui_build) 2>/dev/null | head -n 1)" ]' \
		'if $(in_dev); then echo "\`make dev\` runs here, and building the console would stop it. End \`make dev\` first (Ctrl-C)." >&2; exit 1; fi; rm -f $(ui_build); (cd payments-ui; ../compose/quietly.sh "payments-ui: build" npm run build); touch $(ui_build)'

# The services of .ona/automations.yaml start in parallel, each with its own make: only one of them installs a folder.
once := node compose/once.js

# Everything, whatever NODE_ENV, npm_config_omit, npm_config_production or an .npmrc say: tests and builds need all of it.
npm_ci := npm ci --include=dev --include=optional --include=peer

%/$(lockfile): %/package-lock.json | $(node)
	@$(once) '$*: dependencies' '[ ! $@ -ot $< ]' '(cd $*; "$(CURDIR)/compose/quietly.sh" "$*: dependencies" $(npm_ci)); touch $@'

$(lockfile): package-lock.json | $(node)
	@$(once) 'tools: dependencies' '[ ! $@ -ot $< ]' 'compose/quietly.sh "tools: dependencies" $(npm_ci); touch $@'

# Without this, a make that is stopped while it waits would delete what another make has installed.
.PRECIOUS: %/$(lockfile) $(lockfile)

# A missing service stops make.
payments-api/package-lock.json recon-worker/package-lock.json payments-ui/package-lock.json:
	@echo '$(@D) is missing. Clone it with `make workspace`.' >&2; exit 1

# --prefix makes npm use .tools, which has no package.json, instead of the root's package.
$(tools)/node:
	@command -v node > /dev/null || { echo 'Node.js is not installed. Install version 20 or newer, which includes npm: https://nodejs.org' >&2; exit 1; }
	@node -e 'process.exit(parseInt(process.versions.node) >= 20 ? 0 : 1)' || \
		{ echo "Node.js $$(node --version) is too old to download Node.js 24. Install version 20 or newer: https://nodejs.org" >&2; exit 1; }
	@$(once) 'Node.js 24' '[ -f $@ ]' 'compose/quietly.sh "Node.js 24" npm install --prefix .tools --include=optional --no-save --no-package-lock node@24.21.0; touch $@'
