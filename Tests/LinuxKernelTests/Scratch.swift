import LinuxKernel
import Testing

/// Runs `body` with the path of a new directory, and takes it away.
func withScratch<Value>(_ body: (String) throws -> Value) throws -> Value {
  let path = "/tmp/apus-test-\(try randomHexadecimal(bytes: 6))"
  try HostFiles.makeDirectory(path, permissions: 0o700)
  defer { #expect(throws: Never.self) { try HostFiles.removeTree(path) } }
  return try body(path)
}

/// The error number of what `body` throws; 0 when it throws nothing.
func errorNumber(_ body: () throws -> Void) -> Int32 {
  do {
    try body()
    return 0
  } catch {
    return (error as? SystemError)?.errno ?? -1
  }
}

/// Reads until `count` bytes have come, or until nothing comes for ten seconds: a terminal may hand out piece by piece
/// what was written at once.
func read(_ count: Int, from descriptor: borrowing Descriptor) throws -> [UInt8] {
  var bytes: [UInt8] = []
  while bytes.count < count, try !descriptor.poll(.readable, milliseconds: 10_000).isEmpty {
    let piece = try descriptor.read(upTo: count - bytes.count)
    guard !piece.isEmpty else { break }
    bytes += piece
  }
  return bytes
}
