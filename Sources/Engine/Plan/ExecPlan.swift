import Diagnostics
import EngineAPI
import OCIRuntimeSpec

/// What an exec runs: the container's rights and limits, and its own command, user and place.
struct ExecPlan: Sendable, Equatable {
  var process: ProcessPlan
  var isPrivileged: Bool

  /// Throws: `invalid` for an empty command or malformed values.
  static func plan(_ request: ExecCreateRequest, in container: ContainerPlan) throws(ClassifiedError) -> ExecPlan {
    let words = request.cmd ?? []
    try require(!words.isEmpty, "No exec command specified")
    try require(
      request.workingDir.isEmpty || request.workingDir.hasPrefix("/"),
      "the working directory '\(request.workingDir)' is invalid, it needs to be an absolute path")
    try require(!(words + (request.env ?? [])).contains { $0.utf8.contains(0) }, "NUL byte in the command or Env")
    var process = container.process
    process.arguments = words
    process.hasInit = false
    process.hasTerminal = request.tty
    if !request.user.isEmpty { process.user = request.user }
    if !request.workingDir.isEmpty { process.workingDirectory = request.workingDir }
    process.environment = ProcessPlan.environment(
      process.environment + (request.env ?? []), hostname: container.namespaces.hostname, hasTerminal: request.tty)
    process.consoleSize = size(request.consoleSize)
    return ExecPlan(process: process, isPrivileged: request.privileged)
  }

  static func size(_ rowsAndColumns: [Int]?) -> ConsoleSize? {
    guard let size = rowsAndColumns, size.count == 2, size[0] > 0, size[1] > 0 else { return nil }
    return ConsoleSize(height: UInt32(clamping: size[0]), width: UInt32(clamping: size[1]))
  }

  /// The process as the runtime takes it. The container's seccomp filter holds for it without being named here.
  func spec(
    _ user: ContainerUser, _ security: SecurityPlan, knownCapabilities: [String], linkVariables: [String] = []
  ) -> Process {
    var security = security
    if isPrivileged { security.capabilities = knownCapabilities }
    var spec = process.spec(user, security, linkVariables: linkVariables)
    spec.noNewPrivileges = security.noNewPrivileges
    spec.apparmorProfile = security.appArmorProfile
    return spec
  }
}
