/// The part of a container's configuration that an image can give a default for.
public struct ImageConfig: APIObject, Equatable {
  public var user: String = ""
  public var exposedPorts: [String: EmptyObject]?
  public var env: [String]?
  public var cmd: [String]?
  public var healthcheck: HealthConfig?
  public var argsEscaped: Bool?
  public var volumes: [String: EmptyObject]?
  public var workingDir: String = ""
  public var entrypoint: [String]?
  public var onBuild: [String]?
  public var labels: [String: String]?
  public var stopSignal: String?
  public var shell: [String]?

  public init() {}

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("User", &user)
    try object.optional("ExposedPorts", &exposedPorts)
    try object.nullable("Env", &env)
    try object.words("Cmd", &cmd)
    try object.optional("Healthcheck", &healthcheck)
    try object.optional("ArgsEscaped", &argsEscaped)
    try object.nullable("Volumes", &volumes)
    try object.present("WorkingDir", &workingDir)
    try object.words("Entrypoint", &entrypoint)
    try object.nullable("OnBuild", &onBuild)
    try object.nullable("Labels", &labels)
    try object.optional("StopSignal", &stopSignal)
    try object.optional("Shell", &shell)
  }
}
