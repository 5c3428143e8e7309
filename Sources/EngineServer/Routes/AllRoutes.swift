/// What the routes need, one part for each noun.
public struct Backends: Sendable {
  public var system: any SystemBackend
  public var images: any ImageBackend
  public var containers: any ContainerBackend
  public var execs: any ExecBackend
  public var networks: any NetworkBackend

  public init(
    system: any SystemBackend, images: any ImageBackend, containers: any ContainerBackend, execs: any ExecBackend,
    networks: any NetworkBackend
  ) {
    self.system = system
    self.images = images
    self.containers = containers
    self.execs = execs
    self.networks = networks
  }
}

/// Everything that can be asked.
func allRoutes(_ backends: Backends) -> [Route] {
  systemRoutes(backends.system) + imageRoutes(backends.images) + containerRoutes(backends.containers)
    + attachRoutes(backends.containers) + execRoutes(backends.execs)
    + networkRoutes(backends.networks) + unsupportedRoutes
}
