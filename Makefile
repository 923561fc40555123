# `make` alone says what there is. Everything is installed into .venv, once.

SHELL := bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DEV_READY := $(VENV)/.ready-dev
EXTRAS := bench,lab,offline,test
DEV_EXTRAS := $(EXTRAS),dev

# What is added to the command of `make sweep`, `make lab` or `make test`.
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help sweep lab test doctor setup check

help: ## Say what there is to type
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile
	@echo "More after ARGS=, such as make sweep ARGS='-p task hoc'; another Python: PYTHON=python3.12."

sweep: $(READY) ## Run the batch notebook, by default a small offline study
	@$(BIN)/python -m workbench sweep $(ARGS)

lab: $(READY) ## Open the notebooks in JupyterLab, on this machine only
	@mkdir -p $(LAB_SETTINGS) && cp workbench/notebook/jupyterlab.json $(LAB_SETTINGS)/overrides.json
	@$(BIN)/python -m jupyterlab --ServerApp.ip=127.0.0.1 --ServerApp.root_dir=. --LabApp.default_url=/lab/$(NOTEBOOK) \
	  $(ROOT_FLAG) $(QUIET_LAB) $(ARGS)

test: $(READY) ## Run the tests
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

doctor: $(READY) ## Say what this machine has and what is missing
	@$(BIN)/python -m workbench doctor $(ARGS)

setup: $(READY) ## Only install
	@echo "$(VENV) is ready."

check: $(DEV_READY) ## Check format, style, types, imports and notebooks
	@$(BIN)/ruff format --check
	@$(BIN)/ruff check
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/nbstripout --verify --keep-id $(wildcard notebooks/*.ipynb)

# Without subshells for widgets: a page that is loaded anew may talk to one that is gone, and a click
# on Stop would be lost. And nobody is asked whether the network may be asked for news.
LAB_SETTINGS := $(VENV)/share/jupyter/lab/settings
NOTEBOOK = $(addprefix tree/,$(firstword $(wildcard notebooks/explore.ipynb notebooks/sweep.ipynb)))
ROOT_FLAG = $(if $(filter 0,$(shell id -u)),--allow-root)
# JupyterLab would ask the network for news, updates and extensions, and log every step.
QUIET_LAB = --log-level=WARN --LabApp.news_url= --LabApp.extension_manager=readonly \
  --LabApp.check_for_updates_class=jupyterlab.handlers.announcements.NeverCheckForUpdate

# A .venv that no longer starts (its Python is gone) is made again.
ifneq ($(wildcard $(READY)),)
  ifneq ($(shell $(BIN)/python -c 'print(1)' 2>/dev/null),1)
    $(shell rm -f $(READY))
  endif
endif

# The stamp goes before an installation and comes after it: without one, .venv is half-made.
$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Python 3.11 or newer is needed, and '$(PYTHON)' is not: install one and name it, as in 'make PYTHON=python3.12 sweep'." >&2; exit 1; }
	@if [ ! -e $@ ]; then \
	  echo "Installing into $(VENV), which takes a few minutes the first time."; \
	  $(PYTHON) -m venv --clear $(VENV) >/dev/null || { \
	    echo "'$(PYTHON) -m venv' failed: on Debian or Ubuntu type 'apt-get install python3-venv'." >&2; exit 1; }; \
	else echo "Bringing $(VENV) up to date."; fi
	@rm -f $(READY) $(DEV_READY)
	@$(call install,-e '.[$(EXTRAS)]')
	@touch $@

$(DEV_READY): $(READY)
	@$(call install,-e '.[$(DEV_EXTRAS)]')
	@touch $@

# pip's words go to a log; shown are the large downloads, the last step, and the log if it failed.
LOG := $(VENV)/install.log
define install
set -o pipefail; SECONDS=0; \
PYTHONUNBUFFERED=1 $(BIN)/python -m pip install --disable-pip-version-check --progress-bar off \
  -c constraints.txt $(1) 2>&1 | tee $(LOG) | while read -r line; do case "$$line" in \
    Downloading*"("[0-9][0-9]*.[0-9]" MB)"*|Downloading*GB*) echo "  $${line##*/}";; \
    "Installing collected"*) echo "  unpacking";; \
  esac; done || { grep -v '^WARNING' $(LOG) | tail -n 20 >&2; \
    echo "The installation failed: mend what pip says above (all of it is in $(LOG)) and type the same again." >&2; exit 1; }; \
echo "Installed in $$SECONDS s."
endef
