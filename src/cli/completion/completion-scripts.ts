/** The word that asks for completions, in place of a command; what follows is the line so far. */
export const COMPLETE = '__complete';

const BASH = `# bash completion for hookbus: hooks, events and executions are those on record.
_hookbus() {
  local word
  COMPREPLY=()
  while IFS= read -r word; do
    # bash puts a word into the line as it is, so one that is not plain would be read as code.
    [[ $word != *[!A-Za-z0-9_.@:+,=/-]* ]] || printf -v word %q "$word"
    COMPREPLY+=("$word")
  done < <("$1" ${COMPLETE} "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o bashdefault -o default -F _hookbus hookbus`;

const ZSH = `#compdef hookbus
# zsh completion for hookbus: hooks, events and executions are those on record.
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

const FISH = `# fish completion for hookbus: hooks, events and executions are those on record.
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

/** For each shell what it has to read to complete the command line. */
export const COMPLETION_SCRIPTS = { bash: BASH, zsh: ZSH, fish: FISH } as const;
