import LinuxKernel
import OCIRuntimeSpec
import Synchronization
import TestSupport
import Testing

/// Two containers share a volume, and one of them swaps a directory in it for a link while the other is started with a
/// mount below it.
@Suite(.needs(.containers), .serialized) struct MountRaceTests {
  /// As many rounds as the time allows on a slow machine; what is shown does not depend on how many.
  private static let rounds = 1000
  private static let longest = Duration.seconds(30)

  /// CVE-2021-30465 where the mount point itself is swapped, CVE-2024-45310 where a directory above it is, and the mount
  /// point is made: whatever the start does, the mount lies in the container's root and nothing is made on the host.
  @Test(arguments: ["swapped", "swapped/made/here"])
  func aMountPointThatIsSwappedLeadsNowhereElse(_ mountPoint: String) throws {
    let bundle = try TestBundle("grep -c /inner /proc/self/mountinfo")
    let (outside, volume) = ("\(bundle.path)/outside", "\(bundle.path)/volume")
    for directory in [outside, volume, "\(volume)/swapped", "\(bundle.path)/inner"] {
      try HostFiles.makeDirectories(directory)
    }
    let climb = String(repeating: "../", count: 12)
    bundle.spec.mounts += [
      SpecMount(destination: "/volume", type: "bind", source: volume, options: ["rbind"]),
      SpecMount(
        destination: "/volume/\(mountPoint)", type: "bind", source: "\(bundle.path)/inner", options: ["bind"]),
    ]
    let started = ContinuousClock.now
    for round in 0..<Self.rounds where ContinuousClock.now - started < Self.longest {
      let link = "\(volume)/link"
      try HostFiles.makeSymbolicLink(link, to: round % 2 == 0 ? outside : "\(climb)\(outside.dropFirst())")
      let swapping = Swapping("swapped", "link", in: volume)
      let outcome = Result { try bundle.runContainer() }
      try swapping.stop()
      let result = try outcome.get()
      // Refused, or made: then the container sees the mount, which it would not if it lay outside of its root.
      #expect(result.code != 0 || result.lines == ["1"], "round \(round): \(result)")
      #expect(result.code == 0 || !result.errors.isEmpty, "round \(round): \(result)")
      try #require(try HostFiles.list(outside).isEmpty, "round \(round): something was made on the host")
      for name in ["link", "swapped"] { try HostFiles.removeTree("\(volume)/\(name)") }
      try HostFiles.makeDirectory("\(volume)/swapped")
    }
  }
}

/// Exchanges two names in a directory on a thread of its own until it is told to stop.
private final class Swapping: Sendable {
  private let isOver = Atomic(false)
  private let thread = Mutex<BackgroundThread?>(nil)

  init(_ one: String, _ other: String, in path: String) {
    let work = BackgroundThread { [self] in
      let directory = try Directory(path)
      while !isOver.load(ordering: .relaxed) { try directory.rename(one, to: other, in: directory, .exchange) }
    }
    thread.withLock { $0 = work }
  }

  func stop() throws {
    isOver.store(true, ordering: .relaxed)
    try thread.withLock { $0 }?.join()
  }
}
