public import Engine

// The engine behind the door. Its methods are the protocols' own, so that nothing stands between the two.

extension Engine: SystemBackend {}
extension Engine: ImageBackend {}
extension Engine: ContainerBackend {}
extension Engine: ExecBackend {}
extension Engine: NetworkBackend {}

extension Backends {
  public init(_ engine: Engine) {
    self.init(system: engine, images: engine, containers: engine, execs: engine, networks: engine)
  }
}
