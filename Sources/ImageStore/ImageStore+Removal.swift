import Diagnostics
import OCIImageSpec
import StateStore

extension ImageStore {
  /// Removes a name, and the image when it was its last one; by an id all its names and the image.
  ///
  /// - Parameters:
  ///   - force: Do it although the image has several names or a stopped container was made from it.
  ///   - uses: Gives all containers, at the moment in which it is asked: a removal may have to wait for a commit.
  ///
  /// Throws: `notFound`; `conflict`, in Docker's words, when containers or names stand against it.
  public func remove(
    _ name: String, force: Bool, prune: Bool, uses: @escaping @Sendable () -> [ImageUse]
  ) async throws -> [ImageRemoval] {
    let removals = try await catalogue.change {
      let removal = try Removal(self.catalogue.current, name: name, force: force, uses: uses())
      try self.catalogue.record(removal.change)
      return removal.reports
    }
    try FailPoint.imageRemoveAfterRecord.pass()
    let isDeleted = removals.contains { if case .deleted = $0 { true } else { false } }
    guard isDeleted else { return removals }
    let layers = try await collectGarbage(uses: uses)
    return removals + layers.map { .deleted($0.description) }
  }
}

/// Docker's rules of which names go and whether the image goes with them.
private struct Removal {
  private let state: CatalogueState
  private let image: CatalogueState.Image
  private let uses: [ImageUse]
  private(set) var change = ImageChange()
  private(set) var reports: [ImageRemoval] = []

  init(_ state: CatalogueState, name: String, force: Bool, uses: [ImageUse]) throws {
    self.state = state
    switch try state.find(name) {
    case .byName(let image, let reference):
      self.image = image
      self.uses = uses.filter { $0.image == image.id }
      try removeName(reference, called: name, force: force)
    case .byID(let image):
      self.image = image
      self.uses = uses.filter { $0.image == image.id }
      try removeAll(force: force)
    }
  }

  private mutating func removeName(_ reference: CatalogueState.Reference, called name: String, force: Bool) throws {
    let all = state.references(to: image.id)
    if !force, isSingle(all), let use = uses.first {
      throw ClassifiedError(
        .conflict,
        "conflict: unable to remove repository reference \"\(name)\" (must force) - container "
          + "\(use.container.prefix(12)) is using its referenced image \(image.id.short)")
    }
    untag(reference)
    var rest = all.filter { $0.record.name != reference.record.name }
    // With a repository's last tag its digests go too.
    let repository = reference.reference.name
    if !rest.contains(where: { $0.reference.name == repository && $0.reference.digest == nil }) {
      for digest in rest.filter({ $0.reference.name == repository }) { untag(digest) }
      rest.removeAll { $0.reference.name == repository }
    }
    // A running container keeps the image, without a name; a stopped one is content with the layers.
    guard rest.isEmpty, !uses.contains(where: \.isRunning) else { return }
    delete()
  }

  private mutating func removeAll(force: Bool) throws {
    let all = state.references(to: image.id)
    if let use = uses.first(where: \.isRunning) {
      throw conflict("cannot be forced", "image is being used by running container \(use.container.prefix(12))")
    }
    if !force {
      if !isSingle(all), !all.isEmpty {
        throw conflict("must be forced", "image is referenced in multiple repositories")
      }
      if let use = uses.first {
        throw conflict("must be forced", "image is being used by stopped container \(use.container.prefix(12))")
      }
    }
    for reference in all { untag(reference) }
    delete()
  }

  /// At most one tag, and all names in one repository.
  private func isSingle(_ references: [CatalogueState.Reference]) -> Bool {
    references.filter { $0.reference.digest == nil }.count <= 1 && Set(references.map(\.reference.name)).count <= 1
  }

  private mutating func untag(_ reference: CatalogueState.Reference) {
    change.removedReferences.append(reference.record.name)
    reports.append(.untagged(reference.reference.familiar, image: image.id))
    // A tag that was pulled stands for a digest as well.
    if reference.reference.digest == nil, let digest = reference.digest {
      reports.append(.untagged(reference.reference.with(digest: digest).familiar, image: image.id))
    }
  }

  private mutating func delete() {
    change.removedImages.append(image.id.description)
    reports.append(.deleted(image.id.description))
  }

  private func conflict(_ hardness: String, _ reason: String) -> ClassifiedError {
    ClassifiedError(.conflict, "conflict: unable to delete \(image.id.short) (\(hardness)) - \(reason)")
  }
}
