/// The name of a stack of layers: what the lowest so many layers of an image unpack to (image spec, "Layer ChainID").
///
/// Two images that begin with the same layers share the chain ids of these, whatever compression they came in.
public struct ChainID: Hashable, Sendable, CustomStringConvertible {
  public let digest: Digest

  public init(digest: Digest) {
    self.digest = digest
  }

  /// The chain id of `diffID` on top of `parent`; of a lowest layer it is the diff id itself.
  public init(parent: ChainID?, diffID: Digest) {
    guard let parent else {
      digest = diffID
      return
    }
    digest = Digest.of(Array("\(parent.digest) \(diffID)".utf8))
  }

  public var description: String { digest.description }

  /// The chain ids of all prefixes of a list of diff ids, lowest first.
  public static func chain(of diffIDs: [Digest]) -> [ChainID] {
    var chain: [ChainID] = []
    for diffID in diffIDs {
      chain.append(ChainID(parent: chain.last, diffID: diffID))
    }
    return chain
  }
}
