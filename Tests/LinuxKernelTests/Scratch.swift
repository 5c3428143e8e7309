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

let isRoot = Credentials.effectiveUser == 0
