/// How many arguments a command takes after its flags.
public enum ArgumentCount: Sendable, Equatable {
  case any
  case none
  case exactly(Int)
  case atLeast(Int)
  case atMost(Int)
  case between(Int, Int)

  /// What is wrong with so many arguments ("requires at least 1 argument"), or nil.
  func complaint(about count: Int) -> String? {
    switch self {
    case .any: nil
    case .none: count == 0 ? nil : "accepts no arguments"
    case .exactly(let wanted): count == wanted ? nil : "requires \(Self.plural(wanted))"
    case .atLeast(let least): count >= least ? nil : "requires at least \(Self.plural(least))"
    case .atMost(let most): count <= most ? nil : "requires at most \(Self.plural(most))"
    case .between(let least, let most):
      (least...most).contains(count) ? nil : "requires at least \(least) and at most \(Self.plural(most))"
    }
  }

  private static func plural(_ count: Int) -> String {
    count == 1 ? "1 argument" : "\(count) arguments"
  }
}

/// One command, or a group of commands, as plain data: what parsing, help and completion are made from.
public struct CommandSpec: Sendable {
  public private(set) var name: String
  /// Other words for the same command in the same group (`ls`: `list`, `ps`).
  public private(set) var aliases: [String]
  /// What follows the command in its usage line: `[OPTIONS] IMAGE [COMMAND] [ARG...]`.
  public let usage: String
  /// One sentence.
  public let summary: String
  private let makeFlags: @Sendable () -> [FlagSpec]
  public let count: ArgumentCount
  /// Whether the first argument ends the flags, because what follows belongs to another program.
  public let endsFlagsAtFirstArgument: Bool
  private let makeSubcommands: @Sendable () -> [CommandSpec]
  private let find: (@Sendable (String) -> CommandSpec?)?
  public let isGroup: Bool
  /// The heading under which the parent's help lists this command; nil for the usual one.
  public var section: String?
  /// Every way to write the command, without the program's name, when there are several.
  public var spellings: [String] = []

  /// A command that does something.
  public init(
    _ name: String, aliases: [String] = [], usage: String, _ summary: String, count: ArgumentCount,
    endsFlagsAtFirstArgument: Bool = false, flags: @autoclosure @escaping @Sendable () -> [FlagSpec] = []
  ) {
    self.name = name
    self.aliases = aliases
    self.usage = usage
    self.summary = summary
    self.makeFlags = flags
    self.count = count
    self.endsFlagsAtFirstArgument = endsFlagsAtFirstArgument
    isGroup = false
    makeSubcommands = { [] }
    find = nil
  }

  /// A group of commands. Its own flags stand before the subcommand.
  ///
  /// `find`: finds one by its name or alias without making the whole list.
  public init(
    group name: String, usage: String = "COMMAND", _ summary: String,
    flags: @autoclosure @escaping @Sendable () -> [FlagSpec] = [],
    subcommands: @autoclosure @escaping @Sendable () -> [CommandSpec],
    find: (@Sendable (String) -> CommandSpec?)? = nil
  ) {
    self.name = name
    self.aliases = []
    self.usage = usage
    self.summary = summary
    self.makeFlags = flags
    self.count = .any
    self.endsFlagsAtFirstArgument = true
    isGroup = true
    makeSubcommands = subcommands
    self.find = find
  }

  /// The same command under a name of its own, as `container ls` is also `ps`.
  public func renamed(_ name: String) -> CommandSpec {
    var copy = self
    copy.name = name
    copy.aliases = []
    return copy
  }

  /// The command's flags. They are made when they are asked for: a program that runs one command of fifty pays for one.
  public var flags: [FlagSpec] { makeFlags() }

  /// Those that help and completion show, by name.
  var listedFlags: [FlagSpec] { flags.filter { !$0.isHidden }.sorted { $0.long < $1.long } }

  /// The commands of a group, in the order in which help lists them; made when they are asked for, as the flags are.
  public var subcommands: [CommandSpec] { makeSubcommands() }

  /// The subcommand of that name or alias.
  public func subcommand(_ word: String) -> CommandSpec? {
    if let find { return find(word) }
    return subcommands.first { $0.name == word || $0.aliases.contains(word) }
  }
}
