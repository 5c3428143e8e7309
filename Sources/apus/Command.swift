import CommandLine

/// A command: how it is written, and what it does.
struct Command: Sendable {
  /// The group that the command belongs to.
  enum Noun: String {
    case container, image, network, system
  }

  let spec: CommandSpec
  let noun: Noun?
  /// Its name without the group's, such as `ps` for `container ls`.
  let shortcut: String?
  /// Returns the exit status.
  let perform: @Sendable (Session) throws -> Int32

  /// `shortcut` nil: the command is only there behind its group; without a group the spec's name is all.
  init(
    _ spec: CommandSpec, noun: Noun? = nil, shortcut: String? = nil,
    perform: @escaping @Sendable (Session) throws -> Int32
  ) {
    self.spec = spec
    self.noun = noun
    self.shortcut = shortcut
    self.perform = perform
  }
}
