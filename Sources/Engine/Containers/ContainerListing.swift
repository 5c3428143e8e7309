public import EngineAPI

import Diagnostics
import ImageStore
import OCIImageSpec

extension Engine {
  public func listContainers(
    all: Bool, limit: Int?, size: Bool, filters: Filters
  ) async throws -> [ContainerSummary] {
    let filter = try ContainerFilter(filters, containers)
    let wantsStopped = all || (limit ?? 0) > 0 || filter.namesStates
    var chosen = containers.all.filter { container in
      (wantsStopped || container.state.isRunning)
        && filter.matches(
          container, ancestors: ancestorNames(of: container), networks: networkIDs(of: container))
    }
    if let limit, limit > 0 { chosen = Array(chosen.prefix(limit)) }
    let now = Timestamp.now
    var answer: [ContainerSummary] = []
    for container in chosen {
      var summary = try summary(of: container, now: now)
      if size {
        let written = try await writtenBytes(of: container)
        summary.sizeRw = written
        summary.sizeRootFs = written + imageSize(of: container)
      }
      answer.append(summary)
    }
    return answer
  }

  private func summary(of container: Container, now: Timestamp) throws -> ContainerSummary {
    var inspect = ContainerInspect()
    inspect.id = container.id.text
    inspect.state = container.state.view
    inspect.hostConfig = container.configuration.request.hostConfig
    inspect.config = container.configuration.request.config
    let grant = shownGrant(of: container)
    let plan = try settledPlan(of: container)
    plan.view(
      &inspect, logPath: "", called: plan.calledInNetworks(container), grant: grant, networkIDs: networks.idsByName)
    let state = container.state
    var summary = ContainerSummary()
    summary.id = container.id.text
    summary.names = ["/\(container.name)"]
    summary.image = inspect.config.image
    summary.imageID = container.image
    summary.command = ([inspect.path] + inspect.args).joined(separator: " ")
    summary.created = container.created.seconds
    summary.labels = inspect.config.labels ?? [:]
    summary.state = state.status
    summary.status = state.statusText(now: now)
    summary.hostConfig = SummaryHostConfig(
      networkMode: inspect.hostConfig.networkMode, annotations: inspect.hostConfig.annotations)
    summary.networkSettings = SummaryNetworkSettings(networks: inspect.networkSettings.networks)
    summary.mounts = inspect.mounts
    summary.ports = plan.network.summaries(grant)
    return summary
  }

  /// What `ancestor` can call a container's image.
  private func ancestorNames(of container: Container) -> Set<String> {
    var names: Set<String> = [container.image, container.configuration.request.config.image]
    if let digest = try? Digest(container.image), let image = images.image(digest) {
      names.formUnion(image.repoTags)
      names.formUnion(image.repoDigests)
      names.insert(String(digest.hex.prefix(12)))
      names.insert(digest.hex)
    }
    names.formUnion(names.compactMap { $0.hasSuffix(":latest") ? String($0.dropLast(7)) : nil })
    return names
  }
}

/// Which containers a list shows (`GET /containers/json?filters=`): for each key one of its values must fit.
struct ContainerFilter: Sendable {
  private let filters: Filters
  /// `before` and `since`: only containers made before the first, after the second.
  private let createdBefore: Timestamp?
  private let createdAfter: Timestamp?

  private static let knownKeys: Set<String> = [
    "ancestor", "before", "exited", "health", "id", "isolation", "is-task", "label", "name", "network", "publish",
    "expose", "since", "status", "volume",
  ]
  private static let states: Set<String> = [
    "created", "running", "paused", "restarting", "removing", "exited", "dead",
  ]

  /// Throws: `invalid` for unknown keys and values, `notFound` for a container that `before` or `since` names.
  init(_ filters: Filters, _ table: ContainerTable) throws {
    do {
      try filters.requireKeys(ContainerFilter.knownKeys)
    } catch {
      throw ClassifiedError(.invalid, "\(error)")
    }
    for state in filters["status"] {
      try require(ContainerFilter.states.contains(state), "invalid filter 'status=\(state)'")
    }
    for code in filters["exited"] {
      try require(Int(code) != nil, "invalid filter 'exited=\(code)'")
    }
    for key in ["publish", "expose"] { try refuse("the filter \(key)", if: !filters[key].isEmpty) }
    self.filters = filters
    createdBefore = try filters["before"].first.map { try table.find($0).created }
    createdAfter = try filters["since"].first.map { try table.find($0).created }
  }

  /// Whether the filter itself says which states are meant, so that stopped containers are not left out.
  var namesStates: Bool { !filters["status"].isEmpty || !filters["exited"].isEmpty }

  /// - Parameters:
  ///   - ancestors: What the container's image can be called.
  ///   - networks: The ids of the networks that it is in, by their names.
  func matches(
    _ container: Container, ancestors: @autoclosure () -> Set<String>, networks: @autoclosure () -> [String: String]
  ) -> Bool {
    if let createdBefore, container.created >= createdBefore { return false }
    if let createdAfter, container.created <= createdAfter { return false }
    return filters.keys.allSatisfy { key in
      let values = filters[key]
      switch key {
      case "label": return values.allSatisfy { hasLabel(container, $0) }
      case "ancestor":
        let names = ancestors()
        return values.contains(where: names.contains)
      case "network":
        let own = networks()
        return values.contains { value in own[value] != nil || own.values.contains { $0.hasPrefix(value) } }
      default: return values.contains { matches(container, key, $0) }
      }
    }
  }

  private func matches(_ container: Container, _ key: String, _ value: String) -> Bool {
    let request = container.configuration.request
    switch key {
    case "id": return container.id.text.hasPrefix(value)
    case "name": return nameMatches(container.name, value)
    case "status": return container.state.status == value
    case "exited":
      if case .exited(let exit) = container.state { return Int(value) == exit.code }
      return false
    case "health": return value == "none"
    case "volume":
      let binds = (request.hostConfig.binds ?? []).flatMap { $0.split(separator: ":").prefix(2).map(String.init) }
      let mounts = (request.hostConfig.mounts ?? []).flatMap { [$0.source ?? "", $0.target] }
      return (binds + mounts).contains(value)
    case "isolation": return ["", "default"].contains(value)
    case "is-task": return value == "false" || value == "0"
    default: return true
    }
  }

  /// The name may be written with its slash.
  private func nameMatches(_ name: String, _ pattern: String) -> Bool {
    isName(name, like: pattern) || isName("/\(name)", like: pattern)
  }

  private func hasLabel(_ container: Container, _ value: String) -> Bool {
    let parts = value.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard let held = container.configuration.request.config.labels?[String(parts[0])] else { return false }
    return parts.count == 1 || held == parts[1]
  }
}
