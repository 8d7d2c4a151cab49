# Sourced by .ci/run and .ci/servers: where what they install is kept, outside the repository, and how a Python package gets there.

CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/sallyport-ci

die() { printf '.ci/%s: %s\n' "${0##*/}" "$1" >&2; exit 1; }

# venv DIRECTORY REQUIREMENT: a Python environment with one package. The mark is made last, so that an interrupted
# installation is done again.
venv() {
  [[ -e $CACHE/$1/.complete ]] && return
  echo "installing $2" >&2
  rm -rf "${CACHE:?}/$1"
  python3 -m venv "$CACHE/$1"
  "$CACHE/$1/bin/pip" install --quiet --disable-pip-version-check "$2"
  touch "$CACHE/$1/.complete"
}
