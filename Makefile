# Every target sets up what it needs; `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export MLWORKS_HOME ?= $(CURDIR)/.mlworks
export DAGSTER_HOME ?= $(CURDIR)
# Nothing leaves the machine; and threads that wait give up the core.
export DO_NOT_TRACK := true
export MLFLOW_DISABLE_TELEMETRY := true
export OMP_WAIT_POLICY := PASSIVE
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: help install spark demo test ui env bench peers lint clean
.DEFAULT_GOAL := help

help: ## list the targets
	@grep -hE '^[a-z]+:.* \#\# ' $(MAKEFILE_LIST) | sed -E 's/:.* \#\# /\t/' | expand -t 12

install: $(VENV)/.installed ## make the environment

$(VENV)/.installed: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info[:2] <= (3, 13) else "Python 3.11 to 3.13 is needed; set PYTHON=…")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

spark: install ## add Spark to the environment; needs Java 17
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --require-hashes -r requirements-spark.lock

demo: install ## fetch the data and replay a year of the models
	@mkdir -p $(MLWORKS_HOME)
	mlworks demo

test: install ## all checks and tests
	.ci/test

ui: install ## Dagster on 3000 and MLflow on 5000, over the demo's storage
	@mkdir -p $(MLWORKS_HOME)
	@MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false mlflow server --workers 1 --host 127.0.0.1 --port 5000 --backend-store-uri sqlite:///$(MLWORKS_HOME)/mlflow.db --serve-artifacts \
	  --artifacts-destination $(MLWORKS_HOME)/mlartifacts & server=$$!; trap "kill $$server" EXIT INT TERM; \
	  dg dev --host 127.0.0.1 --port 3000

env: ## print what a shell needs to use dg and dagster here
	@echo 'export MLWORKS_HOME=$(MLWORKS_HOME) DAGSTER_HOME=$(DAGSTER_HOME) PATH=$(CURDIR)/$(BIN):$$PATH'

bench: install ## the benchmarks
	@for script in $$(ls benchmarks/*.py | grep -v -e drift.py -e streams.py -e our_alarms.py); do echo "== $$script"; python $$script || exit 1; done
	python benchmarks/drift.py --skip peers

peers: install ## drift beside other tools, each in an environment of its own (8 GB, half an hour)
	python benchmarks/drift.py --big
	python benchmarks/alarms.py --peers

lint: install ## format and check the code
	ruff format .
	ruff check --fix .

clean: ## remove the environment and everything that was made
	rm -rf $(VENV) .mlworks .artifacts
