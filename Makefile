# The commands of README.md. `make` alone lists them.
#
# Variables such as SPARK are handed on as DEPLOYKIT_SPARK, by the environment and as they were typed: make expands
# none of them, in a recipe or elsewhere, so `make image SPARK='4.1.1; rm -rf x'` is a version that nobody knows.
# A name that is not listed would do nothing, and make would expand its value for the recipe's environment: it is refused.

VARIABLES := SPARK SERVER NAMESPACE CONTEXT ILUM_CORE HELM_VALUES CLIENT EXECUTOR_PYTHON MAGE BASE PROFILE WITH WARM REPOSITORY PUSH \
  CHART_VALUES RELEASE MAGE_NAMESPACE PLATFORM ALSO_PLATFORM ENGINE VERIFY VERIFY_IN SIGN_KEY INSECURE_REGISTRY CA_FILE APT_MIRROR APT_SOURCES MAVEN_MIRROR NETWORK TIMEOUT
typed := $(foreach name,$(.VARIABLES),$(if $(findstring command,$(origin $(name))),$(name)))
unknown := $(filter-out $(VARIABLES) PYTHON,$(typed))
$(if $(unknown),$(error $(unknown): no such variable. `make help` lists them; what is for the environment stands before make))
typed := $(filter $(VARIABLES),$(typed))
# `SPARK=4.1.1 make image` is written too; the other names are too common to be taken from an environment.
typed += $(if $(findstring environment,$(origin SPARK)),SPARK)
$(foreach name,$(typed),$(eval export DEPLOYKIT_$(name) = $$(value $(name))))
unexport $(VARIABLES)
MAKEOVERRIDES :=

export PATH := $(CURDIR)/.venv/bin:$(PATH)
SETUP := .venv/.ready
HELM := .venv/.helm

.DEFAULT_GOAL := help
.PHONY: help demo test lowest image plan render bench lint lock chart

help: ## List these commands
	@sed -nE 's/^([a-z]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 16
	@echo
	@echo "  make image SPARK=4.1.1 MAGE=0.9.80 PROFILE=slim REPOSITORY=registry.example/mage PUSH=1"
	@echo "  Variables: $(VARIABLES)" | fold -s -w 100 | sed '2,$$s/^/    /'

demo: $(SETUP) $(HELM) ## Show the whole job on this machine, with an embedded Spark Connect server
	@.venv/bin/python tools/demo/demo.py

test: $(SETUP) $(HELM) ## Run every test that this machine allows; says what was left out
	@.venv/bin/python -m pytest -n auto --maxprocesses 4 --dist loadscope --no-loadscope-reorder || \
	  { files="$$(.venv/bin/python tools/failed.py)" && echo "Files with failures are tried once more, alone: $$files" && .venv/bin/python -m pytest $$files; }

lowest: $(SETUP) $(HELM) ## Run the unit tests with the lowest versions of the dependencies that pyproject.toml allows
	@.venv/bin/python tools/lowest.py

image: $(SETUP) ## Build, verify and (PUSH=1) push the image: SPARK=4.1.1 or SERVER=sc://host:15002
	@.venv/bin/deploykit image

plan: $(SETUP) ## Show what would be built, and why: SPARK=4.1.1 or SERVER=sc://host:15002
	@.venv/bin/deploykit plan

render: $(SETUP) $(HELM) ## Write build context, values and policies to .build/render
	@.venv/bin/deploykit render .build/render

bench: $(SETUP) ## Measure the numbers that the project promises (needs Docker for most)
	@.venv/bin/python tools/bench/bench.py

lint: $(SETUP) $(HELM) ## Check style and types, and lint the chart
	@.venv/bin/ruff check
	@.venv/bin/ruff format --check
	@.venv/bin/mypy
	@tools/lint_chart.sh

lock: $(SETUP) ## Refresh the locks: of development, and of the images
	@.venv/bin/python tools/lock.py
	@.venv/bin/deploykit lock

chart: $(SETUP) ## Write the chart's JSON Schema and docs/values.md anew, from its values.yaml
	@.venv/bin/python tools/chart/chart.py

$(SETUP): pyproject.toml requirements-dev.txt tools/setup.py tools/setup.sh
	@tools/setup.sh
	@touch $@

$(HELM): $(SETUP) tools/helm.txt tools/helm.py
	@.venv/bin/python tools/helm.py
	@if command -v helm >/dev/null; then touch $@; fi
