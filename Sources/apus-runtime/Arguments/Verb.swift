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

  static let table: [Verb] = [
    .create, .start, .run, .exec, .state, .list, .kill, .delete, .pause, .resume, .ps, .update, .events, .spec,
    .features,
  ]
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
