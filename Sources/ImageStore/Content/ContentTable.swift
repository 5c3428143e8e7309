import Diagnostics
import Glibc
import LinuxKernel
import OCIImageSpec
import Synchronization

/// Who needs which content, and where content lies that no image on record has yet.
///
/// Content comes in two steps. It is *staged* first: complete and checked, but under `tmp`, known only to this table.
/// When an image is recorded, all of it is synchronised to the disk at once and renamed to its place. So what is in
/// its place has survived; what a crash, a power cut or a failed pull leaves is in `tmp`, and goes.
///
/// A *lease* keeps staged content, and keeps the garbage collection away from the rest.
final class ContentTable: Sendable {
  typealias LeaseID = UInt64

  private struct State {
    var leases: [LeaseID: Set<ContentKey>] = [:]
    var lastLease: LeaseID = 0
    var blobs: [Digest: String] = [:]
    var layers: [ChainID: StagedLayer] = [:]
    /// What the garbage collection is removing now.
    var condemned: Set<ContentKey> = []
  }

  private let state = Mutex(State())
  private let layout: StoreLayout

  init(_ layout: StoreLayout) {
    self.layout = layout
  }

  // MARK: Leases

  func openLease() -> LeaseID {
    state.withLock { state in
      state.lastLease += 1
      state.leases[state.lastLease] = []
      return state.lastLease
    }
  }

  /// Adds content to a lease, there or not. False: it is being removed, so it must be made again.
  @discardableResult
  func protect(_ key: ContentKey, by lease: LeaseID) -> Bool {
    state.withLock { state in
      state.leases[lease]?.insert(key)
      return !state.condemned.contains(key)
    }
  }

  /// Ends a lease. Returns the paths of what was staged for nobody else, for the caller to remove.
  func close(_ lease: LeaseID) -> [String] {
    state.withLock { state in
      let keys = state.leases.removeValue(forKey: lease) ?? []
      var abandoned: [String] = []
      for key in keys where !state.leases.values.contains(where: { $0.contains(key) }) {
        switch key {
        case .blob(let digest): if let path = state.blobs.removeValue(forKey: digest) { abandoned.append(path) }
        case .layer(let chain): if let layer = state.layers.removeValue(forKey: chain) { abandoned.append(layer.path) }
        }
      }
      return abandoned
    }
  }

  // MARK: Staged content

  /// False: the blob is staged already, so this copy is not needed.
  func stage(_ digest: Digest, at path: String) -> Bool {
    state.withLock { state in
      guard state.blobs[digest] == nil else { return false }
      state.blobs[digest] = path
      return true
    }
  }

  func stage(_ chain: ChainID, _ layer: StagedLayer) {
    state.withLock { $0.layers[chain] = layer }
  }

  func isStaged(_ digest: Digest) -> Bool { state.withLock { $0.blobs[digest] != nil } }
  func stagedLayer(_ chain: ChainID) -> StagedLayer? { state.withLock { $0.layers[chain] } }

  /// Says that a blob or layer has been moved to its place.
  func settle(_ key: ContentKey) {
    state.withLock { state in
      switch key {
      case .blob(let digest): state.blobs[digest] = nil
      case .layer(let chain): state.layers[chain] = nil
      }
    }
  }

  func path(of digest: Digest) -> String {
    state.withLock { $0.blobs[digest] } ?? layout.blob(digest)
  }

  /// Opens a blob, staged or not.
  ///
  /// Throws: `dataLoss` when it is not there.
  func open(_ digest: Digest) throws -> LinuxKernel.Descriptor {
    // It may move from one place to the other in between: look again once.
    do {
      return try HostFiles.open(path(of: digest), .readOnly)
    } catch {
      guard error.errno == ENOENT else { throw error }
    }
    do {
      return try HostFiles.open(path(of: digest), .readOnly)
    } catch {
      guard error.errno == ENOENT else { throw error }
      throw ClassifiedError(
        .dataLoss, "the blob is missing from the store", object: digest.description, advice: "pull the image again")
    }
  }

  // MARK: Garbage collection

  /// Marks content for removal; false when a lease protects it.
  func condemn(_ key: ContentKey) -> Bool {
    state.withLock { state in
      guard !state.leases.values.contains(where: { $0.contains(key) }) else { return false }
      state.condemned.insert(key)
      return true
    }
  }

  /// Says that the removal is done.
  func forget(_ key: ContentKey) {
    state.withLock { state in _ = state.condemned.remove(key) }
  }
}
