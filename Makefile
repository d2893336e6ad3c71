# Best Before: everything that can be made. `make help` lists it.
# The tag switches Fyne's old thread checks off; every build and test carries it.
TAGS     := migrated_fynedo
GO       ?= go
BIN      := bin
FUZZTIME ?= 20s
BENCH    ?= .
export CGO_ENABLED ?= 1

# Runs tests, and ends with what failed and what was skipped and why.
TELL     := $(GO) tool -modfile=.ci/tools/test.mod gotestsum --format pkgname --

.PHONY: help run demo test long mutants lab lab-story lab-long lab-week fuzz bench lint format pictures windows agent setup setup-lab go-version clean

help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# A locale without a language ("C") is one that Fyne complains about, aloud.
run demo: export LANG := $(if $(filter C C.% POSIX,$(LANG)),en_US.UTF-8,$(LANG))

run: setup ## the program on your own home
	@mkdir -p $(BIN)
	$(GO) build -tags $(TAGS) -o $(BIN)/bestbefore ./app
	./$(BIN)/bestbefore

demo: go-version ## a made-up home in this program: one permission, ended on its date; no rights needed
	@.ci/demo

test: setup ## all tests, with the race detector; pictures, drawn by one goroutine, without it; needs no display
	@$(TELL) -race -timeout 40m -tags $(TAGS) ./...
	@$(TELL) -timeout 40m -tags $(TAGS) ./app/internal/picture/...

long: setup ## the same with the full counts: kills, flipped bits, cuts, a million topics
	LAB_LONG=1 $(GO) test -count=1 -timeout 180m -tags $(TAGS) ./...

mutants: go-version ## switch off each rule in turn: its tests must notice
	@.ci/mutants

lab: go-version setup-lab ## the end-to-end tests, as root, in network namespaces; the log is bin/lab.log
	@mkdir -p $(BIN)
	@.ci/as-root .ci/lab/all

lab-story: ## the lab's story, told: a router's kernel ends a permission (Linux, root)
	@.ci/story

lab-week: go-version setup-lab ## false alarms: a household's weeks of real traffic in half an hour, as root
	@.ci/as-root nice env "LAB_WEEK_KEEP=$(LAB_WEEK_KEEP)" "LAB_WEEK_SEED=$(LAB_WEEK_SEED)" $(GO) test -tags '$(TAGS) lab week' -count=1 -timeout 120m -v -run '^TestHouseholdWeek$$' ./app/internal/lab

lab-long: go-version setup-lab ## the long figures: every device, packet loss, hundreds of services
	@mkdir -p $(BIN)
	@LAB_LONG=1 .ci/as-root .ci/lab/all

fuzz: go-version ## every fuzz target for FUZZTIME (20s)
	@.ci/fuzz $(FUZZTIME)

bench: go-version ## all benchmarks, and the peers that they are set beside
	@.ci/packages bench
	$(GO) test -tags $(TAGS) -run '^$$' -bench '$(BENCH)' -benchmem ./...

lint: go-version ## format and lint
	@.ci/lint

format: go-version ## put all Go files into shape
	@.ci/lint fix

pictures: setup ## every screen as a picture to look at, in bin/pictures
	@mkdir -p $(BIN)/pictures
	BESTBEFORE_PICTURES=$(CURDIR)/$(BIN)/pictures $(GO) test -tags $(TAGS) -count=1 -run '^TestWriteAll$$' ./app/internal/picture

windows: go-version ## both programs for Windows; the window needs mingw-w64
	@.ci/packages windows
	@mkdir -p $(BIN)
	GOOS=windows CGO_ENABLED=0 $(GO) build -tags $(TAGS) -o $(BIN)/bestbefore-agent.exe ./app/agent
	GOOS=windows CGO_ENABLED=1 CC=x86_64-w64-mingw32-gcc $(GO) build -tags $(TAGS) -ldflags -H=windowsgui -o $(BIN)/bestbefore.exe ./app

agent: go-version ## the engine without a window, and the command line
	@mkdir -p $(BIN)
	CGO_ENABLED=0 $(GO) build -tags $(TAGS) -o $(BIN)/bestbefore-agent ./app/agent

setup: go-version ## system packages that building needs; named first, installed where missing
	@.ci/packages build

setup-lab: ## system packages that the lab needs
	@.ci/packages lab

go-version:
	@.ci/go-version $(GO)

clean: ## remove what was built
	rm -rf $(BIN)
