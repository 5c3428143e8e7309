import Glibc

/// The one seam to the kernel: makes a call again when a signal interrupted it, takes `errno` before anything else
/// can change it, and names the call and its object in the error.
///
/// `call` returns what the C function returns: below zero is failure. `object` is built only then.
@inline(__always)
@discardableResult
package func systemCall<Result: SignedInteger>(
  _ name: StaticString, _ object: @autoclosure () -> String = "", _ call: () -> Result
) throws(SystemError) -> Result {
  while true {
    let result = call()
    if result >= 0 { return result }
    let number = errno
    if number != EINTR { throw SystemError(errno: number, call: name.description, object: object()) }
  }
}

/// The seam for calls that return an error number instead of setting `errno`, as the posix_spawn and pthread
/// families do.
package func numberedCall(_ name: StaticString, _ object: @autoclosure () -> String = "", _ call: () -> Int32)
  throws(SystemError)
{
  let number = call()
  if number != 0 { throw SystemError(errno: number, call: name.description, object: object()) }
}
