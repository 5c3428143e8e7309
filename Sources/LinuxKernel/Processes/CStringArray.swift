import Glibc

/// Runs `body` with `strings` as the kernel takes arguments and environments: pointers to C strings and a null at the
/// end. A string with a NUL inside gives EINVAL, as the kernel would see only its beginning.
func withCStringArray<Result: SignedInteger>(
  _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
  var bytes: [CChar] = []
  var starts: [Int] = []
  for string in strings {
    starts.append(bytes.count)
    for unit in string.utf8 {
      if unit == 0 {
        errno = EINVAL
        return -1
      }
      bytes.append(CChar(bitPattern: unit))
    }
    bytes.append(0)
  }
  bytes.append(0)  // so that there is a base address for no strings at all
  return unsafe bytes.withUnsafeMutableBufferPointer { storage in
    guard let first = storage.baseAddress else { return -1 }
    let pointers = unsafe starts.map { unsafe Optional(first + $0) } + [nil]
    return unsafe pointers.withUnsafeBufferPointer { pointers in
      guard let base = pointers.baseAddress else { return -1 }
      return unsafe body(base)
    }
  }
}
