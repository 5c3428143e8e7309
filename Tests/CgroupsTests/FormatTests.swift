import Diagnostics
import LinuxKernel
import OCIRuntimeSpec
import Testing

@testable import Cgroups

/// What is read and written, without a kernel that does it.
@Suite struct FormatTests {
  @Test(arguments: ["/apus/1", "apus/1", "//apus//1/"]) func pathsCountFromTheRoot(text: String) throws {
    #expect(try CgroupPath(text).description == "/apus/1")
  }

  @Test(arguments: ["", "/", "/a/../b", "..", "/a/.", "/a\0b", "/" + String(repeating: "x", count: 256)])
  func pathsThatLeadElsewhereAreRefused(text: String) {
    #expect(throws: ClassifiedError.self) { try CgroupPath(text) }
  }

  private func mounts(_ lines: [String]) -> [MountInfo] { lines.compactMap { MountInfo(line: $0[...]) } }

  @Test func hybridHostIsRecognised() {
    let hierarchy = CgroupHierarchy(
      mounts: mounts([
        "90 31 0:34 /docker/x /mnt/inside rw - cgroup cgroup rw,memory",
        "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755",
        "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct",
        "35 31 0:34 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory",
        "40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd",
        "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw",
      ]))
    #expect(hierarchy.mode == .hybrid)
    #expect(hierarchy.unified == "/sys/fs/cgroup/unified")
    #expect(hierarchy.version1.map(\.mountOption) == ["cpu,cpuacct", "memory", "name=systemd"])
    #expect(hierarchy.version1.map(\.mountPoint).contains("/sys/fs/cgroup/memory"))
  }

  @Test func version2WithANamedHierarchyIsVersion2() {
    let hierarchy = CgroupHierarchy(
      mounts: mounts([
        "30 23 0:27 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate",
        "31 30 0:37 / /run/systemd-v1 rw - cgroup cgroup rw,name=systemd",
      ]))
    #expect(hierarchy.mode == .v2)
  }

  @Test(arguments: [(2, 1), (512, 59), (1024, 100), (2048, 174), (262_144, 10_000), (0, 1)] as [(UInt64, UInt64)])
  func sharesBecomeWeight(shares: UInt64, weight: UInt64) {
    #expect(V2CPU.weight(shares: shares) == weight)
  }

  @Test(arguments: [(10, 1), (500, 4950), (1000, 10_000)] as [(UInt16, Int)])
  func blockWeightIsScaled(weight: UInt16, scaled: Int) {
    #expect(V2IO.scaled(weight) == scaled)
  }

  @Test func swapIsCountedWithoutMemory() throws {
    #expect(try V2Memory.swapLimit(LinuxMemory(limit: 100, swap: 150)) == "50")
    #expect(try V2Memory.swapLimit(LinuxMemory(limit: 100, swap: -1)) == "max")
    #expect(try V2Memory.swapLimit(LinuxMemory(limit: 100)) == nil)
    #expect(throws: ClassifiedError.self) { try V2Memory.swapLimit(LinuxMemory(limit: 100, swap: 50)) }
    #expect(throws: ClassifiedError.self) { try V2Memory.swapLimit(LinuxMemory(swap: 50)) }
  }

  @Test func pageSizesBecomeFileNamesOnlyWhenTheyAreSizes() throws {
    #expect(try LinuxHugepageLimit(pageSize: "2MB", limit: 1).checkedPageSize == "2MB")
    for size in ["../2MB", "MB", "2mb", ""] {
      #expect(throws: ClassifiedError.self) { try LinuxHugepageLimit(pageSize: size, limit: 1).checkedPageSize }
    }
  }
}
