#compdef ccproxy
# zsh completion for ccproxy. Either of:
#   source <(ccproxy completion zsh)
#   ccproxy completion zsh > "${fpath[1]}/_ccproxy"

_ccproxy_ask() {
  if (( $+commands[ccproxy] )); then
    command ccproxy __complete zsh "$@" 2>/dev/null
  else
    CCPROXY_EXECUTABLE __complete zsh "$@" 2>/dev/null
  fi
}

_ccproxy() {
  local line current="${words[CURRENT]}"
  local -a found
  found=("${(@f)$(_ccproxy_ask "=$current" "${(@)words[2,CURRENT-1]}")}")
  # What is completed after "--flag=" is the value alone.
  [[ $current == --*=* ]] && compset -P '*='
  local -a items
  for line in $found; do
    case $line in
      :files) _files ;;
      :directories) _files -/ ;;
      ?*) items+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}") ;;
    esac
  done
  (( $#items )) && _describe -V 'ccproxy' items
}

if [[ $funcstack[1] == _ccproxy ]]; then
  _ccproxy "$@"
else
  compdef _ccproxy ccproxy
fi
