# Recipes; CI calls the same ones. `just` lists them.

# List the recipes.
default:
    @just --list --unsorted

# Bring up the suite.
up *arguments:
    cargo run -- up {{arguments}}

# Everything quick: format, lint, test.
check: format-check lint test

# Format all code.
format:
    cargo fmt --all

# Fail where code is not formatted.
format-check:
    cargo fmt --all --check

# Lint everything; a warning is an error.
lint:
    cargo clippy --workspace --all-targets --locked -- -D warnings

# Licences, sources and banned crates of all dependencies.
deny:
    cargo deny check bans licenses sources

# The README's test command.
test *arguments:
    cargo test --workspace {{arguments}}

# Tests that a bare machine skips, with skips turned into failures.
require:
    FLOTILLA_REQUIRE=all cargo test -p e2e

# Other languages' libraries for the tests of tests/tests/e2e/interop, below target/: PyJWT and jose.
interop-tools:
    python3 -m venv target/interop/python
    target/interop/python/bin/pip install --quiet --disable-pip-version-check -r tests/interop/requirements.txt
    mkdir -p target/interop/node
    cp tests/interop/package.json tests/interop/package-lock.json target/interop/node/
    npm ci --prefix target/interop/node --no-audit --no-fund --ignore-scripts

# What `just manifests` needs beside kubectl (or kustomize) and openssl, below target/: schemas of Kubernetes, checkov.
manifests-tools:
    python3 -m venv target/manifests
    target/manifests/bin/pip install --quiet --disable-pip-version-check -r tests/manifests/requirements.txt

# Build and check every manifest below k8s/, without a cluster.
manifests:
    target/manifests/bin/python tests/manifests/check.py

# Build the documentation; a broken link is an error.
docs:
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked

# The executables as they ship.
release:
    cargo build --release --locked --workspace --bins

# As a small pod wants them: one static file a service, without what is in it twice. Linux; `just release-static -p auth` builds one.
release-static *packages:
    RUSTFLAGS='-C target-feature=+crt-static -C link-arg=-Wl,--icf=safe,-z,pack-relative-relocs' cargo build --release --locked --target {{arch()}}-unknown-linux-gnu {{packages}}

# Benches: tokens, then the services against a bare hyper server.
bench:
    cargo bench -p token
    cargo bench -p e2e

# Everything that the gate runs.
ci:
    .ci/run
