import CommandLine
import Diagnostics
import EngineAPI
import EngineClient
import LinuxKernel

/// What one command works with: its flags, the client's configuration, and the server.
final class Session {
  let invocation: Invocation
  let environment: ProcessEnvironment
  /// Whether the server is the one that this machine's client starts when it does not run.
  let address: EngineAddress
  private let usesStandardServer: Bool

  private(set) lazy var client = makeClient()
  private(set) lazy var configuration = ClientConfiguration(
    directory: invocation.globals.string("config") ?? environment["DOCKER_CONFIG"]
      ?? "\(environment["HOME"] ?? "/root")/.docker")

  var flags: FlagValues { invocation.flags }
  var arguments: [String] { invocation.arguments }

  /// Throws: kind `invalid` for an address that is none, `unsupported` for a context or TLS.
  init(_ invocation: Invocation) throws {
    self.invocation = invocation
    environment = ProcessEnvironment()
    let globals = invocation.globals
    let hosts = globals.strings("host")
    if hosts.count > 1 { throw ClassifiedError(.invalid, "specify only one -H") }
    if let context = globals.string("context") ?? environment["DOCKER_CONTEXT"], !["", "default"].contains(context) {
      throw ClassifiedError(
        .unsupported, "context \"\(context)\": contexts are not there, except \"default\"", advice: "use --host")
    }
    if let level = globals.string("log-level"), !["debug", "info", "warn", "error", "fatal"].contains(level) {
      throw ExitRequest(status: 1, message: "Unable to parse logging level: \(level)")
    }
    if ["tls", "tlsverify"].contains(where: globals.bool) || environment["DOCKER_TLS_VERIFY"] ?? "" != "" {
      throw ClassifiedError(.unsupported, "TLS to the server is not there yet", advice: "use its unix socket")
    }
    let named = hosts.first ?? environment["APUS_HOST"] ?? environment["DOCKER_HOST"]
    if let named, !named.isEmpty {
      address = try EngineAddress(named)
      usesStandardServer = false
    } else {
      address = .standard
      usesStandardServer = true
    }
  }

  private func makeClient() -> EngineClient {
    let version = environment["DOCKER_API_VERSION"].flatMap { APIVersion($0) }
    var starter: ServerStarter?
    if usesStandardServer, let program = serverProgram {
      starter = ServerStarter(program: program, environment: environment.words)
    }
    return EngineClient(address: address, version: version, starter: starter)
  }

  /// `apusd` beside this program, else in the search path.
  private var serverProgram: String? {
    let own = try? HostFiles.readLink("/proc/self/exe")
    if let beside = own?.splitLast.map({ "\($0.directory)/apusd" }), HostFiles.isExecutable(beside) { return beside }
    return Execute.search(
      "apusd", searchPath: environment["PATH"] ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin")
  }

  /// Does one thing with each argument; an error of one does not keep the others from their turn.
  ///
  /// Returns the exit status: 1 when any failed.
  func forEachArgument(_ body: (String) throws -> Void) throws -> Int32 {
    var status: Int32 = 0
    for argument in arguments {
      do {
        try body(argument)
      } catch let error as SystemError where Console.isClosedPipe(error) {
        throw error
      } catch {
        Console.complain(explanation(of: error))
        status = 1
      }
    }
    return status
  }

  /// The `--filter key=value` flags.
  func filters() -> Filters {
    var filters = Filters()
    for word in flags.strings("filter") {
      let (key, value) = OptionText.pair(word)
      if let value { filters.add(key.lowercased(), value) }
    }
    return filters
  }

  /// The absolute form of a path on this machine, as the shell's user means it.
  func absolutePath(_ path: String) -> String {
    if path.hasPrefix("/") { return path }
    let home = environment["HOME"] ?? "/root"
    if path == "~" || path.hasPrefix("~/") { return home + path.dropFirst() }
    let current = (try? HostFiles.currentDirectory()) ?? "/"
    var parts = current.split(separator: "/").map(String.init)
    for part in path.split(separator: "/") {
      switch part {
      case ".": continue
      case "..": _ = parts.popLast()
      default: parts.append(String(part))
      }
    }
    return "/" + parts.joined(separator: "/")
  }
}

extension Session {
  /// A file that a flag names. Throws: kind `notFound`, in Docker's words.
  func readFile(_ path: String) throws -> String {
    do throws(SystemError) {
      return try HostFiles.readText(path)
    } catch {
      throw ClassifiedError(error.kind, "open \(path): \(error.reason)")
    }
  }

  /// The keys that part our terminal from a container's: those of the flag `--detach-keys`, else of the configuration;
  /// nil: the server's default, which is Docker's. Both the client and the server look for them.
  var chosenDetachKeys: String? {
    [flags.string("detach-keys"), configuration.detachKeys].compactMap(\.self).first { !$0.isEmpty }
  }

  /// The bytes of those keys. Without a terminal there are none, but keys that are wrong are wrong there too.
  func detachKeys(isTerminal: Bool) throws -> [UInt8] {
    let keys = try DetachKeys.parse(chosenDetachKeys ?? "")
    return isTerminal ? keys : []
  }
}
