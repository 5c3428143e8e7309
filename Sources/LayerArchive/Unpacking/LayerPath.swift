import Diagnostics
import LinuxKernel
import TarFormat

/// Where a member of a layer belongs, seen from the layer's root: the components of its path, cleaned.
///
/// Cleaning is lexical, as the anchors of the field do it: `/etc//./x` and `a/../etc/x` are `etc/x`. A relative path
/// that climbs above the root is refused; an absolute one stops there, as `cd /..` does.
struct LayerPath: Hashable, Sendable {
  /// Longer paths cannot be handed to the kernel (PATH_MAX, with the NUL).
  private static let limit = 4095

  let components: [RawPath]

  init(components: [RawPath]) {
    self.components = components
  }

  /// Throws: `invalid` for a path that leads out of the layer, is too long or holds a NUL.
  init(_ bytes: [UInt8]) throws(ClassifiedError) {
    let text = String(decoding: bytes.prefix(200), as: UTF8.self)
    guard bytes.count <= Self.limit, !bytes.contains(0) else {
      throw ClassifiedError(.invalid, "a path of the layer is too long or holds a NUL", object: text)
    }
    let slash = UInt8(ascii: "/")
    let isAbsolute = bytes.first == slash
    var components: [RawPath] = []
    for component in bytes.split(separator: slash) {
      if component.elementsEqual(".".utf8) { continue }
      guard component.elementsEqual("..".utf8) else {
        components.append(RawPath(component))
        continue
      }
      guard !components.isEmpty || isAbsolute else {
        throw ClassifiedError(.invalid, "the path leads out of the layer", object: text)
      }
      _ = components.popLast()
    }
    self.components = components
  }

  var name: RawPath? { components.last }
  var parent: LayerPath { LayerPath(components: Array(components.dropLast())) }
  var isRoot: Bool { components.isEmpty }

  /// As one path from the root; the root itself is ".".
  var joined: RawPath {
    guard !isRoot else { return RawPath(".") }
    return RawPath(components.map(\.bytes).joined(separator: CollectionOfOne(UInt8(ascii: "/"))))
  }

  func appending(_ name: RawPath) -> LayerPath { LayerPath(components: components + [name]) }
}

extension LayerPath: CustomStringConvertible {
  var description: String { "/" + components.map(\.description).joined(separator: "/") }
}

/// What a name that begins with `.wh.` stands for (image spec, "Whiteouts").
enum Whiteout: Equatable {
  /// `.wh..wh..opq`: nothing of this directory in the layers below is seen.
  case opaqueDirectory
  /// `.wh.NAME`: NAME of the layers below is not seen.
  case hides(RawPath)
  /// Other names with two prefixes are the bookkeeping of an old union file system.
  case bookkeeping

  /// nil for a path that is no whiteout.
  ///
  /// Throws: `invalid` for one that hides no name.
  init?(_ path: LayerPath) throws(ClassifiedError) {
    let prefix = Array(".wh.".utf8)
    if let first = path.components.first, first.bytes.starts(with: prefix + prefix),
      path.components.count > 1 || !first.bytes.elementsEqual(".wh..wh..opq".utf8)
    {
      self = .bookkeeping
      return
    }
    guard let name = path.name, name.bytes.starts(with: prefix) else { return nil }
    let hidden = name.bytes.dropFirst(prefix.count)
    if hidden.elementsEqual(".wh..opq".utf8) {
      self = .opaqueDirectory
    } else if hidden.starts(with: prefix) {
      self = .bookkeeping
    } else if hidden.isEmpty || hidden.elementsEqual(".".utf8) || hidden.elementsEqual("..".utf8) {
      throw ClassifiedError(.invalid, "a whiteout that names nothing", object: path.description)
    } else {
      self = .hides(RawPath(hidden))
    }
  }
}
