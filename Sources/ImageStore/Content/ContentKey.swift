import LayerArchive
import OCIImageSpec

/// A piece of content: a blob by its digest, or an unpacked layer by its chain id.
enum ContentKey: Hashable, Sendable {
  case blob(Digest)
  case layer(ChainID)
}

/// An unpacked layer that no image on record has yet.
struct StagedLayer: Sendable {
  let path: String
  let diffID: Digest
  let size: Int64
  let needs: LowerNeeds
}
