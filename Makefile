# Everything a developer, a newcomer and CI call. `make help` explains the targets.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV    := .venv
BIN     := $(VENV)/bin
PYTHON  ?= python3
export PYTHONPATH := operator:tests
PROFILE ?= quickstart
# Of pytest. Most tests wait most of the time, so there are more than cores; each has 1.5 GB of memory.
WORKERS ?= 3

step = @printf '\033[1m▸ %s\033[0m\n' "$(1)"

.PHONY: help
help: ## Explain the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  \033[36m%-14s\033[0m %s\n", $$1, $$2}'

##@ Environment
$(VENV)/.done: operator/requirements/dev.txt
	$(call step,Python environment in $(VENV))
	@test -x $(BIN)/uv || $(PYTHON) -m venv --clear $(VENV) || { echo "Debian: apt-get install python3-venv"; exit 1; }
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes operator/requirements/dev.txt
	@touch $@

.PHONY: setup
setup: $(VENV)/.done ## Create the Python environment that every other target uses

.PHONY: lock
lock: setup ## Pin every dependency again, with hashes
	$(BIN)/uv pip compile --quiet --universal --upgrade --python-version 3.11 --generate-hashes --no-annotate --no-header pyproject.toml --extra operator -o operator/requirements/operator.txt
	$(BIN)/uv pip compile --quiet --universal --upgrade --python-version 3.11 --generate-hashes --no-annotate --no-header pyproject.toml --extra backup -o operator/requirements/toolbox.txt
	$(BIN)/uv pip compile --quiet --universal --upgrade --python-version 3.11 --generate-hashes --no-annotate --no-header pyproject.toml --all-extras --group dev -o operator/requirements/dev.txt
	$(BIN)/uv pip compile --quiet --universal --upgrade --python-version 3.11 --generate-hashes --no-annotate --no-header operator/requirements/server.in -o operator/requirements/server.txt

##@ Code
.PHONY: generate
generate: setup ## Write crds/, the chart's copies and manifests/install.yaml from the code
	@$(BIN)/python -m mlflow_operator generate

.PHONY: check
check: setup ## Lint, types, layers, and that everything generated is up to date
	$(call step,ruff)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	$(call step,mypy)
	@$(BIN)/mypy operator/mlflow_operator tests
	$(call step,layers)
	@$(BIN)/lint-imports
	$(call step,generated files)
	@$(BIN)/python -m mlflow_operator generate --check

##@ Tests
.PHONY: unit
unit: setup ## Pure packages and clients; needs nothing
	@$(BIN)/pytest tests/unit

.PHONY: integration
integration: setup ## A real API server, MLflow, PostgreSQL and MinIO as processes; no root
	@$(BIN)/pytest -n $(WORKERS) tests/integration

.PHONY: e2e
e2e: setup ## A real node, everything in pods
	@$(BIN)/pytest tests/e2e

.PHONY: test
test: check ## All of it: check, unit, integration, e2e, in WORKERS processes beside each other
	@$(BIN)/pytest -n $(WORKERS) --durations=40 tests/unit tests/integration tests/e2e

.PHONY: ecosystem
ecosystem: setup ## Beside real parts of other projects, such as Argo CD and Flux; builds them first, many minutes; not in CI
	@$(BIN)/pytest tests/ecosystem

.PHONY: goldens
goldens: setup ## Write the golden files again from the code
	@GOLDEN=update $(BIN)/pytest tests/unit -q -k golden

.PHONY: mutants
mutants: setup ## Make small mistakes in the code, one at a time, and see whether the unit tests notice (MUTANTS='--only WORD')
	@$(BIN)/python -m mutants $(MUTANTS)

##@ Performance
.PHONY: bench
bench: setup ## Measure latency, requests, throughput and memory; a table, and build/bench.json (BENCH=--quick to try, BENCH='--only PART')
	@$(BIN)/python -m bench $(BENCH)

##@ Demo
.PHONY: demo
demo: setup ## Tell the whole story on a local cluster (PROFILE=quickstart or production)
	@$(BIN)/python -m demo $(PROFILE)

##@ Cluster
.PHONY: cluster
cluster: setup ## Bring up the cluster of the e2e tier, with all images, and print its KUBECONFIG line (CLUSTER=local|kind|current)
	@$(BIN)/python -m cluster up >/dev/null
	@$(BIN)/python -m cluster images
	@$(BIN)/python -m cluster env

.PHONY: cluster-down
cluster-down: setup ## End that cluster and everything it left on this machine
	@$(BIN)/python -m cluster down

.PHONY: images
images: setup ## Build the images and load them into the cluster that is up
	@$(BIN)/python -m cluster images
