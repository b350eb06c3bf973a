# ./dev test mutation [NAME..]: breaks one guard after the other on purpose and demands that its test fails. The guards are the patches in
# tests/mutations; docs/recovery.md lists them. The tree is as it was when this ends, whatever happens.

mutation_tests() {
  local names=("$@") patch name caught=0 missed=0
  [ ${#names[@]} -gt 0 ] || mapfile -t names < <(cd tests/mutations && ls *.patch | sed 's/\.patch$//')
  command -v patch >/dev/null || die "the program 'patch' is missing; install it, then run this again"
  for name in "${names[@]}"; do
    patch="tests/mutations/$name.patch"
    [ -f "$patch" ] || die "there is no mutation '$name'; there are: $(cd tests/mutations && ls *.patch | sed 's/\.patch$//' | tr '\n' ' ')"
    if mutation_is_caught "$patch"; then caught=$((caught + 1)); else missed=$((missed + 1)); fi
  done
  printf '%d guards broken and noticed, %d not noticed\n' "$caught" "$missed"
  [ $missed = 0 ]
}

# One guard: in a subshell, whose end puts the code right again.
mutation_is_caught() (
  local project pattern log status=0
  read -r _ project pattern < <(grep '^Test: ' "$1")
  log=$(mktemp)
  trap 'rm -f "$log"' EXIT
  patch -p1 -s --dry-run <"$1" >/dev/null || { say "$1 does not fit the code any more"; exit 1; }
  trap 'patch -p1 -s -R <"$1"; rm -f "$log"' EXIT
  patch -p1 -s <"$1"
  if ! dotnet build "tests/$project" -c "${CONFIGURATION:-Debug}" -v quiet -nologo >"$log" 2>&1; then
    cat "$log" >&2; say "NOT RUN  $(basename "$1" .patch): the broken code does not build"; exit 1
  fi
  timeout 600 "$(binary tests "$project")" -noLogo -noColor -method "$pattern" >"$log" 2>&1 || status=$?
  if grep -qE 'Failed: [1-9]' "$log"; then say "noticed      $(basename "$1" .patch): $(sed -n 's/^Guard: //p' "$1")"; exit 0; fi
  tail -n 5 "$log" >&2; say "NOT NOTICED  $(basename "$1" .patch) (exit code $status): $(sed -n 's/^Guard: //p' "$1")"; exit 1
)
