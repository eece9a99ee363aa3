/** The internal command that prints completions; its arguments are the line so far. */
export const COMPLETE = '__complete';

const BASH = `# bash completion for hookbus: hooks, events and executions come from the database.
_hookbus() {
  local word
  COMPREPLY=()
  while IFS= read -r word; do
    # bash inserts a word unquoted, so a special character would run as code.
    [[ $word != *[!A-Za-z0-9_.@:+,=/-]* ]] || printf -v word %q "$word"
    COMPREPLY+=("$word")
  done < <("$1" ${COMPLETE} "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o bashdefault -o default -F _hookbus hookbus`;

const ZSH = `#compdef hookbus
# zsh completion for hookbus: hooks, events and executions come from the database.
_hookbus() {
  local -a found
  found=("\${(@f)$("\${(Q)words[1]}" ${COMPLETE} "\${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n $found[1] ]]; then
    compadd -a found
  else
    _default
  fi
}
if [[ $funcstack[1] = _hookbus ]]; then
  _hookbus "$@"
else
  compdef _hookbus hookbus
fi`;

const FISH = `# fish completion for hookbus: hooks, events and executions come from the database.
function __hookbus_complete
    set -l words (commandline -opc)
    set -l program $words[1]
    set -e words[1]
    set -l current (commandline -ct)
    set -l found ($program ${COMPLETE} $words "$current" 2>/dev/null)
    if test (count $found) -gt 0
        printf '%s\\n' $found
    else
        __fish_complete_path "$current"
    end
end
complete -c hookbus -f -a '(__hookbus_complete)'`;

/** The completion script of each shell. */
export const COMPLETION_SCRIPTS = { bash: BASH, zsh: ZSH, fish: FISH } as const;
