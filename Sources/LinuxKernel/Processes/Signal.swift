import CLinux
import Glibc

/// A signal. signal(7).
public struct Signal: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
  /// 1 to 64.
  public let rawValue: Int32

  /// nil for numbers outside 1…64.
  public init?(rawValue: Int32) {
    guard (1...64).contains(rawValue) else { return nil }
    self.rawValue = rawValue
  }

  private init(_ rawValue: Int32) {
    self.rawValue = rawValue
  }

  public static let hangup = Signal(SIGHUP)
  public static let interrupt = Signal(SIGINT)
  public static let quit = Signal(SIGQUIT)
  public static let kill = Signal(SIGKILL)
  public static let user1 = Signal(SIGUSR1)
  public static let user2 = Signal(SIGUSR2)
  public static let pipe = Signal(SIGPIPE)
  public static let alarm = Signal(SIGALRM)
  public static let terminate = Signal(SIGTERM)
  public static let child = Signal(SIGCHLD)
  public static let `continue` = Signal(SIGCONT)
  public static let stop = Signal(SIGSTOP)
  public static let terminalStop = Signal(SIGTSTP)
  public static let terminalInput = Signal(SIGTTIN)
  public static let terminalOutput = Signal(SIGTTOU)
  public static let windowChange = Signal(SIGWINCH)

  /// Every name, without "SIG"; where two names share a number, the first is the one that is printed.
  private static let names: [(name: String, number: Int32)] = [
    ("HUP", SIGHUP), ("INT", SIGINT), ("QUIT", SIGQUIT), ("ILL", SIGILL), ("TRAP", SIGTRAP), ("ABRT", SIGABRT),
    ("IOT", SIGABRT), ("BUS", SIGBUS), ("FPE", SIGFPE), ("KILL", SIGKILL), ("USR1", SIGUSR1), ("SEGV", SIGSEGV),
    ("USR2", SIGUSR2), ("PIPE", SIGPIPE), ("ALRM", SIGALRM), ("TERM", SIGTERM), ("STKFLT", 16), ("CHLD", SIGCHLD),
    ("CLD", SIGCHLD), ("CONT", SIGCONT), ("STOP", SIGSTOP), ("TSTP", SIGTSTP), ("TTIN", SIGTTIN), ("TTOU", SIGTTOU),
    ("URG", SIGURG), ("XCPU", SIGXCPU), ("XFSZ", SIGXFSZ), ("VTALRM", SIGVTALRM), ("PROF", SIGPROF),
    ("WINCH", SIGWINCH), ("IO", SIGIO), ("POLL", SIGIO), ("PWR", 30), ("SYS", SIGSYS),
  ]

  /// glibc keeps 32 and 33 for itself.
  private static let (firstRealtime, lastRealtime): (Int32, Int32) = (34, 64)

  /// Reads a signal as users write it: "SIGTERM", "TERM", "term", "15", "RTMIN+3", "SIGRTMAX-1". nil for anything else.
  public init?(_ text: String) {
    if let number = Int32(text) {
      self.init(rawValue: number)
      return
    }
    var name = text.uppercased()
    if name.hasPrefix("SIG") { name.removeFirst(3) }
    if let entry = Self.names.first(where: { $0.name == name }) {
      self.init(entry.number)
    } else if let number = Self.realtime(name) {
      self.init(number)
    } else {
      return nil
    }
  }

  private static func realtime(_ name: String) -> Int32? {
    let number: Int32
    switch name.prefix(5) {
    case "RTMIN":
      guard let offset = offset(name.dropFirst(5), sign: "+") else { return nil }
      number = firstRealtime + offset
    case "RTMAX":
      guard let offset = offset(name.dropFirst(5), sign: "-") else { return nil }
      number = lastRealtime - offset
    default: return nil
    }
    return (firstRealtime...lastRealtime).contains(number) ? number : nil
  }

  private static func offset(_ text: Substring, sign: Character) -> Int32? {
    if text.isEmpty { return 0 }
    let digits = text.dropFirst()
    guard text.first == sign, digits.count <= 2, digits.allSatisfy(\.isNumber) else { return nil }
    return Int32(digits)
  }

  /// "SIGTERM"; real-time signals are "SIGRTMIN+3", the two of glibc their number.
  public var description: String {
    if let entry = Self.names.first(where: { $0.number == rawValue }) { return "SIG\(entry.name)" }
    if rawValue == Self.firstRealtime { return "SIGRTMIN" }
    return rawValue > Self.firstRealtime ? "SIGRTMIN+\(rawValue - Self.firstRealtime)" : "\(rawValue)"
  }

  /// Sends the signal to a process; a negative number means a process group. kill(2).
  ///
  /// Throws: ESRCH when there is none.
  public func send(to process: Int32) throws(SystemError) {
    try systemCall("send signal", "\(self) to process \(process)") { Glibc.kill(process, rawValue) }
  }

  /// Signals that this process does not act on are inherited by what it executes; so are handlers' defaults.
  public func ignore() {
    _ = Glibc.signal(rawValue, SIG_IGN)
  }

  /// The kernel's own action again.
  public func restoreDefault() {
    _ = Glibc.signal(rawValue, SIG_DFL)
  }
}

/// A set of signals, and the calling thread's mask of those that wait. sigsetops(3).
public struct SignalSet: Sendable {
  var kernelValue = sigset_t()

  public init(_ signals: [Signal] = []) {
    unsafe sigemptyset(&kernelValue)
    for signal in signals { unsafe sigaddset(&kernelValue, signal.rawValue) }
  }

  public static var all: SignalSet {
    var set = SignalSet()
    unsafe sigfillset(&set.kernelValue)
    return set
  }

  /// Makes these signals wait, beside those that wait already. Returns the mask before. pthread_sigmask(3).
  @discardableResult
  public func block() throws(SystemError) -> SignalSet {
    try changeMask(SIG_BLOCK)
  }

  /// Makes exactly these signals wait. Returns the mask before.
  @discardableResult
  public func setAsMask() throws(SystemError) -> SignalSet {
    try changeMask(SIG_SETMASK)
  }

  private func changeMask(_ how: Int32) throws(SystemError) -> SignalSet {
    var (new, old) = (kernelValue, SignalSet())
    try numberedCall("set signal mask") { unsafe pthread_sigmask(how, &new, &old.kernelValue) }
    return old
  }
}
