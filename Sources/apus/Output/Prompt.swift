import Diagnostics
import EngineClient
import LinuxKernel

/// Asks the person at the terminal.
enum Prompt {
  /// A line as it is typed. Throws: kind `invalid` when there is no terminal to ask.
  static func line(_ question: String) throws -> String {
    try requireTerminal()
    try Console.write(question)
    let bytes = try StandardStreams.input.descriptor.read(upTo: 4096)
    return String(decoding: bytes, as: UTF8.self).trimmingLineEnd
  }

  /// A line that is not shown.
  ///
  /// The terminal hands on single keys meanwhile, so that the ones for erasing and giving up are ours to handle.
  static func secret(_ question: String) throws -> String {
    try requireTerminal()
    try Console.write(question)
    let terminal = try RawTerminal()
    defer { terminal.restore() }
    var typed: [UInt8] = []
    while true {
      for key in try StandardStreams.input.descriptor.read(upTo: 64) {
        switch key {
        case 13, 10, 4:
          terminal.restore()
          try Console.write("\n")
          return String(decoding: typed, as: UTF8.self)
        case 3:
          terminal.restore()
          throw ExitRequest(status: 130)
        case 8, 127:
          while let last = typed.popLast(), last & 0xc0 == 0x80 {}
        case 21: typed.removeAll()
        default: typed.append(key)
        }
      }
    }
  }

  /// Whether the answer to a question is yes; it need not come from a terminal, and no answer is a no.
  static func confirm(_ question: String) throws -> Bool {
    try Console.write(question + " [y/N] ")
    var answer: [UInt8] = []
    while !answer.contains(UInt8(ascii: "\n")), answer.count < 4096 {
      let piece = try StandardStreams.input.descriptor.read(upTo: 4096)
      if piece.isEmpty { break }
      answer += piece
    }
    let line = String(decoding: answer.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    return line.filter { !$0.isWhitespace }.lowercased() == "y"
  }

  private static func requireTerminal() throws {
    if !Console.inputIsTerminal {
      throw ClassifiedError(
        .invalid, "cannot perform an interactive login from a non TTY device",
        advice: "use --username and --password-stdin")
    }
  }
}
