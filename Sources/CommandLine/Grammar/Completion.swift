/// Shell completion made from the table of commands.
public enum Completion {
  /// A script for bash: commands and flags by name, files everywhere else.
  ///
  /// The script walks the words before the cursor to find the command, skipping flags and their values, and then offers
  /// what the table lists for it.
  public static func bash(root: CommandSpec) -> String {
    let function = "_" + root.name.map { $0.isLetter || $0.isNumber ? String($0) : "_" }.joined()
    var cases: [String] = []
    collect(root, path: "", into: &cases)
    return """
      # bash completion for \(root.name)
      \(function)_table() {
        case "$1" in
      \(cases.joined(separator: "\n"))
          *) return 1 ;;
        esac
      }
      \(function)() {
        local current="${COMP_WORDS[COMP_CWORD]}" path="" word words flags values i
        \(function)_table "$path"
        for ((i = 1; i < COMP_CWORD; i++)); do
          word="${COMP_WORDS[i]}"
          if [[ " $values " == *" $word "* ]]; then
            ((i++))
          elif [[ "$word" != -* ]]; then
            \(function)_table "$path $word" && path="$path $word" || break
          fi
        done
        if [[ "$current" == -* ]]; then
          COMPREPLY=($(compgen -W "$flags $values --help" -- "$current"))
        elif [[ -n "$words" ]]; then
          COMPREPLY=($(compgen -W "$words" -- "$current"))
        else
          COMPREPLY=($(compgen -f -- "$current"))
        fi
      }
      complete -o bashdefault -F \(function) \(root.name)

      """
  }

  private static func collect(_ spec: CommandSpec, path: String, into cases: inout [String]) {
    let visible = spec.listedFlags
    let words = spec.subcommands.map(\.name).joined(separator: " ")
    let switches = visible.filter { $0.kind == .bool }.flatMap(names).joined(separator: " ")
    let valued = visible.filter { $0.kind != .bool }.flatMap(names).joined(separator: " ")
    cases.append("    \"\(path)\") words=\"\(words)\" flags=\"\(switches)\" values=\"\(valued)\" ;;")
    for command in spec.subcommands {
      collect(command, path: "\(path) \(command.name)", into: &cases)
    }
  }

  private static func names(of flag: FlagSpec) -> [String] {
    ["--\(flag.long)"] + (flag.short.map { ["-\($0)"] } ?? [])
  }
}
