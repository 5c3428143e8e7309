import Diagnostics
import Foundation
import LinuxKernel
import TestSupport
import Testing

@testable import Engine

extension Scratch {
  fileprivate func write(_ text: String, _ name: String) throws {
    let file = "\(path)/\(name)"
    try HostFiles.makeDirectories((file as NSString).deletingLastPathComponent)
    try HostFiles.replace(file, with: Array(text.utf8))
  }
}

struct DiskTests {
  private let scratch: Scratch
  private var files: LayeredFiles {
    LayeredFiles(upper: "\(scratch.path)/upper", layers: "\(scratch.path)/layers", lower: ["top", "base"])
  }

  init() throws {
    scratch = try Scratch()
    for name in ["upper", "layers/top", "layers/base"] { try HostFiles.makeDirectories("\(scratch.path)/\(name)") }
  }

  private func passwd() throws -> String? {
    try files.read("etc", "passwd").map { String(decoding: $0, as: UTF8.self) }
  }

  @Test func theUppermostFileCounts() throws {
    #expect(try passwd() == nil)
    try scratch.write("base", "layers/base/etc/passwd")
    #expect(try passwd() == "base")
    try scratch.write("top", "layers/top/etc/passwd")
    #expect(try passwd() == "top")
    try scratch.write("upper", "upper/etc/passwd")
    #expect(try passwd() == "upper")
  }

  /// CVE class: an image that makes its passwd lead to the host's.
  @Test(arguments: ["/etc/hostname", "../../../../../../../../etc/hostname"])
  func noLinkLeadsOutside(_ target: String) throws {
    try HostFiles.makeDirectories("\(scratch.path)/layers/top/etc")
    try HostFiles.makeSymbolicLink("\(scratch.path)/layers/top/etc/passwd", to: target)
    #expect(try passwd() == nil)
  }

  @Test func aFifoIsNoFile() throws {
    try HostFiles.makeDirectories("\(scratch.path)/layers/top/etc")
    try HostFiles.makeFIFO("\(scratch.path)/layers/top/etc/passwd")
    try scratch.write("base", "layers/base/etc/passwd")
    #expect(try passwd() == "base")
  }

  @Test(.needs(.root)) func whiteoutsHide() throws {
    try scratch.write("base", "layers/base/etc/passwd")
    let top = try RootedDirectory("\(scratch.path)/layers/top")
    try top.makeDirectory("etc")
    try top.makeNode("etc/passwd", kind: .characterDevice, permissions: 0, device: .init(major: 0, minor: 0))
    #expect(try passwd() == nil)
  }

  @Test(.needs(.root)) func convergeRemovesWhatIsTooMuchAndNothingElse() throws {
    let layout = EngineLayout(dataRoot: "\(scratch.path)/data", execRoot: "\(scratch.path)/run")
    let converge = Converge(layout: layout, cgroups: try ContainerCgroups())
    let kept = ContainerID.random()
    let stray = ContainerID.random()
    for id in [kept, stray] {
      for file in [
        layout.description(of: id), "\(layout.bundle(of: id))/config.json", "\(layout.runtimeState(of: id))/state.json",
        layout.socket(of: id),
      ] {
        try HostFiles.makeDirectories((file as NSString).deletingLastPathComponent)
        try HostFiles.replace(file, with: [])
      }
    }
    let parent = "/apus-engine-tests-\(ContainerID.random().short)"
    #expect(try converge.sweep(known: [kept], cgroupParent: parent).isEmpty)
    #expect(try !HostFiles.exists(layout.directory(of: stray)) && !HostFiles.exists(layout.bundle(of: stray)))
    #expect(try !HostFiles.exists(layout.socket(of: stray)) && !HostFiles.exists(layout.runtimeState(of: stray)))
    #expect(try HostFiles.exists(layout.description(of: kept)) && HostFiles.exists(layout.socket(of: kept)))

    try converge.run(kept, cgroup: "\(parent)/\(kept)", to: .stopped)
    #expect(try HostFiles.exists(layout.description(of: kept)) && !HostFiles.exists(layout.bundle(of: kept)))
    // Again, and further: it does not matter how far the last time got.
    for _ in 0..<2 { try converge.run(kept, cgroup: "\(parent)/\(kept)", to: .absent) }
    #expect(try !HostFiles.exists(layout.directory(of: kept)))
  }
}
