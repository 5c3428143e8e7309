import Foundation
import TarFormat
import TestSupport

/// A member with its data, holes filled with zeros.
struct ReadMember: Equatable {
  let header: TarHeader
  var content: [UInt8] = []
}

/// Reads a whole archive, handed over in pieces of one size.
func read(_ archive: [UInt8], pieces size: Int) throws -> [ReadMember] {
  var parser = TarParser()
  var members: [ReadMember] = []
  var start = 0
  while start < archive.count {
    let piece = Array(archive[start..<min(start + size, archive.count)])
    start += size
    var position = 0
    while let event = try parser.next(in: piece.span, at: &position) {
      switch event {
      case .member(let header):
        members.append(ReadMember(header: header, content: Array(repeating: 0, count: Int(header.size))))
      case .data(let range, let offset):
        let place = Int(offset)..<Int(offset) + range.count
        members[members.count - 1].content.replaceSubrange(place, with: piece[range])
      case .endOfMember, .endOfArchive: break
      }
    }
  }
  try parser.finish()
  return members
}

/// An archive as `TarWriter` makes it.
func write(_ members: [ReadMember]) throws -> [UInt8] {
  try members.flatMap { member in
    try TarWriter.header(member.header) + member.content + TarWriter.padding(after: Int64(member.content.count))
  } + TarWriter.trailer
}

/// Runs a shell script in a new directory and returns the file `out` that it leaves there.
func output(of script: String) throws -> [UInt8] {
  try Scratch().output(of: "(\(script)\n) >&2; cat out")
}
