// The whole content of the `hello` image: one static program. Build it with
// swiftc -static-executable -Osize -use-ld=lld Examples/hello/hello.swift -o hello

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A field of `struct utsname`, which C keeps as an array of characters that ends with a zero.
func text<Field>(_ field: Field) -> String {
  unsafe withUnsafeBytes(of: field) { bytes in
    unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }
}

var kernel = utsname()
unsafe uname(&kernel)

print(
  """
  Hello from Apus! You see this because every part of your engine works.

  To print it, your command took four steps:
   1. apus, the client, asked the server apusd over its socket to run this image.
   2. apusd found the image in its store, or pulled it from its registry, checked each
      digest, and unpacked the layers once for all containers.
   3. apus-shim stacked the layers to a root file system, and apus-runtime put this program
      into its own namespaces and cgroup and dropped its privileges.
   4. What it prints went through the shim, which also keeps it as the container's log,
      back to the server and to your terminal.

  This program sees itself as process \(getpid()) on host \(text(kernel.nodename)), on \(text(kernel.sysname)) \
  \(text(kernel.release)) (\(text(kernel.machine))).

  Try a shell next:  apus run --rm -it debian bash
  """)
