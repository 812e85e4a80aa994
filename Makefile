# Two commands do all: `make demo` runs the main job on a simulated cohort, `make test` passes the tests.
PYTHON ?= python3
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PYTHONPATH := $(CURDIR)/scripts
SHELL := /bin/bash
.PHONY: help setup demo test check format bench docs slurm clean

help:
	@echo "make demo    set up, simulate a cohort with known truth, run the workflow on it"
	@echo "make test    set up what is missing and run linters and all tests"
	@echo "make check   formatters, linters and type checker only"
	@echo "make format  format the sources"
	@echo "make docs    build the documentation as a site (site/index.html)"
	@echo "make bench   accuracy and speed figures into docs/benchmarks.md (long)"
	@echo "make slurm   run a part of the simulated cohort through a Slurm of one node (root)"
	@echo "make setup EXTRAS=slurm    set up with a plugin: slurm, pbs, http, s3 (several: 'slurm http')"
	@echo "make clean   remove the simulated cohort and its results"

setup:
	@$(PYTHON) scripts/bootstrap.py $(addprefix --extra ,$(EXTRAS))
	@[ -f demo/config/config.yaml ] || python -m amlresist simulate demo --seed 1

demo: setup
	snakemake --cores all --configfile demo/config/config.yaml
	@echo
	@echo "Cohort report:  $(CURDIR)/demo/results/cohort/report.html"
	@echo "Patient pages:  $(CURDIR)/demo/results/*/report/*.html"

check:
	@$(PYTHON) scripts/bootstrap.py --tests
	ruff format --check scripts tests benchmarks
	ruff check scripts tests benchmarks
	mypy
	snakefmt --check Snakefile rules workflow
	snakemake --lint

test: setup check
	pytest -n 2 --dist loadgroup

format:
	ruff format scripts tests benchmarks
	ruff check --fix scripts tests benchmarks
	snakefmt Snakefile rules workflow

# Public tools to compare with live in an environment of their own; BENCH adds options, such as
# BENCH="--only dag size" or BENCH=--quick (all at its smallest, only printed).
PEERS = gseapy mirtop six pysam pybedtools biopython pyyaml 'setuptools<81'
bench: demo
	command -v bowtie >/dev/null || apt-get install -y -qq --no-install-recommends bowtie || true
	command -v freebayes >/dev/null || apt-get install -y -qq --no-install-recommends freebayes
	[ -x .tools/peers/bin/mirtop ] || uv venv -q .tools/peers
	uv pip install -q -p .tools/peers $(PEERS)
	python benchmarks/run.py --peers .tools/peers $(BENCH)

docs:
	@$(PYTHON) scripts/bootstrap.py --tests
	mkdocs build --strict

# The daemons run in a temporary folder and end with the test.
slurm: EXTRAS = slurm
slurm: setup
	command -v slurmctld munged >/dev/null || apt-get install -y -qq --no-install-recommends slurm-wlm munge
	AMLRESIST_SLURM=1 pytest -s tests/slurm

clean:
	rm -rf demo
