import ContainerNetwork
import Diagnostics
import EngineAPI
import NetworkAddresses

/// Containers that know others by `--link`.
extension Engine {
  /// Throws: `invalid` for a link to a container that is not there. Not `notFound`: clients would take that for the
  /// image, and pull it. `unsupported` as ``checkWay(to:)``.
  func checkLinks(_ plan: NetworkPlan) throws(ClassifiedError) {
    for link in plan.links + plan.attachments.flatMap(\.links) where (try? containers.find(link.target)) == nil {
      throw ClassifiedError(
        .invalid, "could not get container for \(link.target): No such container: \(link.target)")
    }
    for link in plan.links { try checkWay(to: containers.find(link.target)) }
  }

  /// Throws: `unsupported` for a link that would have to open ports where containers do not reach each other.
  private func checkWay(to other: Container) throws(ClassifiedError) {
    let ports = other.configuration.request.config.exposedPorts ?? [:]
    guard !ports.isEmpty, try !networks.find("bridge").bridge(defaultName: "").connectsContainers else { return }
    throw ClassifiedError(
      .unsupported, "a link to ports that --icc=false keeps from other containers is not supported yet",
      object: other.name, advice: "put both into a network of their own, where names need no links")
  }

  /// What a container that starts is to know of those that it is linked to in the default network.
  ///
  /// Throws: `conflict` when one does not run or is not in the default network, `notFound`, `unsupported` as ``checkWay(to:)``.
  func linkedContainers(of container: Container, _ plan: NetworkPlan) throws -> [LinkedContainer] {
    try plan.links.map { link in
      let other = try containers.find(link.target)
      guard other.state.isRunning else {
        throw ClassifiedError(
          .conflict,
          "Cannot link to a non running container: /\(other.name) AS /\(container.name)/\(link.alias)",
          advice: "start it first; in a user-defined network names need no links")
      }
      let endpoint = networks.grant(of: other.id)?.endpoints.first { $0.name == "bridge" }
      guard let address = endpoint?.addresses.first?.address else {
        throw ClassifiedError(
          .conflict, "container \(other.name) not attached to default bridge network",
          advice: "put both into one user-defined network, where names need no links")
      }
      try checkWay(to: other)
      let config = other.configuration.request.config
      return LinkedContainer(
        alias: link.alias, name: other.name, shortID: String(other.id.text.prefix(12)), address: address,
        exposedPorts: Array((config.exposedPorts ?? [:]).keys), environment: config.env ?? [])
    }
  }

  /// The plan with the targets of its links named by what never changes.
  func settlingLinks(_ plan: NetworkPlan) -> NetworkPlan {
    var plan = plan
    for (index, attachment) in plan.attachments.enumerated() {
      plan.attachments[index].links = attachment.links.map { link in
        var link = link
        if let other = try? containers.find(link.target) { link.target = String(other.id.text.prefix(12)) }
        return link
      }
    }
    return plan
  }
}
