import CLinux
import Glibc
import Synchronization

/// Starts another program. posix_spawn(3): safe in a program with threads, since none of our code runs in the child.
///
/// The child gets the descriptors that are named here and no others, no matter which library left one open.
public struct Spawn: ~Copyable, Sendable {
  /// The program's path; nothing is searched.
  public var program: String
  /// The arguments; the first is the program's name for itself.
  public var arguments: [String]
  public var environment: [String]
  /// Its working directory; nil keeps ours.
  public var workingDirectory: String?
  /// Whether it leads a session of its own. setsid(2).
  public var newSession = false

  /// Which descriptor the child gets at each number. Numbers without one are closed.
  private var descriptors: [(number: Int32, source: Int32)] = []

  public init(program: String, arguments: [String], environment: [String]) {
    self.program = program
    self.arguments = arguments
    self.environment = environment
  }

  /// Gives the child a descriptor under a number. The descriptor must stay open until `start`.
  public mutating func pass(_ descriptor: borrowing Descriptor, as number: Int32) {
    descriptors.append((number, descriptor.rawValue))
  }

  /// Gives the child our standard descriptor of that number (0, 1 or 2).
  public mutating func inherit(_ number: Int32) {
    descriptors.append((number, number))
  }

  /// Starts the program. Signals have their default actions in it and none is blocked.
  ///
  /// Throws: what execve(2) said, for `program`; EAGAIN, ENOMEM.
  public consuming func start() throws(SystemError) -> Int32 {
    try start(path: program, keeping: nil)
  }

  /// Starts the program in an open file, such as a sealed memfd, under the name `program`. The child does not keep the
  /// descriptor.
  public consuming func start(executing file: borrowing Descriptor) throws(SystemError) -> Int32 {
    // Above all numbers that the child gets, where neither a dup2 nor the closing of the rest touches it. It is
    // close-on-exec, so the exec itself ends it.
    let copy = try file.duplicate(minimum: highest + 1)
    return try start(path: "/proc/self/fd/\(copy.rawValue)", keeping: copy.rawValue)
  }

  /// Held while a child may have copies of all our descriptors: from its birth until it has closed them.
  private static let underway = Mutex(())

  /// Closes descriptors, as `body` does, while no child is on its way. What they hold, such as a port, is free when this
  /// returns; a child's copy would keep it for a moment.
  public static func closingWithoutCopies(_ body: () -> Void) {
    underway.withLock { _ in body() }
  }

  private var highest: Int32 { descriptors.map(\.number).max() ?? 2 }

  private func start(path: String, keeping kept: Int32?) throws(SystemError) -> Int32 {
    // A source below the targets could be overwritten before its turn: such ones move up first. The copies live until
    // the child is there.
    var copies: [SharedDescriptor] = []
    var plan: [(number: Int32, source: Int32)] = []
    for (number, source) in descriptors {
      if source == number || source > highest {
        plan.append((number, source))
        continue
      }
      let copy = SharedDescriptor(
        Descriptor(
          owning: try systemCall("duplicate descriptor", "\(source)") {
            clinux_fcntl(source, F_DUPFD_CLOEXEC, Int(highest + 1))
          }))
      copies.append(copy)
      plan.append((number, copy.descriptor.rawValue))
    }
    defer { withExtendedLifetime(copies) {} }

    var actions = unsafe posix_spawn_file_actions_t()
    try numberedCall("prepare spawn", program) { unsafe posix_spawn_file_actions_init(&actions) }
    defer { _ = unsafe posix_spawn_file_actions_destroy(&actions) }
    try unsafe describeFiles(plan, kept, &actions)

    var attributes = posix_spawnattr_t()
    try numberedCall("prepare spawn", program) { unsafe posix_spawnattr_init(&attributes) }
    defer { _ = unsafe posix_spawnattr_destroy(&attributes) }
    try describeProcess(&attributes)

    var pid: pid_t = 0
    var number: Int32 = 0
    let (arguments, environment) = (arguments, environment)
    try systemCall("start", program) {
      unsafe withCStringArray(arguments) { arguments in
        unsafe withCStringArray(environment) { environment in
          unsafe path.withKernelString {
            let path = unsafe $0
            // It returns when the child executes its program.
            number = Self.underway.withLock { _ in
              unsafe posix_spawn(&pid, path, &actions, &attributes, arguments, environment)
            }
            return Int32(0)
          }
        }
      }
    }
    if number != 0 { throw SystemError(errno: number, call: "start", object: program) }
    return pid
  }

  private func describeFiles(
    _ plan: [(number: Int32, source: Int32)], _ kept: Int32?, _ actions: inout posix_spawn_file_actions_t
  ) throws(SystemError) {
    if let workingDirectory {
      try numberedCall("chdir", workingDirectory) {
        unsafe clinux_spawn_add_chdir(&actions, workingDirectory)
      }
    }
    // posix_spawn clears close-on-exec also where source and number are the same.
    for (number, source) in plan {
      try numberedCall("pass descriptor", "\(number)") {
        unsafe posix_spawn_file_actions_adddup2(&actions, source, number)
      }
    }
    // Closing a number that is not open is no error here. posix_spawn_file_actions_addclose(3).
    let passed = Set(plan.map(\.number))
    let last = kept.map { $0 - 1 } ?? highest
    for number in 0...max(last, highest) where !passed.contains(number) {
      try numberedCall("close descriptor", "\(number)") {
        unsafe posix_spawn_file_actions_addclose(&actions, number)
      }
    }
    let rest = (kept ?? highest) + 1
    try numberedCall("close descriptors", "from \(rest)") { unsafe clinux_spawn_add_closefrom(&actions, rest) }
  }

  private func describeProcess(_ attributes: inout posix_spawnattr_t) throws(SystemError) {
    var (every, none) = (SignalSet.all.kernelValue, SignalSet().kernelValue)
    var flags = Int16(POSIX_SPAWN_SETSIGDEF) | Int16(POSIX_SPAWN_SETSIGMASK)
    if newSession { flags |= clinux_spawn_setsid_flag() }
    try numberedCall("prepare spawn", program) { unsafe posix_spawnattr_setsigdefault(&attributes, &every) }
    try numberedCall("prepare spawn", program) { unsafe posix_spawnattr_setsigmask(&attributes, &none) }
    try numberedCall("prepare spawn", program) { unsafe posix_spawnattr_setflags(&attributes, flags) }
  }
}
