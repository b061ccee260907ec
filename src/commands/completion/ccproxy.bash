# bash completion for ccproxy. Needs nothing but bash 3.2:
#   source <(ccproxy completion bash)

_ccproxy_ask() {
  if command -v ccproxy >/dev/null 2>&1; then
    command ccproxy __complete bash "$@" 2>/dev/null
  else
    CCPROXY_EXECUTABLE __complete bash "$@" 2>/dev/null
  fi
}

_ccproxy() {
  local current="${COMP_WORDS[COMP_CWORD]}" word description
  # bash makes "=" a word of its own; ccproxy puts the words together again.
  [[ $current == "=" ]] && current=""
  COMPREPLY=()
  while IFS=$'\t' read -r word description; do
    case "$word" in
      :files)
        compopt -o filenames 2>/dev/null
        while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -f -- "$current")
        ;;
      :directories)
        compopt -o filenames 2>/dev/null
        while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -d -- "$current")
        ;;
      ?*)
        COMPREPLY+=("$word")
        ;;
    esac
  done < <(_ccproxy_ask "=${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[@]:1:COMP_CWORD-1}")
}

complete -F _ccproxy ccproxy
