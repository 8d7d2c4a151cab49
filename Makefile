# Targets with a line of help are for people; plain `make` lists them.

GO    ?= go
SAM   ?= sam
STACK ?= sallyport
ARGS  ?=

# How much each fuzz target runs, and how long the tests of one package may.
FUZZTIME     ?= 200000x
TEST_TIMEOUT ?= 20m

# How all tests run: those that may run beside each other wait more than they work.
TEST = $(GO) test -race -shuffle=on -parallel=4 -timeout=$(TEST_TIMEOUT)

# What test-backends leaves out of the end-to-end tests: they put something of their own between the system and its servers, or look at
# the local run itself, and say nothing of the servers. That each described answer was given is therefore asked by `make test` alone.
OWN_BACKENDS = ^Test(ADependencyThatFailsLetsNobodyInAndRecoversByItself|ASlowDependencyMeansAnAnswerOr503AndNothingElse|AFunctionWithoutASettingStopsAtInitAndNamesIt|EachFunctionDoesExactlyWhatItsPolicyAllowsAndNoKeyIsPrinted|EachOpenRouteIsLimitedOverallAndRecoversByItself|EveryRouteIsUnavailableWhileTheDatabaseIs|EveryRouteWhoseFunctionIsKilledOverARequestIsABadGateway|NoFunctionReachesBeyondItsPolicy|RawRequestsThatAreNotHTTPDoNotHarm|StandardRoutesDoNotClaimWhatADependencyKeptThemFromDoing|WithoutAnAuditTableEveryAnswerIsTheSameAndInTime|WithoutAnyOneStatementOfItsPoliciesAFunctionFailsVisibly)$$

# Linters run at these versions, built by the module they belong to: go.mod knows nothing of them.
STATICCHECK   = honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOLANGCI_LINT = github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

