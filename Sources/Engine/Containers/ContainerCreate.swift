public import EngineAPI

import Diagnostics
import ImageStore
import NIOPosix
import OCIImageSpec

/// The making of a container: everything is checked and nothing is started.
extension Engine {
  public func createContainer(
    name: String?, platform: String?, request: ContainerCreateRequest
  ) async throws -> ContainerCreateResponse {
    var request = request
    // As it was said, another container might have the name by the time of the start.
    if request.hostConfig.networkMode.hasPrefix("container:") {
      let name = String(request.hostConfig.networkMode.dropFirst("container:".count))
      // Not as something that was not found: clients would take that for the image, and pull it.
      guard let other = try? containers.find(name) else {
        throw ClassifiedError(.invalid, "cannot share the network of a container: No such container: \(name)")
      }
      request.hostConfig.networkMode = "container:\(other.id)"
    }
    let wanted = try name.flatMap { $0.isEmpty ? nil : try ContainerName.parse($0) }
    try require(!request.config.image.isEmpty, "Config.Image must not be empty")
    // Until the container is known, this keeps its layers.
    let lease = try images.lease(request.config.image)
    defer { withExtendedLifetime(lease) {} }
    let image = lease.image
    let imageConfiguration = try await images.configuration(of: image)
    try checkPlatform(platform, imageConfiguration, request.config.image)
    let configuration = StoredConfiguration(
      merging: request, into: imageConfiguration.config, layers: lease.directories,
      platform: imageConfiguration.platform.description)

    let id = ContainerID.random()
    let plan = try plan(configuration, id: id)
    try checkLinks(plan.network)
    try checkEndpoints(request)
    try await threads.runIfActive { try StartFindings.checkSources(plan.mounts) }
    let chosen: String
    if let wanted {
      try containers.reserve(wanted, for: id)
      chosen = wanted
    } else {
      chosen = containers.reserveGeneratedName(for: id)
    }
    let container = Container(
      id: id, name: chosen, image: image.id.description, created: Timestamp.now, configuration: configuration,
      state: .created(nil))
    do {
      let records = records
      try await threads.runIfActive { try records.insert(container) }
    } catch {
      // The row and the directory, as far as they came, go; so does the name.
      try? await records.remove(container)
      try? await converge(container, to: .absent)
      containers.release(chosen, of: id)
      throw error
    }
    adopt(container)
    events.publish("create", container)
    return ContainerCreateResponse(
      id: id.text,
      warnings: plan.warnings
        + portWarnings(plan.network, publishesPorts: request.hostConfig.portBindings?.isEmpty == false)
        + healthWarnings(request, imageConfiguration))
  }

  /// Makes a container known and starts its loop.
  func adopt(_ container: Container, shim: (ShimConnection, ContainerCommand.RunToken)? = nil) {
    containers.add(container)
    background.start { [self] in
      await ContainerLoop(container, self, adopting: shim).run()
    }
  }

  private func checkPlatform(
    _ platform: String?, _ image: ImageConfiguration, _ name: String
  ) throws {
    guard let platform, !platform.isEmpty else { return }
    let wanted = try Platform(platform)
    guard wanted.os == image.platform.os, wanted.architecture == image.platform.architecture else {
      throw ClassifiedError(
        .notFound,
        "No such image: \(name): image with reference \(name) was found but does not match the specified platform: "
          + "wanted \(wanted), actual: \(image.platform)")
    }
  }

  /// What is said where ports are to be published that nobody will reach.
  func portWarnings(_ plan: NetworkPlan, publishesPorts: Bool) -> [String] {
    guard publishesPorts else { return [] }
    switch plan.mode {
    case .host: return ["Published ports are discarded when using host network mode"]
    case .none: return ["Published ports are discarded while the container is in no network"]
    case .container: return []
    case .networks:
      let known = plan.attachments.compactMap { try? networks.find($0.network) }
      guard known.count == plan.attachments.count, known.allSatisfy({ !$0.hasWayOut || $0.driver != .bridge }) else {
        return []
      }
      return ["Published ports are not reached while the container is in no bridge network that leads out"]
    }
  }

  private func healthWarnings(_ request: ContainerCreateRequest, _ image: ImageConfiguration) -> [String] {
    let test = image.config.healthcheck?.test ?? []
    guard !test.isEmpty, test != ["NONE"], request.config.healthcheck?.test?.isEmpty != false else { return [] }
    return ["The image declares a health check. Health checks are not supported yet: it is not run."]
  }
}
