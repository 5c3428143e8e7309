import Glibc
import LinuxKernel
import TestSupport
import Testing

@Suite(.needs(.root)) struct CgroupProgramTests {
  /// It lets everything pass: result = 1; exit.
  private static func program(_ name: String) throws -> KernelProgram {
    try KernelProgram(.cgroupPackets, named: name, [0x1_0000_00B4, 0x95])
  }

  @Test func programsOfOthersStayAndOnesOwnAreReplaced() throws {
    let mount = try #require(try MountInfo.read(typePrefix: "cgroup2").first?.mountPoint)
    // The parent may be in use by a server.
    let path = "\(mount)/apus/test-\(getpid())"
    try HostFiles.makeDirectories(path)
    defer {
      try? HostFiles.removeDirectory(path)
      try? HostFiles.removeDirectory("\(mount)/apus")
    }
    let hook = CgroupHook.receivedPackets
    let cgroup = try HostFiles.open(path, .directory)
    try Self.program("theirs").attach(to: cgroup, at: hook, insteadOf: "theirs")
    for _ in 0..<2 {
      try Self.program("ours").attach(to: cgroup, at: hook, insteadOf: "ours")
      #expect(try hook.names(on: cgroup).sorted() == ["ours", "theirs"])
    }
    try hook.clear(cgroup, of: "ours")
    try hook.clear(cgroup, of: "ours")
    #expect(try hook.names(on: cgroup) == ["theirs"])
    // Without a name it is the only one.
    try Self.program("alone").attach(to: cgroup, at: hook)
    #expect(try hook.names(on: cgroup) == ["alone"])
  }

  @Test func theVerifierSaysWhatIsWrong() throws {
    // The result is not set.
    let error = #expect(throws: SystemError.self) { _ = try KernelProgram(.packets, named: "wrong", [0x95]) }
    #expect(error?.errno == EACCES && error?.detail.contains("R0") == true)
  }
}
