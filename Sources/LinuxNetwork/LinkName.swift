import Glibc

/// The names of links by their indices. if_indextoname(3).
public enum LinkName {
  /// Nil when the calling thread's network namespace has no such link. Quick enough for an event loop.
  public static func find(_ index: UInt32) -> String? {
    var name = [CChar](repeating: 0, count: Int(IF_NAMESIZE))
    guard unsafe if_indextoname(index, &name) != nil else { return nil }
    return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
