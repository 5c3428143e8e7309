import LinuxKernel
import OCIImageSpec

/// Where things are under the data root.
struct StoreLayout: Sendable {
  let dataRoot: String

  var blobs: String { "\(dataRoot)/blobs" }
  /// One unpacked layer in each directory.
  var layers: String { "\(dataRoot)/layers" }
  /// What each image is called, to rebuild the database from.
  var images: String { "\(dataRoot)/images" }
  /// Half-made things; emptied at the start.
  var temporary: String { "\(dataRoot)/tmp" }

  func blobDirectory(_ algorithm: DigestAlgorithm) -> String { "\(blobs)/\(algorithm.rawValue)" }
  func blob(_ digest: Digest) -> String { "\(blobDirectory(digest.algorithm))/\(digest.hex)" }
  func layer(_ directory: String) -> String { "\(layers)/\(directory)" }
  func image(_ id: Digest) -> String { "\(images)/\(id.hex).json" }

  /// A name under `tmp` that is not taken.
  func newTemporary(_ kind: String) throws -> String {
    "\(temporary)/\(kind)-\(try randomHexadecimal(bytes: 8))"
  }

  /// Makes the directories. Layers hold set-user-id programs and device nodes: none but root may enter.
  func make() throws {
    try HostFiles.makeDirectories(dataRoot, permissions: 0o710)
    for directory in [layers, images, temporary] {
      try HostFiles.makeDirectories(directory, permissions: 0o700)
    }
    for algorithm in DigestAlgorithm.allCases {
      try HostFiles.makeDirectories(blobDirectory(algorithm), permissions: 0o700)
    }
  }

  /// The paths of what lies under `tmp`.
  func leftovers() throws -> [String] {
    try HostFiles.list(temporary).map { "\(temporary)/\($0)" }
  }

  /// Waits until all files that were written would survive loss of power.
  func synchronise() throws {
    try HostFiles.open(dataRoot, .directory).synchroniseFileSystem()
  }

  /// The same for the names in a directory.
  func synchroniseNames(in directory: String) throws {
    try HostFiles.open(directory, .directory).synchronise()
  }
}
