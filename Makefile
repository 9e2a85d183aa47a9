# Thin: every command is `python -m pipelines.<verb>`; see `make help`. A failure of any of them is make's own exit code 2.
PYTHON ?= python3
PORT ?= 5000
MODEL ?= data/export/champion
CHROMIUM ?= chromium
EXPERIMENTS ?= tfidf-word-char-logreg ngrams-minilm-logreg
SHOWN ?= data/corpus/joint-working-group-readout/uskara-vestmar-jwg-2014.txt
INPUTS := $(shell sed -n 's/^inputs: *\([^ #]*\).*/\1/p' params.yaml)
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export PYTHONDONTWRITEBYTECODE := 1

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help env repro test check verify verify-repro ui doctor score export external corpus-report transfer sheet annotations compare history suspicious ledger screenshots bench promote lock

help:  ## what you can ask for
	@sed -n 's/^\([a-z-]*\):.*## /  make \1	/p' $(MAKEFILE_LIST) | expand -t 22

env: .venv/.stamp  ## the environment of the lock file in .venv (made by the others when it is missing or stale)

.venv/.stamp: requirements.txt requirements-bootstrap.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "error: $(PYTHON) is older than 3.11; name a newer one: make PYTHON=python3.12" >&2; exit 2; }
	rm -rf .venv
	$(PYTHON) -m venv .venv
	.venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bootstrap.txt
	.venv/bin/uv pip sync --quiet --compile-bytecode --python .venv requirements.txt
	@touch $@

# There is one pipeline: asked for all of them, DVC reads dvc.yaml and dvc.lock once, where it would read them twice.
repro: env  ## documents to models, metrics, exported bundles and tracked runs: all that changed since last time
	dvc repro --all-pipelines

test: env  ## the whole test suite, a file at a time on each core
	python -m pytest -n auto --dist loadfile --no-loadscope-reorder $(ARGS)

check: env  ## formatting, lint and types: the same gate for hooks, CI and people
	ruff format --check .
	ruff check .
	mypy

verify: env  ## compare every finished file with its manifest and DVC's cache; FIX=1 removes what is rotten
	@python -m pipelines.verify . $(if $(FIX),--fix)

verify-repro: env  ## run everything twice from nothing and compare every byte
	@python -m pipelines.verify . --twice

ui: env  ## the MLflow UI on 127.0.0.1; PORT=5000
	@python -m pipelines.ui --port $(PORT)

doctor: env  ## do the checkout, DVC and the tracking store agree; FIX=1 after the checkout was moved
	@python -m pipelines.doctor $(if $(FIX),--fix)

score: env  ## label new documents: IN=folder OUT=folder [MODEL=data/export/champion] [ARGS="--explain"]
	@test -n "$(IN)" -a -n "$(OUT)" || { echo 'usage: make score IN=folder OUT=folder' >&2; exit 2; }
	@python -m pipelines.score $(MODEL) "$(IN)" "$(OUT)" $(ARGS)

export: env  ## all that a colleague needs to score, in one folder: TO=folder [MODEL=data/export/champion]
	@test -n "$(TO)" || { echo 'usage: make export TO=folder' >&2; exit 2; }
	@python -m pipelines.handover $(MODEL) "$(TO)"

external: env  ## measure all experiments on gold of your own: SET=gold.jsonl [OUT=result.json] [MODEL=bundle]
	@test -n "$(SET)" || { echo 'usage: make external SET=gold.jsonl OUT=result.json' >&2; exit 2; }
	@python -m pipelines.external "$(SET)" "$(or $(OUT),external.json)" --codebook $(INPUTS)/codebook.yaml $(if $(filter command line,$(origin MODEL)),--model "$(MODEL)")

corpus-report: env  ## what the corpus is like, beside gold of your own: [SET=gold.jsonl] [OUT=profile.json]
	@dvc repro --quiet split
	@python -m pipelines.corpus_report --codebook $(INPUTS)/codebook.yaml --patterns $(INPUTS)/patterns.yaml $(if $(SET),--set "$(SET)") $(if $(OUT),--out "$(OUT)")

