import Diagnostics
import LinuxKernel
import OCIImageSpec
import StateStore
import Synchronization

/// Keeps the database, the files that it can be rebuilt from, and the state in memory in step.
///
/// Questions are answered from memory. Changes run one after the other on one thread, so that a change may look at
/// the state, write, and find the state as it was.
final class Catalogue: Sendable {
  private let state: Mutex<CatalogueState>
  private let database: Database
  private let layout: StoreLayout
  private let executor = BlockingExecutor("catalogue", width: 1)

  init(_ initial: CatalogueState, database: Database, layout: StoreLayout) {
    state = Mutex(initial)
    self.database = database
    self.layout = layout
  }

  var current: CatalogueState { state.withLock { $0 } }

  /// Runs a change when all changes before it are done.
  func change<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await executor.run(body)
  }

  /// Records a change: durable when it returns. Only inside `change`.
  func record(_ change: ImageChange) throws {
    var next = current
    try next.apply(change)
    // Before the database: if it is lost, an old name is better than none.
    let gone = Set(change.removedImages)
    for id in affectedImages(change, next) where !gone.contains(id.description) {
      try ImageFile(id, in: next).write(to: layout.image(id))
    }
    try database.apply(change)
    for id in change.removedImages {
      try removeIfPresent(layout.image(try Digest(id)))
    }
    state.withLock { $0 = next }
  }

  /// Images whose files no longer say what the state does.
  private func affectedImages(_ change: ImageChange, _ next: CatalogueState) -> Set<Digest> {
    let before = current
    var affected = Set(change.savedImages.compactMap { try? Digest($0.id) })
    for name in change.savedReferences.map(\.name) + change.removedReferences {
      if let image = before.references[name]?.image { affected.insert(image) }
      if let image = next.references[name]?.image { affected.insert(image) }
    }
    return affected.filter { next.images[$0] != nil }
  }

  private func removeIfPresent(_ path: String) throws {
    do {
      try HostFiles.remove(path)
    } catch {
      guard error.kind == .notFound else { throw error }
    }
  }
}
