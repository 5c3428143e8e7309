// What the routes need from the engine, one small protocol for each noun. `Engine` conforms in this folder;
// tests of the door put fakes behind the same protocols.
//
// Streams are pushed: the engine calls `emit` and waits for it, so that a slow client slows down only its own
// request. An error thrown before the first `emit` becomes an HTTP status; after it, it goes into the stream.
// A client that goes away cancels the task.

public import Engine
public import EngineAPI
public import NIOCore

/// A request's body, in pieces as they arrive.
public typealias ByteStream = any AsyncSequence<ByteBuffer, any Error> & Sendable

public protocol SystemBackend: Sendable {
  func version() async -> SystemVersion
  func info() async throws -> SystemInfo
  /// Checks credentials against their registry.
  func authenticate(_ credentials: AuthConfig) async throws -> AuthResponse
  /// Throws: kind `invalid` for a filter that events do not have.
  func checkEventFilters(_ filters: Filters) throws
  /// Emits past events since `since`, then new ones until `until` (both Unix time in nanoseconds) or for ever.
  func streamEvents(
    since: Int64?, until: Int64?, filters: Filters, emit: @Sendable @escaping (EventMessage) async throws -> Void
  ) async throws
}

public protocol ImageBackend: Sendable {
  func listImages(all: Bool, filters: Filters, digests: Bool) async throws -> [ImageSummary]
  func inspectImage(_ name: String) async throws -> ImageInspect
  func imageHistory(_ name: String) async throws -> [ImageHistoryItem]
  /// Pulls `reference` (`name[:tag][@digest]`), or every tag of a name alone; `platform` is `os/arch[/variant]`.
  func pullImage(
    _ reference: String, platform: String?, credentials: AuthConfig?,
    emit: @Sendable @escaping (ProgressMessage) async throws -> Void
  ) async throws
  /// Makes an image of one layer from a root filesystem's tar (plain or compressed).
  func importImage(
    from tar: ByteStream, repository: String?, tag: String?, message: String?, changes: [String], platform: String?,
    emit: @Sendable @escaping (ProgressMessage) async throws -> Void
  ) async throws
  func tagImage(_ name: String, repository: String, tag: String) async throws
  func removeImage(_ name: String, force: Bool, prune: Bool) async throws -> [ImageDeleteItem]
  func loadImages(
    from tar: ByteStream, quiet: Bool, emit: @Sendable @escaping (ProgressMessage) async throws -> Void
  ) async throws
  func saveImages(_ names: [String], emit: @Sendable @escaping (ByteBuffer) async throws -> Void) async throws
}

public protocol ContainerBackend: Sendable {
  func createContainer(name: String?, platform: String?, request: ContainerCreateRequest) async throws
    -> ContainerCreateResponse
  func listContainers(all: Bool, limit: Int?, size: Bool, filters: Filters) async throws -> [ContainerSummary]
  func inspectContainer(_ name: String, size: Bool) async throws -> ContainerInspect
  /// Throws kind `notModified` when it runs already.
  func startContainer(_ name: String, detachKeys: String?) async throws
  /// Throws kind `notModified` when it is stopped already. `timeout` in seconds, negative: for ever.
  func stopContainer(_ name: String, signal: String?, timeout: Int?) async throws
  func killContainer(_ name: String, signal: String?) async throws
  func removeContainer(_ name: String, force: Bool, volumes: Bool, link: Bool) async throws
  func renameContainer(_ name: String, to newName: String) async throws
  func updateContainer(_ name: String, _ request: ContainerUpdateRequest) async throws -> ContainerUpdateResponse
  /// One reading; unless it is `oneShot`, with the processors' use before it.
  func containerStatistics(_ name: String, oneShot: Bool) async throws -> ContainerStatistics
  /// Readings until the container is removed.
  func streamContainerStatistics(
    _ name: String, emit: @Sendable @escaping (ContainerStatistics) async throws -> Void
  ) async throws
  func resizeContainer(_ name: String, rows: Int, columns: Int) async throws
  func containerTop(_ name: String, arguments: String) async throws -> ContainerTopResponse
  /// Returns a handle at once, when waiting has been registered; the handle's `value` is the exit.
  func waitContainer(_ name: String, condition: WaitCondition) async throws -> ContainerWait
  /// `stream`: follow what comes; `logs`: first what was logged before.
  func attachContainer(_ name: String, options: AttachOptions) async throws -> any StdioSession
  /// Whether the container has a terminal, which decides how its logs are framed.
  func containerHasTerminal(_ name: String) async throws -> Bool
  func containerLogs(
    _ name: String, options: LogOptions, emit: @Sendable @escaping (StdioChunk) async throws -> Void
  ) async throws
}

public protocol ExecBackend: Sendable {
  func createExec(container: String, request: ExecCreateRequest) async throws -> ExecCreateResponse
  /// Starts it; nil when detached.
  func startExec(_ id: String, request: ExecStartRequest) async throws -> (any StdioSession)?
  func resizeExec(_ id: String, rows: Int, columns: Int) async throws
  func inspectExec(_ id: String) async throws -> ExecInspect
}

public protocol NetworkBackend: Sendable {
  func listNetworks(filters: Filters) async throws -> [Network]
  func inspectNetwork(_ name: String, scope: String?) async throws -> Network
  func createNetwork(_ request: NetworkCreateRequest) async throws -> NetworkCreateResponse
  func removeNetwork(_ name: String) async throws
  func pruneNetworks(filters: Filters) async throws -> NetworkPruneResponse
  /// Puts a container into a network, running or not.
  func connectNetwork(_ name: String, _ request: NetworkConnectRequest) async throws
  func disconnectNetwork(_ name: String, _ request: NetworkDisconnectRequest) async throws
}
