import Diagnostics
import OCIImageSpec

/// What a layer may cost at most. The defaults are far above any layer that is meant well.
public struct UnpackLimits: Sendable {
  /// Members of the archive.
  public var members = 4_000_000
  public var directories = 1_000_000
  /// Device nodes, whiteouts not counted: nobody needs many, and each can open a way to the hardware.
  public var deviceNodes = 4_096
  /// Bytes of the plain archive, and of any file in it with its holes.
  public var bytes: Int64 = 1 << 40
  /// Up to this many bytes anything is let through; beyond, the archive may be at most `ratio` times the blob.
  public var bytesAtAnyRatio: Int64 = 4 << 30
  public var ratio: Int64 = 250

  public init() {}

  /// Throws: `invalid` when so many bytes from a blob of which `consumed` bytes were read are too many.
  public func check(produced: Int64, consumed: Int64) throws(ClassifiedError) {
    guard produced <= bytes else {
      throw ClassifiedError(.invalid, "the layer is larger than \(bytes) bytes")
    }
    guard produced <= bytesAtAnyRatio || produced / max(consumed, 1) <= ratio else {
      throw ClassifiedError(
        .invalid, "the layer expands to more than \(ratio) times its size: it looks like a decompression bomb")
    }
  }
}

/// How layers are unpacked.
public struct UnpackOptions: Sendable {
  public var limits = UnpackLimits()
  /// The prefix of overlayfs's attributes: `trusted.overlay.`, or `user.overlay.` where the mounter is not root.
  public var overlayPrefix = "trusted.overlay."

  public init() {}

  var opaqueAttribute: String { overlayPrefix + "opaque" }

  /// Attributes that are overlayfs's own and no content: an archive must not be able to say `redirect` or `metacopy`.
  static func isOverlayAttribute(_ name: String) -> Bool {
    name.hasPrefix("trusted.overlay.") || name.hasPrefix("user.overlay.")
  }
}

/// What unpacking a layer came to.
public struct UnpackedLayer: Sendable {
  /// The digest of the plain archive.
  public let diffID: Digest
  /// The length of all files, in bytes.
  public let size: Int64
  public let members: Int
  /// Extended attributes that the file system does not support, and that were left out.
  public let droppedAttributes: Int
  /// What can be completed only with the layers below at hand.
  public let needs: LowerNeeds
}
