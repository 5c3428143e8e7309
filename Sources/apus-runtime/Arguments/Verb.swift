import ContainerRuntime

/// One command of the runtime.
struct Verb: Sendable {
  let name: String
  /// What follows the command's name, for help.
  let usage: String
  let summary: String
  let options: [OptionSpec]
  /// Whether the command executes something in a container, and so must run from a file that cannot be written.
  var entersContainer = false
  /// The exit code of a failure.
  var failureCode: Int32 = 1
  /// Does it, and returns the exit code.
  let run: @Sendable (ParsedArguments, RuntimeSettings) throws -> Int32

  /// All of them, by name. The one that is called for is made, and no other.
  private enum Name: String, CaseIterable {
    case create, start, run, exec, state, list, kill, delete, pause, resume, ps, update, events, spec, features

    var verb: Verb {
      switch self {
      case .create: .create
      case .start: .start
      case .run: .run
      case .exec: .exec
      case .state: .state
      case .list: .list
      case .kill: .kill
      case .delete: .delete
      case .pause: .pause
      case .resume: .resume
      case .ps: .ps
      case .update: .update
      case .events: .events
      case .spec: .spec
      case .features: .features
      }
    }
  }

  static func named(_ name: String) -> Verb? { Name(rawValue: name)?.verb }

  static var all: [Verb] { Name.allCases.map(\.verb) }
}

/// The options before the command.
let globalOptions: [OptionSpec] = [
  .value("root", "directory of the containers' state"),
  .value("log", "file that errors are appended to"),
  .value("log-format", "text or json"),
  .value("log-level", "accepted for compatibility; errors only are written"),
  .flag("debug", "accepted for compatibility"),
  .flag("systemd-cgroup", "cgroupsPath has the form slice:prefix:name"),
  .value("rootless", "auto, true or false; running without root is not supported"),
  .value("criu", "accepted for compatibility; checkpoints are not supported"),
  .flag("version", "v", "print the version"),
  .flag("help", "h", "print this help"),
]
