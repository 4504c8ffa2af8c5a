# Landfall. `make` alone says what there is. Set-up happens by itself where a target needs it.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PY := .venv/bin/python
UV := .tools/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header

.PHONY: help setup infra demo test test-engine check lock docs goldens dags wheel scan images bench clean

help: ## say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## make this machine ready for the tests and checks
	@ci/setup.sh test

infra: ## make this machine ready to plan and apply stacks (`landfall plan`, `pulumi up`); no Java, no Spark
	@ci/setup.sh infra

demo: ## a year of flights from landing zone to served model, on this machine; ends with `report: PATH`
	@ci/setup.sh demo
	@.venv/bin/landfall run --all --until 2013-12
	@.venv/bin/landfall report

WORKERS ?= 2
test: ## every test that needs no cloud, two side by side; WORKERS=4 more, WORKERS=0 one after another
	@ci/setup.sh test
	@$(PY) -m pytest -n $(WORKERS) --dist worksteal

test-engine: ## every sample stack through the real `pulumi` CLI (on PATH), with stand-in providers and no cloud
	@ci/setup.sh test && ci/setup.sh policy
	@$(PY) -m pytest tests/engine

check: ## style and types
	@ci/setup.sh test
	@.venv/bin/ruff check . && .venv/bin/ruff format --check . && .venv/bin/basedpyright

lock: ## resolve requirements/*.txt anew from pyproject.toml
	@ci/setup.sh test
	@$(UV) --group build --group laptop --group infra --group sources --group buses --group clouds --group test --group check pyproject.toml -o requirements/dev.txt
	@$(UV) --group build --group laptop --constraint requirements/dev.txt pyproject.toml -o requirements/laptop.txt
	@$(UV) --group build --group laptop --group clouds --group buses --group sources --constraint requirements/dev.txt pyproject.toml -o requirements/cloud.txt
	@$(UV) --group build --group infra --group clouds --constraint requirements/dev.txt pyproject.toml -o requirements/infra.txt
	@$(UV) --group dbt -o requirements/dbt.txt
	@$(UV) --group dbt-clouds -o requirements/dbt-clouds.txt
	@$(UV) --group stand-ins -o requirements/stand-ins.txt
	@$(UV) --group airflow -o requirements/airflow.txt
	@$(UV) --group kubeflow -o requirements/kubeflow.txt
	@$(UV) --group policy -o requirements/policy.txt
	@$(UV) --group scan -o requirements/scan.txt
	@$(UV) --group mlflow --constraint requirements/dev.txt -o requirements/mlflow.txt

docs: ## generate the reference pages from the models
	@ci/setup.sh test
	@$(PY) -m landfall.intent.reference

dags: ## write what the Airflow DAG reads and Kubeflow's YAML anew: make dags STACK=demo-local-dev
	@ci/setup.sh test && ci/setup.sh kubeflow
	@$(PY) -m pipelines.orchestration $(or $(STACK),demo-local-dev)
	@.venv-kubeflow/bin/python -m pipelines.kubeflow.compile pipelines/kubeflow/landfall_month.yaml

goldens: ## write the inventories of the sample stacks anew; review them as a diff
	@ci/setup.sh test
	@$(PY) -W ignore -m tests.infra.inventories

wheel: ## build the wheel of this commit into dist/; the same commit gives the same bytes
	@[ -x .venv/bin/python ] || ci/setup.sh infra
	@rm -rf dist && SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) .venv/bin/python -m hatchling build -t wheel -d dist

scan: ## known holes in dependencies, and in images: make scan REGISTRY=registry.example/landfall
	@ci/setup.sh scan
	@REGISTRY="$(REGISTRY)" .venv-scan/bin/python ci/scan.py

images: ## build and push all images, with bills of materials: make images REGISTRY=registry.example/landfall
	@test -n "$(REGISTRY)" || { echo "say where to: make images REGISTRY=registry.example/landfall" >&2; exit 2; }
	@REGISTRY="$(REGISTRY)" docker buildx bake -f ci/images/docker-bake.json --push

bench: ## the benchmarks of docs/benchmarks.md (a quarter of an hour), and a table of their figures
	@ci/setup.sh test
	@$(PY) -m benchmarks

clean: ## remove the environments and caches, never the home with the data
	rm -rf .venv .venv-dbt .venv-dbt-clouds .venv-stand-ins .venv-policy .venv-scan .venv-airflow .venv-kubeflow .tools .pytest_cache .ruff_cache
