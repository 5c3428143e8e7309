import Diagnostics
import EngineAPI
import LinuxKernel

/// The processes of a container as `ps` would list them, read from proc(5): nothing of the host is executed.
enum ProcessTable {
  /// The columns of `ps -ef` and of `ps aux`; what else `ps` can do is refused.
  enum Layout {
    case full, user

    /// Throws: `unsupported` for other options than those two, which are what clients send.
    init(arguments: String) throws(ClassifiedError) {
      switch arguments.trimmingBlanks {
      case "", "-ef", "-e -f", "-f": self = .full
      case "aux", "axu", "-aux": self = .user
      default:
        throw ClassifiedError(
          .unsupported, "ps options \"\(arguments)\" are not supported", advice: "use -ef or aux")
      }
    }

    var titles: [String] {
      switch self {
      case .full: ["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"]
      case .user: ["USER", "PID", "%CPU", "%MEM", "VSZ", "RSS", "TTY", "STAT", "START", "TIME", "COMMAND"]
      }
    }
  }

  /// A row for each of `pids` that still lives. Blocking.
  static func read(_ pids: [Int32], layout: Layout) throws -> ContainerTopResponse {
    let machine = try Machine()
    let rows = pids.sorted().compactMap { pid in (try? ProcessRow(pid: pid)).map { row(of: $0, layout, machine) } }
    return ContainerTopResponse(processes: rows, titles: layout.titles)
  }

  private static func row(of process: ProcessRow, _ layout: Layout, _ machine: Machine) -> [String] {
    let seconds = process.ticks / machine.ticksPerSecond
    let age = max(1, machine.uptime - process.startTicks / machine.ticksPerSecond)
    let started = Timestamp(nanoseconds: (Timestamp.now.seconds - age) * 1_000_000_000)
    let clock = String(started.rfc3339.dropFirst(11).prefix(5))
    let time = twoDigits(seconds / 3600) + ":" + twoDigits(seconds / 60 % 60) + ":" + twoDigits(seconds % 60)
    let percent = seconds * 100 / age
    switch layout {
    case .full:
      return [
        machine.name(of: process.user), "\(process.pid)", "\(process.parent)", "\(percent)", clock, process.terminal,
        time, process.command,
      ]
    case .user:
      let memory = process.residentKiB * 1000 / max(1, machine.memoryKiB)
      return [
        machine.name(of: process.user), "\(process.pid)", "\(percent).0", "\(memory / 10).\(memory % 10)",
        "\(process.virtualKiB)", "\(process.residentKiB)", process.terminal, process.state, clock,
        "\(seconds / 60):" + twoDigits(seconds % 60), process.command,
      ]
    }
  }
}

/// What the columns of all processes need.
private struct Machine {
  let ticksPerSecond: Int64 = 100
  let uptime: Int64
  let memoryKiB: Int64
  private let names: [UInt32: String]

  init() throws {
    let seconds = try HostFiles.readText("/proc/uptime").split(separator: ".").first
    uptime = seconds.flatMap { Int64($0) } ?? 0
    let memory = try HostFiles.readText("/proc/meminfo").split(separator: "\n").first?.split(separator: " ")
    memoryKiB = memory.flatMap { $0.count > 1 ? Int64($0[1]) : nil } ?? 1
    let users = (try? HostFiles.readText("/etc/passwd")) ?? ""
    names = users.split(separator: "\n").reduce(into: [:]) { names, line in
      let fields = line.split(separator: ":", omittingEmptySubsequences: false)
      if fields.count > 2, let id = UInt32(fields[2]) { names[id] = String(fields[0]) }
    }
  }

  func name(of user: UInt32) -> String { names[user] ?? "\(user)" }
}

/// One process out of `/proc/<pid>/stat`, `status` and `cmdline`. proc(5).
private struct ProcessRow {
  let pid: Int32
  let parent: Int32
  let user: UInt32
  let state: String
  let terminal: String
  let ticks: Int64
  let startTicks: Int64
  let virtualKiB: Int64
  let residentKiB: Int64
  let command: String

  init(pid: Int32) throws {
    self.pid = pid
    let stat = try HostFiles.readText("/proc/\(pid)/stat")
    guard let open = stat.firstIndex(of: "("), let close = stat.lastIndex(of: ")") else {
      throw ClassifiedError(.system, "cannot read /proc/\(pid)/stat")
    }
    // The name may hold blanks and parentheses: the fields begin after the last one.
    let fields = stat[stat.index(after: close)...].split(separator: " ")
    func field(_ number: Int) -> Int64 { number - 3 < fields.count ? Int64(fields[number - 3]) ?? 0 : 0 }
    state = fields.first.map(String.init) ?? "?"
    parent = Int32(truncatingIfNeeded: field(4))
    terminal = ProcessRow.terminal(device: field(7))
    ticks = field(14) + field(15)
    startTicks = field(22)
    virtualKiB = field(23) / 1024
    residentKiB = field(24) * 4
    let status = try HostFiles.readText("/proc/\(pid)/status")
    let owner = status.split(separator: "\n").first { $0.hasPrefix("Uid:") }?.split(separator: "\t")
    user = owner.flatMap { $0.count > 2 ? UInt32($0[2]) : nil } ?? 0
    let words = try HostFiles.read("/proc/\(pid)/cmdline").split(separator: 0)
    let name = stat[stat.index(after: open)..<close]
    command =
      words.isEmpty ? "[\(name)]" : words.map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
  }

  /// Majors 136 to 143 are pseudoterminals.
  private static func terminal(device: Int64) -> String {
    let major = (device >> 8) & 0xFFF
    let minor = (device & 0xFF) | ((device >> 12) & 0xFFF00)
    guard (136...143).contains(major) else { return "?" }
    return "pts/\((major - 136) * 256 + minor)"
  }
}

private func twoDigits(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }

extension String {
  fileprivate var trimmingBlanks: String {
    String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }
}
