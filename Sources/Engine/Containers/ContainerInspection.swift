public import EngineAPI

import Diagnostics
import ImageStore
import LinuxKernel
import NIOPosix
import OCIImageSpec

extension Engine {
  public func inspectContainer(_ name: String, size: Bool) async throws -> ContainerInspect {
    let container = try containers.find(name)
    let id = container.id
    let directory = layout.directory(of: id)
    var answer = ContainerInspect()
    answer.id = id.text
    answer.name = "/\(container.name)"
    answer.created = container.created.rfc3339
    answer.image = container.image
    answer.state = container.state.view
    answer.driver = "overlay2"
    let execIDs = container.execIDs
    answer.execIDs = execIDs.isEmpty ? nil : execIDs
    answer.config = container.configuration.request.config
    answer.hostConfig = container.configuration.request.hostConfig
    answer.graphDriver = DriverData(
      data: [
        "LowerDir": container.configuration.layers.map { "\(layout.layers)/\($0)" }.joined(separator: ":"),
        "UpperDir": "\(directory)/upper", "WorkDir": "\(directory)/work",
      ], name: "overlay2")
    let plan = try settledPlan(of: container)
    let files = BundleWriter(container, plan, layout).filesDirectory
    answer.resolvConfPath = "\(files)/resolv.conf"
    answer.hostnamePath = "\(files)/hostname"
    answer.hostsPath = "\(files)/hosts"
    plan.view(
      &answer, logPath: layout.log(of: id), called: plan.calledInNetworks(container), grant: shownGrant(of: container),
      networkIDs: networks.idsByName)
    if size {
      let written = try await writtenBytes(of: container)
      answer.sizeRw = written
      answer.sizeRootFs = written + imageSize(of: container)
    }
    return answer
  }

  /// Bytes in the writable layer: a walk over its files.
  func writtenBytes(of container: Container) async throws -> Int64 {
    let path = "\(layout.directory(of: container.id))/upper"
    return try await threads.runIfActive { try treeSize(Directory(path)) }
  }

  func imageSize(of container: Container) -> Int64 {
    guard let digest = try? Digest(container.image), let image = images.image(digest) else { return 0 }
    return image.size
  }

  /// What keeps images from being removed: the containers that stand on them.
  func imageUses() -> [ImageUse] {
    containers.all.compactMap { container in
      guard let digest = try? Digest(container.image) else { return nil }
      return ImageUse(
        image: digest, container: container.id.text, isRunning: container.state.isRunning,
        layers: container.configuration.layers)
    }
  }

  /// How many containers there are in which state.
  func containerCounts() -> (running: Int, paused: Int, stopped: Int) {
    let all = containers.all
    let running = all.count { $0.state.isRunning }
    return (running, 0, all.count - running)
  }
}

/// The sizes of all files below a directory, without following anything.
private func treeSize(_ directory: borrowing Directory) throws -> Int64 {
  var size: Int64 = 0
  for entry in try directory.entries() {
    if entry.kind == .directory {
      size += try treeSize(directory.openDirectory(entry.name))
    } else {
      size += try directory.status(entry.name).size
    }
  }
  return size
}

extension ContainerState {
  /// As inspect shows it.
  var view: EngineAPI.ContainerState {
    var answer = EngineAPI.ContainerState()
    answer.status = status
    answer.exitCode = exitCode
    answer.error = errorMessage
    switch self {
    case .created: break
    case .running(let run):
      answer.running = true
      answer.pid = run.pid
      answer.startedAt = run.started.rfc3339
    case .exited(let exit):
      answer.oomKilled = exit.oomKilled
      answer.startedAt = exit.started?.rfc3339 ?? neverText
      answer.finishedAt = exit.finished?.rfc3339 ?? neverText
    case .removing, .removed:
      answer.dead = true
    }
    return answer
  }
}
