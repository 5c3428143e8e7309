import Diagnostics
import Engine
import EngineAPI
import EngineServer
import NIOCore
import Synchronization

/// Behind the door in place of the engine: answers from what the test put in, and notes what it was asked.
final class FakeEngine: Sendable {
  struct Notes: Sendable {
    var calls: [String] = []
    var received = ByteBuffer()
  }

  private let notes = Mutex(Notes())
  /// What attach and exec start hand out.
  let session: FakeSession
  /// Fires when a wait is over.
  let exit = Occurrence<ContainerWait.Exit>()
  let cancelled = Occurrence<Void>()

  init(session: FakeSession = FakeSession(isTerminal: false)) {
    self.session = session
  }

  var calls: [String] { notes.withLock { $0.calls } }
  var received: ByteBuffer { notes.withLock { $0.received } }

  func note(_ call: String) { notes.withLock { $0.calls.append(call) } }

  func receive(_ stream: ByteStream) async throws {
    for try await piece in stream { notes.withLock { _ = $0.received.writeImmutableBuffer(piece) } }
  }
}

extension Backends {
  init(_ engine: FakeEngine) {
    self.init(system: engine, images: engine, containers: engine, execs: engine, networks: engine)
  }
}

/// A value that comes once; tasks wait for it, and their cancellation ends the wait.
final class Occurrence<Value: Sendable>: Sendable {
  private let stream: AsyncStream<Value>
  private let continuation: AsyncStream<Value>.Continuation

  init() { (stream, continuation) = AsyncStream.makeStream() }

  func fire(_ value: Value) { continuation.yield(value) }

  func wait() async throws -> Value {
    for await value in stream { return value }
    throw CancellationError()
  }
}

/// A process at the other end of an attach: writes what the test says, and keeps what it is sent.
final class FakeSession: StdioSession {
  let isTerminal: Bool
  private let output: AsyncStream<StdioChunk>
  private let outputEnd: AsyncStream<StdioChunk>.Continuation
  private let input = Mutex(ByteBuffer())
  let inputClosed = Occurrence<String>()

  init(isTerminal: Bool) {
    self.isTerminal = isTerminal
    (output, outputEnd) = AsyncStream.makeStream()
  }

  func put(_ text: String, on stream: StdioStream = .output) {
    outputEnd.yield(StdioChunk(stream: stream, bytes: ByteBuffer(string: text)))
  }

  func end() { outputEnd.finish() }

  var typed: String { input.withLock { String(buffer: $0) } }

  func nextOutput() async throws -> StdioChunk? {
    for await chunk in output { return chunk }
    return nil
  }

  func writeInput(_ bytes: ByteBuffer) async throws {
    input.withLock { _ = $0.writeImmutableBuffer(bytes) }
    // An echo, which also tells the test that the input has arrived.
    put("<\(String(buffer: bytes))>")
  }

  func closeInput() async { inputClosed.fire(typed) }

  func detach() async { outputEnd.finish() }
}

extension FakeEngine: SystemBackend {
  func version() async -> SystemVersion { SystemVersion() }

  func info() async throws -> SystemInfo { throw ClassifiedError(.system, "no information") }

  func authenticate(_ credentials: AuthConfig) async throws -> AuthResponse {
    guard credentials.password == "right" else { throw ClassifiedError(.unauthorized, "incorrect credentials") }
    return AuthResponse(status: "Login Succeeded")
  }

  func checkEventFilters(_ filters: Filters) throws {
    if filters.keys.contains("bad") { throw ClassifiedError(.invalid, "invalid filter 'bad'") }
  }

  func streamEvents(
    since: Int64?, until: Int64?, filters: Filters, emit: @Sendable @escaping (EventMessage) async throws -> Void
  ) async throws {
    try await emit(EventMessage(type: "container", action: "start", time: 1))
    do {
      _ = try await Occurrence<Void>().wait()
    } catch {
      cancelled.fire(())
    }
  }
}

extension FakeEngine: ImageBackend {
  func listImages(all: Bool, filters: Filters, digests: Bool) async throws -> [ImageSummary] {
    [ImageSummary(id: "sha256:1", size: 5)]
  }

  func inspectImage(_ name: String) async throws -> ImageInspect {
    throw ClassifiedError(.notFound, "No such image: \(name)")
  }

  func imageHistory(_ name: String) async throws -> [ImageHistoryItem] { [] }

  func pullImage(
    _ reference: String, platform: String?, credentials: AuthConfig?,
    emit: @Sendable @escaping (ProgressMessage) async throws -> Void
  ) async throws {
    note("pull \(reference) as \(credentials?.username ?? "nobody")")
    if reference.hasPrefix("missing") { throw ClassifiedError(.notFound, "manifest unknown") }
    if reference.hasPrefix("private") { throw ClassifiedError(.unauthorized, "no basic auth credentials") }
    try await emit(ProgressMessage(id: "latest", status: "Pulling from \(reference)"))
    if reference.hasPrefix("broken") { throw ClassifiedError(.dataLoss, "wrong digest") }
  }

  func importImage(
    from tar: ByteStream, repository: String?, tag: String?, message: String?, changes: [String], platform: String?,
    emit: @Sendable @escaping (ProgressMessage) async throws -> Void
  ) async throws { try await receive(tar) }

  func tagImage(_ name: String, repository: String, tag: String) async throws {
    note("tag \(name) \(repository):\(tag)")
  }

  func removeImage(_ name: String, force: Bool, prune: Bool) async throws -> [ImageDeleteItem] { [] }

