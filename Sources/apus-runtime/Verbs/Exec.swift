import ContainerRuntime
import Diagnostics
import LinuxKernel
import OCIRuntimeSpec

extension Verb {
  static let exec = Verb(
    name: "exec", usage: "[options] ID COMMAND [ARGUMENT...]", summary: "run another program in a container",
    options: [
      .value("console-socket", "unix socket that receives the terminal"),
      .value("cwd", "working directory"),
      .list("env", "e", "environment variable, NAME=value"),
      .flag("tty", "t", "give the program a terminal"),
      .value("user", "u", "user and group, UID[:GID]"),
      .list("additional-gids", "g", "supplementary group"),
      .value("process", "p", "file with the whole process as JSON"),
      .flag("detach", "d", "do not wait for the program"),
      .value("pid-file", "file that the process's number is written to"),
      .value("process-label", "SELinux label of the process"),
      .value("apparmor", "AppArmor profile of the process"),
      .flag("no-new-privs", "the program and what it starts gain no privileges"),
      .list("cap", "c", "capability to add"),
      .value("preserve-fds", "how many descriptors after the standard three the program inherits"),
      .list("cgroup", "cgroup below the container's"),
      .flag("ignore-paused", "also in a container that is paused"),
    ],
    entersContainer: true, failureCode: 255
  ) { arguments, settings in
    guard let id = arguments.words.first else {
      throw ClassifiedError(.invalid, "wrong number of arguments", advice: "usage: apus-runtime exec [options] ID ...")
    }
    let container = try Container.load(id, settings: settings)
    let process = try ExecArguments(arguments).process(in: container)
    var options = ExecOptions()
    options.console = arguments["console-socket"].map { .socket(path: $0) }
    options.pidFile = arguments["pid-file"]
    options.preservedDescriptors = try arguments.descriptorCount()
    options.ignoresPause = arguments.isSet("ignore-paused")
    options.cgroup = arguments["cgroup"]
    options.warn = settings.warn
    if arguments.isSet("detach") {
      _ = try ContainerExec.start(process, in: container, options: options)
      return 0
    }
    let foreground = try Foreground(wantsTerminal: process.terminal && options.console == nil)
    options.console = foreground.console ?? options.console
    let pid = try ContainerExec.start(process, in: container, options: options)
    return try foreground.wait(for: pid).shellCode
  }
}

/// The process that `exec` is to start: from a file, or the container's own with what the command line changes.
private struct ExecArguments {
  let arguments: ParsedArguments

  init(_ arguments: ParsedArguments) {
    self.arguments = arguments
  }

  func process(in container: Container) throws -> Process {
    if let file = arguments["process"] {
      do {
        return try container.completing(try Process(json: try HostFiles.read(file)))
      } catch let error as JSONError {
        throw ClassifiedError(.invalid, "\(error)", object: file)
      }
    }
    var process = try container.processTemplate()
    process.args = Array(arguments.words.dropFirst())
    guard !process.args.isEmpty else { throw ClassifiedError(.invalid, "process args cannot be empty") }
    process.terminal = arguments.isSet("tty")
    process.consoleSize = nil
    process.env += arguments.all("env")
    if let directory = arguments["cwd"] { process.cwd = directory }
    if let user = arguments["user"] { try change(&process.user, to: user) }
    process.user.additionalGids += try arguments.all("additional-gids").map { try number($0) }
    if arguments["no-new-privs"] != nil { process.noNewPrivileges = arguments.isSet("no-new-privs") }
    if let profile = arguments["apparmor"] { process.apparmorProfile = profile }
    if let label = arguments["process-label"] { process.selinuxLabel = label }
    addCapabilities(&process)
    return process
  }

  private func addCapabilities(_ process: inout Process) {
    let added = arguments.all("cap")
    if added.isEmpty { return }
    var sets = process.capabilities ?? LinuxCapabilities()
    sets.bounding += added
    sets.effective += added
    sets.permitted += added
    process.capabilities = sets
  }

  /// The group changes only when it is named, the other groups and the umask never: as with runc.
  private func change(_ user: inout User, to text: String) throws {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    user.uid = try number(parts[0])
    if parts.count == 2 { user.gid = try number(parts[1]) }
  }

  private func number(_ text: String) throws -> UInt32 {
    guard let number = UInt32(text), number != .max else {
      throw ClassifiedError(.invalid, "\"\(text)\" is not the number of a user or group")
    }
    return number
  }
}
