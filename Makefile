# Targets with a line of help are for people; plain `make` lists them.

GO    ?= go
SAM   ?= sam
STACK ?= sallyport
ARGS  ?=

# How much each fuzz target runs, and how long the tests of one package may.
FUZZTIME     ?= 200000x
TEST_TIMEOUT ?= 10m

# Linters run at these versions, built by the module they belong to: go.mod knows nothing of them.
STATICCHECK   = honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOLANGCI_LINT = github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

# The stack, and the examples of the documentation.
TEMPLATES = template.yaml $(wildcard docs/examples/*/template.yaml)

# What the functions are built with; the same source and the same Go give the same bytes, wherever it lies. SAM hands these to go build.
BUILD_ENV = CGO_ENABLED=0 GOFLAGS="-trimpath -buildvcs=false -tags=lambda.norpc '-ldflags=-s -w'"

# What sam local runs the functions on: this machine's own processor, whatever the stack is deployed on.
LOCAL_ARCHITECTURE = $(if $(filter arm64 aarch64,$(shell uname -m)),arm64,x86_64)

.PHONY: help dev test test-backends sam-local verify build build-local sam-ready lint lint-go lint-template fuzz bench invite deploy clean

help: ## list the targets
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/  make \1	\2/p' Makefile | expand -t 22

dev: ## run the whole system on this machine, at http://127.0.0.1:3000 (ARGS="-param TokenTTLSeconds=60")
	$(GO) run ./tools/local $(ARGS)

test: ## run all tests, with the race detector and in random order
	$(GO) test -race -shuffle=on -timeout=$(TEST_TIMEOUT) ./...

test-backends: ## run the end-to-end tests on DynamoDB Local and moto's KMS (`.ci/servers make test-backends` starts both)
	@[ -n "$$DYNAMODB_LOCAL_URL" ] && [ -n "$$KMS_MOTO_URL" ] || { echo "DYNAMODB_LOCAL_URL or KMS_MOTO_URL is not set: run '.ci/servers make test-backends', which starts both servers (with Java, Maven and Python 3), or set both to URLs of your own" >&2; exit 1; }
	$(GO) test -race -shuffle=on -timeout=$(TEST_TIMEOUT) ./tools/endtoend -args -dynamodb "$$DYNAMODB_LOCAL_URL" -kms "$$KMS_MOTO_URL"

sam-local: ## the same in Lambda's containers, at http://127.0.0.1:3001, beside make dev's: needs SAM and Docker
	@command -v docker >/dev/null || { echo "docker is missing: install Docker (https://docs.docker.com/get-docker)" >&2; exit 1; }
	@docker version >/dev/null 2>&1 || { echo "no Docker engine answers: start Docker and try again" >&2; exit 1; }
	@$(MAKE) --no-print-directory build-local
	$(GO) run ./tools/local -sam 127.0.0.1:3001 $(ARGS)

verify: ## the acceptance run against `make dev` (ARGS="-url URL -invitation CODE" for another)
	$(GO) run ./tools/verify $(ARGS)

build: sam-ready ## build the functions for Lambda, with SAM
	$(BUILD_ENV) $(SAM) build

build-local: sam-ready
	$(BUILD_ENV) $(SAM) build --build-dir .aws-sam/local --parameter-overrides Architecture=$(LOCAL_ARCHITECTURE)

sam-ready:
	@command -v $(SAM) >/dev/null || { echo "sam is missing: pip install aws-sam-cli" >&2; exit 1; }

lint: lint-go lint-template ## check format, code and template

lint-go:
	@unformatted=$$(gofmt -l .) && if [ -n "$$unformatted" ]; then echo "not gofmt-formatted:" $$unformatted >&2; exit 1; fi
	$(GO) mod tidy -diff
	$(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...
	$(GO) run $(GOLANGCI_LINT) run --config .ci/golangci.yml ./...

lint-template: # the tools must be there in CI; elsewhere one that is missing is named and left out
	@if command -v cfn-lint >/dev/null; then echo cfn-lint $(TEMPLATES); cfn-lint $(TEMPLATES); \
	elif [ -n "$$CI" ]; then echo "cfn-lint is missing: pip install cfn-lint" >&2; exit 1; \
	else echo "cfn-lint is not installed: template.yaml is not checked by it (pip install cfn-lint)"; fi
	@if command -v $(SAM) >/dev/null; then for file in $(TEMPLATES); do echo $(SAM) validate --lint --template $$file; $(SAM) validate --lint --template $$file || exit 1; done; \
	elif [ -n "$$CI" ]; then echo "sam is missing: pip install aws-sam-cli" >&2; exit 1; \
	else echo "sam is not installed: template.yaml is not checked by it (pip install aws-sam-cli)"; fi
	@if command -v checkov >/dev/null; then echo checkov template.yaml; checkov --config-file .ci/checkov.yaml; \
	elif [ -n "$$CI" ]; then echo "checkov is missing: pip install checkov" >&2; exit 1; \
	else echo "checkov is not installed: template.yaml is not checked by it (pip install checkov)"; fi

fuzz: ## run every fuzz target for FUZZTIME each (200000x: so many inputs; 30s: so long)
	@grep -r --include='*_test.go' -o '^func Fuzz[A-Za-z0-9_]*' . | sed 's/:func / /' | sort | while read -r file target; do \
		echo "== $$target, $$(dirname "$$file")"; \
		$(GO) test -run='^$$' -fuzz="^$$target\$$" -fuzztime=$(FUZZTIME) "$$(dirname "$$file")" || exit 1; \
	done

bench: ## measure, and write the figures to docs/benchmarks.md
	$(GO) run ./tools/bench $(ARGS)

invite: ## make the first ADMIN invitation of a deployed stack (STACK=sallyport), with your AWS credentials
	$(GO) run ./tools/operator invite -role ADMIN -stack $(STACK)

deploy: build ## deploy to your AWS account; the first time SAM asks for region and parameters
	@if $(SAM) list stack-outputs --stack-name $(STACK) >/dev/null 2>&1; then $(SAM) deploy --stack-name $(STACK); \
	else $(SAM) deploy --guided --stack-name $(STACK); fi

clean: ## remove what the targets above made
	rm -rf .aws-sam .local
