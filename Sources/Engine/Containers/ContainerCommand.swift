import EngineAPI

/// A message to a container's loop. Each that somebody waits for carries the way back.
enum ContainerCommand: Sendable {
  typealias Reply = Latch<Void>

  case start(Reply)
  /// `timeout`: as in `ContainerState.Input.stop`. The reply comes with the exit.
  case stop(signal: Int32, timeout: Int?, Reply)
  case kill(signal: Int32, Reply)
  /// The reply comes when the container is gone.
  case remove(force: Bool, Reply)
  case rename(to: String, Reply)
  case resize(exec: String?, rows: UInt16, columns: UInt16, Reply)
  /// Puts the container into a network, or takes it out of one.
  case connect(NetworkPlan.Attachment, Reply)
  case disconnect(NetworkDefinition, Reply)
  /// Changes limits and published ports.
  case update(ContainerUpdateRequest, Reply)
  /// Connects a client's streams, now or when the container starts.
  case attach(AttachSession, Reply)
  /// The run that began at `run` has ended, as its shim says or as its loss shows.
  case ended(run: RunToken, ShimEnd)
  case deadline(run: Timestamp, afterKill: Bool)

  /// The way back to whoever waits for it.
  var reply: Reply? {
    switch self {
    case .start(let reply), .stop(_, _, let reply), .kill(_, let reply), .remove(_, let reply),
      .rename(_, let reply), .resize(_, _, _, let reply), .attach(_, let reply),
      .connect(_, let reply), .disconnect(_, let reply), .update(_, let reply):
      reply
    case .ended, .deadline: nil
    }
  }

  /// One control connection, so that the end of an old one is not taken for that of a new one.
  struct RunToken: Hashable, Sendable {
    let number: UInt64
  }
}
