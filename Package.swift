// swift-tools-version: 6.2
// The house: one room for each concern, arrows point down only. The row of each target stands beside it;
// Tests/TidyTests reads this table and the imports, and fails on an arrow that points up.

import Glibc
import PackageDescription

/// Every target of ours is built alike: no drift from room to room.
let swift: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

/// What a static link of FoundationEssentials needs beside it. A global `--static-swift-stdlib` would add these by
/// itself, but there is no static Testing library: so the programs say it, and one build serves them and the tests.
let staticFoundationEssentials = ["-l_FoundationCShims", "-l_FoundationCollections", "-lswiftSynchronization"]
let staticFoundation = [
  "-lFoundation", "-lFoundationInternationalization", "-lFoundationEssentials", "-lCoreFoundation", "-l_FoundationICU",
]

/// A program without a dynamic loader starts in under a millisecond; lld spares gold's warning about dlopen. No
/// Foundation: its conformances alone make every look-up of the runtime longer.
let staticProgram: [LinkerSetting] = [
  .unsafeFlags(["-static-executable", "-use-ld=lld", "-lswiftSynchronization"])
]

/// Relocations in the packed form take 3 MB less of the server's file and memory; glibc reads it from 2.36 on.
let packedRelocations: [String] = {
  var text = [CChar](repeating: 0, count: 64)
  confstr(Int32(_CS_GNU_LIBC_VERSION), &text, text.count)
  let version = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self)
    .split { !$0.isNumber }.compactMap { Int($0) }
  return version.lexicographicallyPrecedes([2, 36]) ? [] : ["-Xlinker", "-z", "-Xlinker", "pack-relative-relocs"]
}()

/// The server keeps glibc dynamic, for its name service modules; Swift is linked in.
let serverProgram: [LinkerSetting] = [
  .unsafeFlags(
    ["-static-stdlib", "-use-ld=lld"] + staticFoundation + staticFoundationEssentials + packedRelocations)
]

/// ISA-L and zstd come from Debian's -dev packages. zstd is linked into the program; Debian has no static ISA-L.
let codecs: [LinkerSetting] = [.unsafeFlags(["-Xlinker", "-l:libzstd.a", "-lisal"])]

func room(_ name: String, _ dependencies: [Target.Dependency] = [], linker: [LinkerSetting]? = nil) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: swift, linkerSettings: linker)
}

func program(_ name: String, _ dependencies: [Target.Dependency], linker: [LinkerSetting]) -> Target {
  .executableTarget(name: name, dependencies: dependencies, swiftSettings: swift, linkerSettings: linker)
}

func tests(_ name: String, _ dependencies: [Target.Dependency] = [], linker: [LinkerSetting]? = nil) -> Target {
  .testTarget(name: name, dependencies: dependencies, swiftSettings: swift, linkerSettings: linker)
}

let nio: [Target.Dependency] = [
  .product(name: "NIOCore", package: "swift-nio"),
  .product(name: "NIOPosix", package: "swift-nio"),
]
let nioHTTP: [Target.Dependency] = nio + [.product(name: "NIOHTTP1", package: "swift-nio")]
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")

