import EngineAPI
import OCIImageSpec

/// What a container was created with, with the image's defaults merged in: all that a start needs. It is kept in the
/// database and in `container.json`.
struct StoredConfiguration: APIObject, Equatable {
  var request = ContainerCreateRequest()
  /// The directories of the image's layers under `layers/`, the uppermost first.
  var layers: [String] = []
  /// `os/arch[/variant]` of the image.
  var platform = ""
  /// Paths that the image, not the user, declares as volumes.
  var imageVolumes: [String] = []
  /// The networks that the container is to be in, in their order, once that has been changed; nil: as the request says.
  var attached: [String]?
  /// Changes of limits that are in here already, and may not have reached the cgroup of the run they were made to.
  var unapplied: HostConfig?

  init() {}

  mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("request", &request)
    try object.present("layers", &layers)
    try object.present("platform", &platform)
    try object.present("imageVolumes", &imageVolumes)
    try object.optional("attached", &attached)
    try object.optional("unapplied", &unapplied)
  }

  /// Takes the image's defaults for what the request leaves open.
  init(
    merging request: ContainerCreateRequest, into image: ImageConfiguration.Config, layers: [String],
    platform: String
  ) {
    self.request = request
    self.layers = layers
    self.platform = platform
    let asked = request.config.volumes ?? [:]
    imageVolumes = image.volumes.filter { asked[$0] == nil }
    var config = request.config
    if config.user.isEmpty { config.user = image.user }
    if config.workingDir.isEmpty { config.workingDir = image.workingDirectory }
    if config.stopSignal?.isEmpty != false { config.stopSignal = image.stopSignal.isEmpty ? nil : image.stopSignal }
    config.stopTimeout = config.stopTimeout ?? image.stopTimeout
    config.shell = config.shell ?? image.shell
    config.env = Self.merge(config.env ?? [], image.environment)
    config.labels = image.labels.merging(config.labels ?? [:]) { $1 }
    for port in image.exposedPorts {
      config.exposedPorts = (config.exposedPorts ?? [:]).merging([port: EmptyObject()]) { $1 }
    }
    for path in image.volumes { config.volumes = (config.volumes ?? [:]).merging([path: EmptyObject()]) { $1 } }
    if config.entrypoint == nil {
      // A command of the user replaces the image's; an entrypoint of the user drops it.
      if config.cmd?.isEmpty != false { config.cmd = image.command }
      config.entrypoint = image.entrypoint
    } else if config.entrypoint == [""] {
      config.entrypoint = nil
    }
    self.request.config = config
  }

  /// The user's settings, then those of the image that the user left alone.
  private static func merge(_ user: [String], _ image: [String]) -> [String] {
    let named = Set(user.map { $0.prefix { $0 != "=" } })
    return user + image.filter { !named.contains($0.prefix { $0 != "=" }) }
  }
}