# The stack, and the examples of the documentation.
TEMPLATES = template.yaml $(wildcard docs/examples/*/template.yaml)

# What the functions are built with; the same source and the same Go give the same bytes, wherever it lies. SAM hands these to go build.
BUILD_ENV = CGO_ENABLED=0 GOFLAGS="-trimpath -buildvcs=false -tags=lambda.norpc '-ldflags=-s -w'"

# What sam local runs the functions on: this machine's own processor, whatever the stack is deployed on.
LOCAL_ARCHITECTURE = $(if $(filter arm64 aarch64,$(shell uname -m)),arm64,x86_64)

# Where samconfig.toml has what guided deploys save of a stack: each has an environment of its own, called like it, so that none is
# deployed with another's parameters. In one that is not there (yet) nothing is set, hence the flags.
ENVIRONMENT = $(if $(filter sallyport,$(STACK)),default,$(STACK))
DEPLOY = $(SAM) deploy --config-env "$(ENVIRONMENT)" --stack-name "$(STACK)" --capabilities CAPABILITY_IAM --resolve-s3 --confirm-changeset --no-fail-on-empty-changeset

.PHONY: help dev test test-backends test-sam sam-local verify build reproduce build-local sam-ready lint lint-go lint-template lint-description fuzz docs schemathesis bench invite changes deploy clean

help: ## list the targets
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/  make \1	\2/p' Makefile | expand -t 22

dev: ## run the whole system on this machine, at http://127.0.0.1:3000 (ARGS="-param TokenTTLSeconds=60")
	$(GO) run ./tools/local $(ARGS)

test: ## run all tests, with the race detector and in random order
	$(TEST) ./...

test-backends: ## run the end-to-end tests that say something of the servers on DynamoDB Local and moto's KMS (`.ci/servers make test-backends` starts both)
	@[ -n "$$DYNAMODB_LOCAL_URL" ] && [ -n "$$KMS_MOTO_URL" ] || { echo "DYNAMODB_LOCAL_URL or KMS_MOTO_URL is not set: run '.ci/servers make test-backends', which starts both servers (with Java, Maven and Python 3), or set both to URLs of your own" >&2; exit 1; }
	$(TEST) -skip '$(OWN_BACKENDS)' ./tools/endtoend -args -dynamodb "$$DYNAMODB_LOCAL_URL" -kms "$$KMS_MOTO_URL"

test-sam: ## run the tests in the containers of sam local too, which `make test` leaves out: needs SAM and Docker
	SAM_LOCAL=1 $(GO) test -count=1 -timeout=$(TEST_TIMEOUT) ./tools/conformance ./tools/endtoend/samlocal

sam-local: ## the system in Lambda's containers, at http://127.0.0.1:3001, beside make dev's: needs SAM and Docker
	@command -v docker >/dev/null || { echo "docker is missing: install Docker (https://docs.docker.com/get-docker)" >&2; exit 1; }
	@docker version >/dev/null 2>&1 || { echo "no Docker engine answers: start Docker and try again" >&2; exit 1; }
	@$(MAKE) --no-print-directory build-local
	$(GO) run ./tools/local -sam 127.0.0.1:3001 $(ARGS)

verify: ## the acceptance run against `make dev` (ARGS="-url URL -invitation CODE" for another)
	$(GO) run ./tools/verify $(ARGS)

build: sam-ready ## build the functions for Lambda, with SAM
	$(BUILD_ENV) $(SAM) build --config-env "$(ENVIRONMENT)"

reproduce: ## the same without SAM, a binary a function, to compare with what is deployed (OUT=folder GOARCH=arm64)
	$(BUILD_ENV) GOOS=linux GOARCH=$(or $(GOARCH),arm64) $(GO) build -o "$(or $(OUT),.aws-sam/reproduced)/" ./functions/...

build-local: sam-ready
	$(BUILD_ENV) $(SAM) build --build-dir .aws-sam/local --parameter-overrides Architecture=$(LOCAL_ARCHITECTURE)

sam-ready:
	@command -v $(SAM) >/dev/null || { echo "sam is missing: pip install aws-sam-cli" >&2; exit 1; }

lint: lint-go lint-template lint-description ## check format, code, template and description

lint-go:
	@unformatted=$$(gofmt -l .) && if [ -n "$$unformatted" ]; then echo "not gofmt-formatted:" $$unformatted >&2; exit 1; fi
	$(GO) mod tidy -diff
	$(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...
	$(GO) run $(GOLANGCI_LINT) run --config .ci/golangci.yml ./...

# $(call with,TOOL,PACKAGE,FILES,COMMANDS): check the templates with a tool. In CI it must be there; elsewhere it is named and left out.
define with
@if command -v $(1) >/dev/null; then $(4); \
elif [ -n "$$CI" ]; then echo "$(1) is missing: pip install $(2)" >&2; exit 1; \
else echo "$(1) is not installed: it does not check $(3) (pip install $(2))"; fi
endef

lint-template:
	$(call with,cfn-lint,cfn-lint,$(TEMPLATES),set -x; cfn-lint $(TEMPLATES))
	$(call with,$(SAM),aws-sam-cli,$(TEMPLATES),set -ex; for file in $(TEMPLATES); do $(SAM) validate --lint --template $$file; done)
	$(call with,checkov,checkov,template.yaml,set -x; checkov --config-file .ci/checkov.yaml)

lint-description:
	$(call with,openapi-spec-validator,openapi-spec-validator,docs/openapi.yaml,set -x; openapi-spec-validator docs/openapi.yaml)

fuzz: ## run every fuzz target for FUZZTIME each (200000x: so many inputs; 30s: so long)
	@grep -r --include='*_test.go' -o '^func Fuzz[A-Za-z0-9_]*' . | sed 's/:func / /' | sort | while read -r file target; do \
		echo "== $$target, $$(dirname "$$file")"; \
		$(GO) test -run='^$$' -fuzz="^$$target\$$" -fuzztime=$(FUZZTIME) "$$(dirname "$$file")" || exit 1; \
	done

docs: ## write docs/api.md, the reference page of the API, from docs/openapi.yaml
	$(GO) run ./tools/reference

schemathesis: ## test the API against docs/openapi.yaml, on a run of its own (ARGS="--phases stateful")
	$(GO) run ./tools/schemathesis $(ARGS)

bench: ## measure, and write the figures to docs/benchmarks.md
	$(GO) run ./tools/bench $(ARGS)

invite: ## make the first ADMIN invitation of a deployed stack (STACK=sallyport), with your AWS credentials
	$(GO) run ./tools/operator invite -role ADMIN -stack $(STACK)

changes: build ## show what `make deploy` would change in a deployed stack (STACK=sallyport)
	$(DEPLOY) --no-execute-changeset

deploy: build ## deploy a stack (STACK=sallyport) to your AWS account; the first time SAM asks for region and parameters
	@if $(SAM) list stack-outputs --config-env "$(ENVIRONMENT)" --stack-name "$(STACK)" >/dev/null 2>&1; then $(DEPLOY); \
	else $(DEPLOY) --guided; fi

clean: ## remove what the targets above and the builds of the examples made
	rm -rf .aws-sam .local docs/examples/*/.aws-sam
