# What one does with Segue's source. `make help` lists the targets; Go 1.26 or newer is the only thing they expect.

# A recipe is one script, so that conditions and loops can stand on lines of their own, and it ends where something fails.
.ONESHELL:
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# The module's own tools (go.mod, "tool") are built by Go when first used; nothing is installed for them.
templ       := go tool templ
staticcheck := go tool staticcheck
govulncheck := go tool govulncheck

# apt-get needs root; where somebody else works, through sudo.
as_root := $(if $(filter 0,$(shell id -u)),,sudo)

# How long each fuzz test looks for new inputs.
FUZZ_TIME ?= 10s

# How long the model is held against the engine, in seconds, and the flags of the soak.
MODEL_SECONDS ?= 90
SOAK ?=

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup: ## Install what the tests need and this machine lacks: a C compiler for the race detector, Chromium, PostgreSQL, MariaDB (with apt)
	@missing=()
	if ! command -v gcc >/dev/null; then missing+=(gcc libc6-dev); fi
	if ! command -v chromium >/dev/null && ! command -v chromium-browser >/dev/null && ! command -v google-chrome >/dev/null; then
		missing+=(chromium fonts-liberation)
	fi
	if ! compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null && ! command -v postgres >/dev/null; then missing+=(postgresql); fi
	if ! command -v mariadb-install-db >/dev/null; then missing+=(mariadb-server); fi
	if (( $${#missing[@]} )); then
		if ! command -v apt-get >/dev/null; then
			echo "The tests need $${missing[*]}, and there is no apt-get to install them with." >&2
			exit 1
		fi
		echo "Installing $${missing[*]}"
		$(as_root) apt-get update -qq </dev/null
		$(as_root) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$${missing[@]}" </dev/null
	fi

.PHONY: generate
generate: ## Write the Go code of the templ files
	$(templ) generate

.PHONY: fmt
fmt: ## Format Go and templ files
	$(templ) fmt views
	gofmt -w $(go_folders)

go_folders := cmd internal migrations static views web

.PHONY: check
check: check-format check-generated check-modules check-code check-known ## Check everything but the tests: format, generated code, modules, vet, staticcheck, known vulnerabilities

.PHONY: check-format
check-format: # Fail when gofmt would change a file
	@unformatted=$$(gofmt -l $(go_folders))
	if [[ -n $$unformatted ]]; then
		printf 'These files are not formatted; `make fmt` does it:\n%s\n' "$$unformatted" >&2
		exit 1
	fi

.PHONY: check-generated
check-generated: # Fail when the generated code is not what the templ files say; works on a copy, so that nothing here changes
	@copy=$$(mktemp -d)
	trap 'rm -rf "$$copy"' EXIT
	cp -r go.mod go.sum views "$$copy"
	go build -o "$$copy/templ" github.com/a-h/templ/cmd/templ
	find "$$copy/views" -name '*_templ.go' -delete
	(cd "$$copy" && ./templ generate -log-level error)
	if ! diff -rq views "$$copy/views"; then
		echo 'The generated code is stale; `make generate` writes it anew.' >&2
		exit 1
	fi

.PHONY: check-modules
check-modules: # Fail when a module is not what go.sum says, or go.mod not what the code needs
	@go mod verify
	echo 'go mod tidy -diff'
	if ! untidy=$$(go mod tidy -diff 2>/dev/null); then
		if [[ -n $$untidy ]]; then
			printf 'go.mod or go.sum is not tidy; `go mod tidy` mends it:\n%s\n' "$$untidy" >&2
			exit 1
		fi
		# Tidying also looks at the tests of the modules, which a machine without the network does not have.
		echo 'go mod tidy: left out, it needs modules that cannot be reached from here'
	fi

.PHONY: check-code
check-code: # Fail when vet or staticcheck finds fault
	go vet ./...
	$(staticcheck) ./...

# A vulnerability that became known today must not hold up an unrelated change, so `make check` only tells of it;
# `make vulnerabilities` is strict.
.PHONY: check-known
check-known: # Tell of known vulnerabilities that the code calls
	@echo '$(govulncheck) ./...'
	if ! found=$$($(govulncheck) ./... 2>&1); then
		if grep -q 'fetching vulnerabilities' <<<"$$found"; then
			echo 'govulncheck: left out, its database cannot be reached from here'
		else
			echo "$$found"
		fi
	fi

.PHONY: vulnerabilities
vulnerabilities: ## Fail when the code calls something with a known vulnerability (needs the network)
	$(govulncheck) ./...

# The tests that start a process for every write that it is to die at.
crashes := KilledAtAnyOfItsWrites
# With the race detector comes a check of every unsafe pointer. SQLite, translated from C, is made of those, and of single steps through
# memory that is its own: both the check and the detector would be most of the time. They stay on for everything else, also for
# whoever uses SQLite. Only that one package may go without the detector: it has no generic code, of which the linker keeps one copy for
# the whole program, and without the detector that copy would hide from it what the others wait for.
raced := -race -gcflags='modernc.org/...=-d=checkptr=0' -gcflags='modernc.org/sqlite/lib=-d=checkptr=0 -race=false'

.PHONY: test
test: setup ## Run all tests, with the race detector but for those whose code the others race already: of whole processes, in the browser, of crashes, and the model
	go test $(raced) -timeout 15m -skip $(crashes) $$(go list ./... | grep -v -e /web/e2e -e /cmd/segue)
	go test -timeout 15m ./cmd/segue
	go test -timeout 15m ./web/e2e
	go test -run $(crashes) ./internal/run
	$(MAKE) model MODEL_SECONDS=30

.PHONY: test-quick
test-quick: ## Run the tests without the race detector and without a browser
	go test $$(go list ./... | grep -v /web/e2e)

.PHONY: test-vault
test-vault: ## Hold the client of Vault and OpenBao against a real Vault, which is built first: 4 GB of modules and some minutes (needs the network)
	@program=$$(mktemp -d)
	trap 'rm -rf "$$program"' EXIT
	(cd internal/secretstore/realserver && CGO_ENABLED=0 go build -ldflags='-s -w' -o "$$program/vault" .)
	SEGUE_TEST_VAULT="$$program/vault" go test -count=1 ./internal/secretstore

.PHONY: screenshots
screenshots: setup ## Take the pictures in docs/screenshots anew
	SEGUE_SCREENSHOTS=$(CURDIR)/docs/screenshots go test -count 1 -run TestThePagesOfTheReadmeComeUp ./web/e2e

.PHONY: fuzz
fuzz: ## Let each fuzz test look for new inputs for a short time (FUZZ_TIME=10s)
	@grep -rlE '^func Fuzz' --include='*_test.go' $(go_folders) | while read -r file; do
		for name in $$(sed -nE 's/^func (Fuzz[A-Za-z0-9]*)\(.*/\1/p' "$$file"); do
			go test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZ_TIME) "./$$(dirname "$$file")"
		done
	done

.PHONY: model
model: ## Hold the export engine against its model for a minute and a half (MODEL_SECONDS=90)
	SEGUE_MODEL_SECONDS=$(MODEL_SECONDS) go test -count=1 -v -run TestWhateverHappens -timeout 30m ./internal/run

.PHONY: sbom
sbom: ## Write sbom.cdx.json: what the program is made of, with versions, hashes and licences (CycloneDX)
	@go run ./internal/sbom -version "$$(git describe --tags --always --dirty 2>/dev/null || echo unknown)" > sbom.cdx.json
	echo "sbom.cdx.json: $$(grep -c '"purl"' sbom.cdx.json) parts"

.PHONY: bench
bench: ## Measure what imports and the export engine cost beside bare loops (BENCH='-profiles 100000 -only imports --json')
	@go run ./internal/bench $(BENCH)

.PHONY: soak
soak: ## Export a million profiles, killed 25 times and with faults, and hold every contact against its profile (SOAK='-profiles 200000')
	go run ./internal/soak $(SOAK)

.PHONY: dev
dev: ## Run the demonstration and start it again whenever a templ or Go file changes; its data is kept in segue-data
	$(templ) generate -watch -cmd 'go run ./cmd/segue demo --data segue-data'

.PHONY: demo
demo: ## Run the demonstration: the application, and a sandbox Omnisend
	go run ./cmd/segue demo

.PHONY: build
build: ## Build static binaries into bin/
	CGO_ENABLED=0 go build -trimpath -o bin/ ./cmd/...
