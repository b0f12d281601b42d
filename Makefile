# Anxin: needs Python >= 3.11, make and the package index; no root. `make help` lists what can be done.
SHELL := /bin/sh
# A distribution's Python is built with profile-guided optimisation, one that was compiled by hand (pyenv) mostly is not,
# and takes a tenth to a half longer: the system's goes first, where it is new enough and can make an environment.
PYTHON ?= $(shell for each in /usr/bin/python3 python3; do $$each -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$each && exit; done; echo python3)
UV_VERSION := 0.13.9
HOME_DIR ?= .anxin
PORT_BASE ?= 8000
# Test processes at once, each with servers of its own; the tests of a file stay together.
WORKERS ?= 2

VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
READY := $(VENV)/.ready
PYTEST := $(BIN)/pytest -n $(WORKERS) --dist loadfile

# The machine's own trust store, as pip uses it: an index may stand behind an authority of the house.
export UV_SYSTEM_CERTS := 1

.DEFAULT_GOAL := help
.PHONY: help up down test lint types unit integration e2e bench docs k8s-lint format

help: ## 列出全部命令 List what can be done
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

up: $(READY) ## 启动平台并演示 Start the whole platform and play the demo (Ctrl-C stops it)
	@$(BIN)/anxin up --home $(HOME_DIR) --port-base $(PORT_BASE)

down: $(READY) ## 停止平台 Stop the platform; its data stay
	@$(BIN)/anxin down --home $(HOME_DIR)

test: lint types unit integration e2e ## 全部检查与测试 Lint, types and every test

lint: $(READY) k8s-lint ## 风格与依赖方向 Style, directions of imports, generated pages, manifests
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports
	$(BIN)/python -m docs.generate --check
	$(BIN)/python -m services.ingest.catalogue check

types: $(READY) ## 类型 mypy, strict
	$(BIN)/mypy

unit: $(READY) ## 单元测试 Unit tests (no sockets, a minute or two)
	$(PYTEST) tests/unit

integration: $(READY) ## 集成测试 On a real PostgreSQL and a real NATS
	$(PYTEST) tests/integration tests/k8s

e2e: $(READY) ## 端到端测试 The whole platform behind the real front door, faults included
	$(PYTEST) $(wildcard tests/e2e tests/faults tests/conformance)

bench: $(READY) ## 性能 The measurements of the README's table
	$(BIN)/python -m bench

docs: $(READY) ## 文档 Check and regenerate what is generated
	$(BIN)/python -m docs.generate

k8s-lint: $(READY) ## 集群清单 Every manifest, schema and reference
	$(BIN)/python -m tests.k8s.check

format: $(READY) ## 排版 Let ruff fix what it can
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

$(READY): pyproject.toml uv.lock
	@command -v $(PYTHON) >/dev/null 2>&1 || { \
	  echo "找不到 $(PYTHON)，需要 Python 3.11 或更高版本。 / $(PYTHON) was not found; Python 3.11 or newer is needed." >&2; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "需要 Python 3.11 或更高版本，$(PYTHON) 是 `$(PYTHON) -c 'import platform; print(platform.python_version())'`，可用 make PYTHON=python3.12。 / Python 3.11 or newer is needed; name one with make PYTHON=python3.12." >&2; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { \
	  echo "无法创建虚拟环境（Debian/Ubuntu 请安装 python3-venv）。 / The environment could not be made (Debian/Ubuntu: install python3-venv)." >&2; exit 2; }
	@test -x $(UV) || $(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip >/dev/null
	@test -x $(UV) || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@UV_PROJECT_ENVIRONMENT=$(VENV) UV_PYTHON=$(BIN)/python $(UV) sync --frozen --inexact --no-managed-python --compile-bytecode
	@touch $@
