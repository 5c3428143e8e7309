import Diagnostics
import Synchronization

/// All containers, by id and by name.
final class ContainerTable: Sendable {
  private struct Contents {
    var byID: [ContainerID: Container] = [:]
    /// Also names that are reserved for a container still being made.
    var byName: [String: ContainerID] = [:]
  }

  private let contents = Mutex(Contents())

  /// Keeps a name for a container that is being made.
  ///
  /// Throws: `conflict` when it is taken.
  func reserve(_ name: String, for id: ContainerID) throws(ClassifiedError) {
    try contents.withLock { contents throws(ClassifiedError) in
      if let owner = contents.byName[name] { throw ClassifiedError.nameTaken(name, by: owner) }
      contents.byName[name] = id
    }
  }

  /// Keeps a name that nobody has, made up for the container.
  func reserveGeneratedName(for id: ContainerID) -> String {
    contents.withLock { contents in
      let name = NameGenerator.next { contents.byName[$0] != nil }
      contents.byName[name] = id
      return name
    }
  }

  /// Gives a name back.
  func release(_ name: String, of id: ContainerID) {
    contents.withLock { contents in
      if contents.byName[name] == id { contents.byName[name] = nil }
    }
  }

  /// Adds a container whose name is reserved.
  func add(_ container: Container) {
    contents.withLock { contents in
      contents.byID[container.id] = container
      contents.byName[container.name] = container.id
    }
  }

  func remove(_ container: Container) {
    contents.withLock { contents in
      contents.byID[container.id] = nil
      contents.byName = contents.byName.filter { $0.value != container.id }
    }
  }

  /// All containers, the newest first.
  var all: [Container] {
    contents.withLock { Array($0.byID.values) }.sorted { ($0.created, $0.id.text) > ($1.created, $1.id.text) }
  }

  /// The container with this id, name (with or without a slash in front) or beginning of an id, in that order.
  ///
  /// Throws: `notFound`; `invalid` when several ids begin so.
  func find(_ text: String) throws(ClassifiedError) -> Container {
    try contents.withLock { contents throws(ClassifiedError) in
      if let id = ContainerID(text), let container = contents.byID[id] { return container }
      let name = text.hasPrefix("/") ? String(text.dropFirst()) : text
      if let id = contents.byName[name], let container = contents.byID[id] { return container }
      guard !text.isEmpty, text.utf8.allSatisfy(ContainerID.isDigit) else { throw .noSuchContainer(text) }
      let matches = contents.byID.filter { $0.key.text.hasPrefix(text) }
      guard let match = matches.first else { throw .noSuchContainer(text) }
      guard matches.count == 1 else { throw .ambiguousContainer(text) }
      return match.value
    }
  }
}
