# make demo      installs what is needed, builds, and shows the whole way: pull → run → output
# make test      installs what the tests need, builds once, runs everything
# make test-vm   the main flows on cgroup v2 and the tests of networks, in an emulated machine
# make bench     this engine beside Docker, Podman, runc and crun
# make install   PREFIX=/usr/local by default; `make uninstall` takes it away again

PREFIX ?= /usr/local
DESTDIR ?=
PROGRAMS := apus apusd apus-runtime apus-shim
RELEASE := .build-release

.PHONY: all build release demo test test-vm bench lint format install uninstall packages

all: release

build:
	scripts/install-packages.sh build
	swift build

release:
	scripts/install-packages.sh build
	swift build -c release --scratch-path $(RELEASE)

demo:
	scripts/install-packages.sh build demo
	swift build -c release --scratch-path $(RELEASE)
	APUS_BIN=$(CURDIR)/$(RELEASE)/release scripts/demo.sh

test:
	scripts/install-packages.sh build test vm
	scripts/test.sh

test-vm:
	scripts/install-packages.sh build test vm
	swift build --build-tests
	swift build -c release --scratch-path $(RELEASE)
	APUS_BIN=$(CURDIR)/$(RELEASE)/release APUS_VM_PARTS="main-flows networks" APUS_VM_TIMEOUT=5400 scripts/test-vm.sh

bench:
	scripts/install-packages.sh build bench
	swift build -c release --scratch-path $(RELEASE)
	APUS_BIN=$(CURDIR)/$(RELEASE)/release python3 Benchmarks/bench.py $(BENCH)

lint:
	swift format lint --strict --recursive Sources Tests Examples Package.swift

format:
	swift format --in-place --recursive Sources Tests Examples Package.swift

install:
	@test -x $(RELEASE)/release/apusd || { echo "build first: make release"; exit 1; }
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/systemd/system
	for program in $(PROGRAMS); do install -m 755 $(RELEASE)/release/$$program $(DESTDIR)$(PREFIX)/bin/; done
	sed 's|@PREFIX@|$(PREFIX)|' packaging/apusd.service > $(DESTDIR)$(PREFIX)/lib/systemd/system/apusd.service

uninstall:
	for program in $(PROGRAMS); do rm -f $(DESTDIR)$(PREFIX)/bin/$$program; done
	rm -f $(DESTDIR)$(PREFIX)/lib/systemd/system/apusd.service
