# Sourced by bin/start and bin/test: makes .venv and installs what "$1" lists, unless it is there already.
# Needs a POSIX shell and Python 3.11 or newer; uses uv when it is there.
set -eu

cd "$(dirname "$0")/.."

find_python() {
    for candidate in "${PYTHON:-}" python3.11 python3.12 python3.13 python3 python; do
        [ -n "$candidate" ] || continue
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    echo "bankos needs Python 3.11 or newer. None was found; install one, or name it: PYTHON=/path/to/python $0" >&2
    exit 1
}

install() {
    requirements=$1
    [ -x .venv/bin/python ] || { echo "Making .venv"; "$(find_python)" -m venv .venv; }
    # The stamp is a copy of what was installed, so that a changed lock file installs again.
    if cmp -s "$requirements" ".venv/$requirements.installed"; then return; fi
    echo "Installing $requirements"
    if command -v uv >/dev/null 2>&1; then
        uv pip install --quiet --python .venv/bin/python --compile-bytecode --require-hashes -r "$requirements"
    else
        .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r "$requirements"
    fi
    cp "$requirements" ".venv/$requirements.installed"
}