let package = Package(
  name: "Apus",
  products: [
    .executable(name: "apus", targets: ["apus"]),
    .executable(name: "apusd", targets: ["apusd"]),
    .executable(name: "apus-runtime", targets: ["apus-runtime"]),
    .executable(name: "apus-shim", targets: ["apus-shim"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
  ],
  targets: [
    // Row 0, C: what Swift cannot say.
    .target(name: "CLinux", cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])]),
    .systemLibrary(name: "CISAL", providers: [.apt(["libisal-dev"])]),
    .systemLibrary(name: "CZstd", providers: [.apt(["libzstd-dev"])]),

    // Row 1, base.
    room("Diagnostics"),
    room("JSON"),
    room("NetworkAddresses"),
    room("ClassicBPF"),
    room("ExtendedBPF"),

    // Row 2, formats: pure, no input or output, no clock.
    room("OCIRuntimeSpec"),
    room("OCIImageSpec", ["Diagnostics", crypto]),
    room("EngineAPI", ["JSON"]),
    room("TarFormat", ["Diagnostics"]),
    room("SeccompFilter", ["OCIRuntimeSpec", "ClassicBPF"]),
    room("ShimProtocol", ["Diagnostics"]),
    room("CommandLine", ["JSON"]),
    room("Netlink", ["NetworkAddresses", "ClassicBPF", "Diagnostics"]),
    room("DNSFormat", ["NetworkAddresses"]),

    // Row 3, kernel: the only Swift with unsafe code.
    room("LinuxKernel", ["CLinux", "ClassicBPF", "Diagnostics"]),
    room("Cgroups", ["LinuxKernel", "OCIRuntimeSpec", "ExtendedBPF", "Diagnostics"]),

    room("LinuxNetwork", ["LinuxKernel", "CLinux", "Netlink", "NetworkAddresses", "Diagnostics"]),

    // Row 4, mechanisms: siblings that do not see each other except as listed.
    room(
      "ContainerRuntime",
      ["Cgroups", "LinuxKernel", "OCIRuntimeSpec", "SeccompFilter", "Diagnostics"]),
    room(
      "ContainerNetwork",
      ["LinuxNetwork", "LinuxKernel", "Netlink", "NetworkAddresses", "ClassicBPF", "ExtendedBPF", "Diagnostics"]),
    room(
      "LayerArchive",
      ["TarFormat", "OCIImageSpec", "LinuxKernel", "Diagnostics", "CISAL", "CZstd"],
      linker: codecs),
    room(
      "RegistryClient",
      [
        "OCIImageSpec", "NetworkAddresses", "Diagnostics", logging,
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
      ] + nio),
    room("NameService", ["DNSFormat", "LinuxKernel", "NetworkAddresses", "Diagnostics"] + nio),
    room("StateStore", ["Diagnostics", .product(name: "GRDB", package: "GRDB.swift")]),
    room(
      "ImageStore",
      ["LayerArchive", "TarFormat", "OCIImageSpec", "StateStore", "LinuxKernel", "Diagnostics", logging]),

    // Row 5, domain.
    room(
      "Engine",
      [
        "ImageStore", "RegistryClient", "StateStore", "LayerArchive", "ContainerNetwork", "NameService", "Cgroups",
        "LinuxNetwork",
        "LinuxKernel", "NetworkAddresses", "EngineAPI",
        "OCIRuntimeSpec", "OCIImageSpec", "SeccompFilter", "ShimProtocol", "Diagnostics", logging,
      ] + nio),

    // Row 6, doors.
    room(
      "EngineServer",
      [
        "Engine", "RegistryClient", "CommandLine", "EngineAPI", "LinuxKernel", "NetworkAddresses", "JSON",
        "Diagnostics",
        logging,
      ] + nioHTTP),
    room("EngineClient", ["CommandLine", "EngineAPI", "LinuxKernel", "Diagnostics"]),

    // Row 7, programs.
    program(
      "apus", ["EngineClient", "EngineAPI", "CommandLine", "LinuxKernel", "JSON", "Diagnostics"], linker: staticProgram),
    program(
      "apusd",
      ["EngineServer", "Engine", "CommandLine", "LinuxKernel", "Diagnostics", logging] + nio,
      linker: serverProgram),
    program(
      "apus-runtime", ["ContainerRuntime", "Cgroups", "OCIRuntimeSpec", "LinuxKernel", "Diagnostics"],
      linker: staticProgram),
    program("apus-shim", ["ShimProtocol", "LinuxKernel", "Diagnostics"], linker: staticProgram),

    // Row 8, for tests only: what the rooms' tests share.
    .target(name: "TestSupport", dependencies: ["LinuxKernel"], path: "Tests/TestSupport", swiftSettings: swift),

    // Tests, one target for each room; Tests/EndToEnd drives the programs with the real clients.
    tests("TidyTests"),
    tests("DiagnosticsTests", ["Diagnostics"]),
    tests("JSONTests", ["JSON"]),
    tests("NetworkAddressesTests", ["NetworkAddresses"]),
    tests(
      "NetlinkTests", ["Netlink", "LinuxNetwork", "LinuxKernel", "NetworkAddresses", "Diagnostics", "TestSupport"]),
    tests("DNSFormatTests", ["DNSFormat", "NetworkAddresses"]),
    tests("NameServiceTests", ["NameService", "DNSFormat", "LinuxNetwork", "LinuxKernel", "NetworkAddresses"] + nio),
    tests("OCIImageSpecTests", ["OCIImageSpec", "Diagnostics"]),
    tests(
      "RegistryClientTests",
      [
        "RegistryClient", "OCIImageSpec", "NetworkAddresses", "Diagnostics", "TestSupport", logging,
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ] + nioHTTP),
    tests("TarFormatTests", ["TarFormat", "Diagnostics", "TestSupport"]),
    tests(
      "LayerArchiveTests", ["LayerArchive", "TarFormat", "OCIImageSpec", "LinuxKernel", "Diagnostics", "TestSupport"]),
    tests(
      "ImageStoreTests",
      ["ImageStore", "StateStore", "TarFormat", "OCIImageSpec", "LinuxKernel", "Diagnostics", "TestSupport", logging]),
    tests("LinuxKernelTests", ["LinuxKernel", "Diagnostics", "TestSupport"]),
    tests(
      "ContainerNetworkTests",
      [
        "ContainerNetwork", "LinuxNetwork", "LinuxKernel", "Netlink", "NetworkAddresses", "Diagnostics", "TestSupport",
      ]),
    tests("StateStoreTests", ["StateStore", "Diagnostics", "TestSupport"]),
    tests(
      "EngineTests",
      [
        "Engine", "EngineAPI", "OCIRuntimeSpec", "OCIImageSpec", "ShimProtocol", "StateStore", "LinuxKernel", "Cgroups",
        "ContainerNetwork", "NetworkAddresses", "Diagnostics", "TestSupport",
      ]
        + nio),
    tests("CgroupsTests", ["Cgroups", "LinuxKernel", "OCIRuntimeSpec", "Diagnostics", "TestSupport"]),
    tests("OCIRuntimeSpecTests", ["OCIRuntimeSpec"]),
    tests("SeccompFilterTests", ["SeccompFilter", "OCIRuntimeSpec"]),
    tests("ContainerRuntimeTests", ["OCIRuntimeSpec", "SeccompFilter", "LinuxKernel", "TestSupport"]),
    tests("EngineAPITests", ["EngineAPI"]),
    tests("CommandLineTests", ["CommandLine", "JSON"]),
    tests("EngineClientTests", ["EngineClient", "EngineAPI", "LinuxKernel", "Diagnostics"]),
    tests(
      "EngineServerTests",
      [
        "EngineServer", "Engine", "RegistryClient", "CommandLine", "EngineAPI", "LinuxKernel", "NetworkAddresses",
        "Diagnostics", logging,
      ] + nioHTTP),
    tests("ShimProtocolTests", ["ShimProtocol", "Diagnostics"]),
    tests("ShimTests", ["ShimProtocol", "LinuxKernel", "Diagnostics", "TestSupport"]),
  ]
)