  func loadImages(
    from tar: ByteStream, quiet: Bool, emit: @Sendable @escaping (ProgressMessage) async throws -> Void
  ) async throws {
    try await receive(tar)
    try await emit(ProgressMessage(stream: "Loaded \(received.readableBytes) bytes\n"))
  }

  func saveImages(_ names: [String], emit: @Sendable @escaping (ByteBuffer) async throws -> Void) async throws {
    try await emit(ByteBuffer(string: "some of it"))
    throw ClassifiedError(.dataLoss, "the layer is damaged")
  }
}

extension FakeEngine: ContainerBackend {
  func createContainer(name: String?, platform: String?, request: ContainerCreateRequest) async throws
    -> ContainerCreateResponse
  {
    note("create \(name ?? "-") \(request.config.image)")
    return ContainerCreateResponse(id: "1234")
  }

  func listContainers(all: Bool, limit: Int?, size: Bool, filters: Filters) async throws -> [ContainerSummary] {
    note("list all=\(all) \(filters.json)")
    return []
  }

  func inspectContainer(_ name: String, size: Bool) async throws -> ContainerInspect {
    throw ClassifiedError(.notFound, "No such container: \(name)")
  }

  func startContainer(_ name: String, detachKeys: String?) async throws {
    throw ClassifiedError(.notModified, "is running")
  }

  func stopContainer(_ name: String, signal: String?, timeout: Int?) async throws {
    note("stop \(name) \(signal ?? "-") \(timeout ?? 0)")
  }

  func killContainer(_ name: String, signal: String?) async throws {
    throw ClassifiedError(.conflict, "is not running", object: name)
  }

  func removeContainer(_ name: String, force: Bool, volumes: Bool, link: Bool) async throws {}
  func renameContainer(_ name: String, to newName: String) async throws {}
  func resizeContainer(_ name: String, rows: Int, columns: Int) async throws { note("resize \(rows)x\(columns)") }

  func updateContainer(_ name: String, _ request: ContainerUpdateRequest) async throws -> ContainerUpdateResponse {
    note("update \(name) memory=\(request.changes.memory) pids=\(request.changes.pidsLimit ?? 0)")
    return ContainerUpdateResponse(warnings: nil)
  }

  func containerStatistics(_ name: String, oneShot: Bool) async throws -> ContainerStatistics {
    note("statistics oneShot=\(oneShot)")
    return ContainerStatistics()
  }

  func streamContainerStatistics(
    _ name: String, emit: @Sendable @escaping (ContainerStatistics) async throws -> Void
  ) async throws {
    if name == "missing" { throw ClassifiedError(.notFound, "No such container: missing") }
    for _ in 0..<2 { try await emit(ContainerStatistics()) }
  }

  func containerTop(_ name: String, arguments: String) async throws -> ContainerTopResponse { ContainerTopResponse() }

  func waitContainer(_ name: String, condition: WaitCondition) async throws -> ContainerWait {
    ContainerWait { [exit] in try await exit.wait() }
  }

  func attachContainer(_ name: String, options: AttachOptions) async throws -> any StdioSession {
    if name == "missing" { throw ClassifiedError(.notFound, "No such container: missing") }
    return session
  }

  func containerHasTerminal(_ name: String) async throws -> Bool { name == "tty" }

  func containerLogs(
    _ name: String, options: LogOptions, emit: @Sendable @escaping (StdioChunk) async throws -> Void
  ) async throws {
    try await emit(StdioChunk(stream: .error, bytes: ByteBuffer(string: "line\n")))
    throw ClassifiedError(.dataLoss, "damaged")
  }
}

extension FakeEngine: ExecBackend {
  func createExec(container: String, request: ExecCreateRequest) async throws -> ExecCreateResponse {
    ExecCreateResponse(id: "e1")
  }

  func startExec(_ id: String, request: ExecStartRequest) async throws -> (any StdioSession)? {
    if id == "nocommand" { throw ClassifiedError(.invalid, "exec: \"x\": executable file not found in $PATH") }
    return request.detach ? nil : session
  }

  func resizeExec(_ id: String, rows: Int, columns: Int) async throws {}

  func inspectExec(_ id: String) async throws -> ExecInspect {
    if id == "gone" { throw ClassifiedError(.notFound, "No such exec instance: gone") }
    var exec = ExecInspect()
    exec.openStdin = true
    return exec
  }
}

extension FakeEngine: NetworkBackend {
  func listNetworks(filters: Filters) async throws -> [Network] {
    note("networks \(filters.keys)")
    return [Network()]
  }

  func inspectNetwork(_ name: String, scope: String?) async throws -> Network {
    if name == "missing" { throw ClassifiedError(.notFound, "network missing not found") }
    var network = Network()
    network.name = name
    return network
  }

  func createNetwork(_ request: NetworkCreateRequest) async throws -> NetworkCreateResponse {
    note("create network \(request.name)")
    return NetworkCreateResponse(id: "n1")
  }

  func removeNetwork(_ name: String) async throws { note("remove network \(name)") }

  func pruneNetworks(filters: Filters) async throws -> NetworkPruneResponse {
    NetworkPruneResponse(networksDeleted: nil)
  }

  func connectNetwork(_ name: String, _ request: NetworkConnectRequest) async throws {
    note("connect \(request.container) to \(name)")
  }

  func disconnectNetwork(_ name: String, _ request: NetworkDisconnectRequest) async throws {
    note("disconnect \(request.container) from \(name)")
  }
}