transfer: env  ## what each round of the corpus is worth on gold of your own: SET=gold.jsonl [OUT=transfer.json] [EXPERIMENTS="a b"]
	@test -n "$(SET)" || { echo 'usage: make transfer SET=gold.jsonl OUT=transfer.json' >&2; exit 2; }
	@dvc repro --quiet split embed
	@python -m pipelines.transfer "$(SET)" "$(or $(OUT),transfer.json)" $(EXPERIMENTS:%=experiments/%.yaml) --codebook $(INPUTS)/codebook.yaml --patterns $(INPUTS)/patterns.yaml --rounds $(INPUTS)/rounds.yaml

sheet: env  ## a blank sheet of all sentences for a coder: OUT=sheet.csv
	@test -n "$(OUT)" || { echo 'usage: make sheet OUT=sheet.csv' >&2; exit 2; }
	@dvc repro --quiet segment
	@python -m pipelines.annotations sheet data/segment $(INPUTS)/codebook.yaml "$(OUT)"

annotations: env  ## a human coder's filled sheet in: IN=sheet.csv CODER=name [ROLE=coding] [REPLACE=1]
	@test -n "$(IN)" -a -n "$(CODER)" || { echo 'usage: make annotations IN=sheet.csv CODER=name' >&2; exit 2; }
	@python -m pipelines.annotations import data/segment $(INPUTS)/codebook.yaml "$(IN)" $(INPUTS)/annotations --coder "$(CODER)" $(if $(ROLE),--role "$(ROLE)") $(if $(REPLACE),--replace)

compare: env  ## is one experiment better than another: A=name B=name
	@test -n "$(A)" -a -n "$(B)" || { echo 'usage: make compare A=experiment B=experiment' >&2; exit 2; }
	@python -m pipelines.versus "$(A)" "$(B)" --codebook $(INPUTS)/codebook.yaml

history: env  ## how often test was opened, from git, and what each time changed
	@python -m pipelines.history

suspicious: env  ## gold labels that models speak against, out of fold, for a person to read: [OUT=suspicious.csv]
	@dvc repro --quiet split embed
	@python -m pipelines.suspicious "$(or $(OUT),suspicious.csv)" --codebook $(INPUTS)/codebook.yaml --patterns $(INPUTS)/patterns.yaml

ledger: env  ## fill the tables of README.md and experiments/README.md from the committed metrics
	@python -m pipelines.ledger .

screenshots: env  ## the pictures of README.md, taken by Chromium: a document of the corpus scored, and MLflow's pages
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && \
	python -m pipelines.score $(MODEL) $(SHOWN) "$$folder/scored" && \
	$(CHROMIUM) --headless --no-sandbox --disable-gpu --hide-scrollbars --no-first-run --disable-background-networking \
	  --user-data-dir="$$folder/profile" --window-size=1280,860 --screenshot=docs/score-page.png \
	  "file://$$(ls $$folder/scored/pages/*.html)" 2>/dev/null && echo docs/score-page.png
	@python -m tests.screenshots docs

.bench/.stamp: requirements.txt .venv/.stamp
	rm -rf .bench
	$(PYTHON) -m venv .bench
	.venv/bin/uv pip sync --quiet --compile-bytecode --python .bench requirements.txt
	.bench/bin/pip install --quiet --disable-pip-version-check torch==2.13.0 sentence-transformers==6.2.0 fasttext-numpy2-wheel==0.9.2 model2vec==0.10.0 skeletoken==0.6.1 numba==0.68.1 pyspark==4.3.0
	@touch $@

bench: .bench/.stamp  ## speed beside peers, into benchmarks/; QUICK=1: fewer sentences, into .bench/
	@set -e; for name in score fitting grid noop fixed encode spark; do \
	  .bench/bin/python -m benchmarks.$$name $(if $(QUICK),.bench,benchmarks)/$$name.json $(if $(QUICK),--quick); done

promote: env  ## make the challenger champion if it is better on valid: [VERSION=3] [FORCE=1 REASON="why all the same"]
	@python -m pipelines.promote $(INPUTS)/codebook.yaml $(if $(VERSION),--version $(VERSION)) $(if $(FORCE),--force) $(if $(REASON),--reason "$(REASON)")

lock: env  ## resolve pyproject.toml anew into the hashed lock files
	uv pip compile --quiet --upgrade --universal --generate-hashes --no-header --no-annotate --python-version 3.11 --extra dev pyproject.toml -o requirements.txt
	echo uv | uv pip compile --quiet --upgrade --universal --generate-hashes --no-header --no-annotate --python-version 3.11 - -o requirements-bootstrap.txt
