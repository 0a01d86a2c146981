# The commands of a checkout. Each one sets up what it needs first; the second time that is quick.
# packaging/setup.py is run by the system's own Python, everything else by the one in .venv.
SYSTEM_PYTHON ?= $(shell command -v /usr/bin/python3 || command -v python3)
SETUP = $(or $(SYSTEM_PYTHON),$(NO_PYTHON)) packaging/setup.py
NO_PYTHON = echo "Python 3 is missing. Next: sudo apt-get install python3" >&2; exit 5 \#
# Runs a command beside a Docker engine: the user's own, or as root a private one that ends with it.
WITH_ENGINE = $(SYSTEM_PYTHON) packaging/with_engine.py --
BIN = .venv/bin
# With SIMULATED_GPUS=8 the program sees eight GPUs that compute nothing and say that they do not.
SIMULATE = $(if $(SIMULATED_GPUS),$(BIN)/python -m clawdesk_fabric.simulated_gpus run $(SIMULATED_GPUS) --)
# No display is needed, nor wanted, by tests that do not start a screen of their own.
OFFSCREEN = QT_QPA_PLATFORM=offscreen
# Compiled modules are kept: else each of some hundred processes compiles them, and each test run all tests.
unexport PYTHONDONTWRITEBYTECODE
# The quick tests start nothing that two of them could fight over, so they share the processors.
QUICK = -m "not e2e" -n logical --maxprocesses=4 --dist=worksteal
# They make and remove many small files: in memory, where programs may run there and 4 GB are free.
IN_MEMORY = $(shell test -w /dev/shm && ! grep -q ' /dev/shm .*noexec' /proc/mounts \
	&& test $$(df --output=avail /dev/shm | tail -1) -gt 4000000 && echo TMPDIR=/dev/shm)
# Tests with real parts run one after another. REAL_WORKERS=2 has two files at a time, and those that
# measure a time alone behind them: a third faster.
REAL_PLACES = tests/contract tests/e2e
REAL_WORKERS ?= 1
SIDE_BY_SIDE = -n $(REAL_WORKERS) --dist=loadgroup --no-loadscope-reorder
REAL = $(OFFSCREEN) $(WITH_ENGINE) $(BIN)/python -m pytest $(PYTEST) $(REAL_PLACES)

.DEFAULT_GOAL := help
.PHONY: help setup setup-tests demo demo-preemption kill9 power-cut sim fuzz soak gallery pictures translations test check check-style check-tests run bench bench-compare clean

help: ## show the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install what ClawDesk needs (asks before it installs system packages)
	@$(SETUP)

setup-tests:
	@$(SETUP) --tests

demo: setup ## sample project: one task through question, approval and merge
	@$(WITH_ENGINE) $(SIMULATE) $(BIN)/clawdesk demo $(DEMO)

run: setup ## open the window; SIMULATED_GPUS=8 shows it with GPUs that are not there
	@$(WITH_ENGINE) $(SIMULATE) $(BIN)/clawdesk

test: setup-tests ## every test, on real machines and a real Docker engine
	@$(OFFSCREEN) $(IN_MEMORY) SIM_SEEDS=1000 PLAN_SEEDS=60 DECISION_STORIES=3000 FUZZ_CASES=200000 HYPOTHESIS_EXAMPLES=100 FABRIC_SEEDS=20 CLAWDESK_KILLS=10 $(BIN)/python -m pytest -q $(QUICK) $(PYTEST)
ifeq ($(REAL_WORKERS),1)
	@$(REAL) -m e2e
else
	@$(REAL) -m "e2e and not alone" $(SIDE_BY_SIDE)
	@$(REAL) -m "e2e and alone"
endif

check: ## style, types, layers and the quick tests (some minutes)
	@$(SETUP) --only system,python
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target check-style check-tests

check-style:
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

check-tests:
	@$(OFFSCREEN) $(IN_MEMORY) $(BIN)/python -m pytest -q $(QUICK) $(PYTEST)

gallery: setup-tests ## every page in dark and light at scale 1, 1.5, 2 and at 1024x700, into out/gallery; fails on ugly ones
	@$(BIN)/python -m tests.support.gallery out/gallery

pictures: setup-tests ## the pictures of the guide drawn anew; FROM=sample (journey, models) draws those alone
	@$(WITH_ENGINE) $(BIN)/python -m tests.support.guide_pictures $(FROM)

translations: setup-tests ## bring every language up to the source; NEW=de begins one
	@PYTHONPATH=packaging $(BIN)/python -m clawdesk_setup.translations $(NEW)

demo-preemption: setup-tests ## two tasks, room for one; one yields and comes back; the app is killed twice
	@$(BIN)/python -m tests.stories.preemption

kill9: setup-tests ## SIGKILL of the real app at N (500) random moments of SEED, real machines
	@$(BIN)/python -m tests.soak.kill9 -n $(or $(N),500) $(if $(SEED),--seed $(SEED))

power-cut: setup-tests ## the power of a machine that keeps checkpoints is cut at N (200) moments of SEED
	@$(BIN)/python -m tests.soak.power_cut -n $(or $(N),200) $(if $(SEED),--seed $(SEED))

sim: setup-tests ## the control plane in a simulated world: N seeds (100,000) of every kind of fault
	@$(BIN)/python -m tests.sim --seeds $(or $(N),100000) --first $(or $(SEED),0)

soak: setup-tests ## the window in use for HOURS (1) on a scripted plane; what it holds stays the same
	@$(BIN)/python -m tests.soak.window_use --seconds $(shell echo $$(( 3600 * $(or $(HOURS),1) ))) --pause-ms 10

fuzz: setup-tests ## what a guest may send, broken in N (1,000,000) ways, against the parser
	@FUZZ_CASES=$(or $(N),1000000) FUZZ_SEED=$(or $(SEED),0) $(BIN)/python -m pytest -q --timeout 0 tests/unit/guest/test_fuzz.py

bench: setup-tests ## measure; prints one JSON object a row and writes out/bench.md
	@$(OFFSCREEN) $(WITH_ENGINE) $(BIN)/python tests/bench/run.py $(BENCH)

bench-compare: setup-tests ## BENCH="--only NAME -n N" here and at commit BASE, TURNS (3) of each, and what differs
	@$(OFFSCREEN) $(BIN)/python tests/bench/compare.py $(BASE) --turns $(or $(TURNS),3) $(BENCH)

clean: ## remove what the checkout built (not your projects, not machine images)
	rm -rf .venv build dist out .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
