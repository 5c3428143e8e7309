import Diagnostics
import Foundation
import LayerArchive
import LinuxKernel
import OCIImageSpec
import TarFormat
import TestSupport

/// A member for a layer made by hand.
func member(
  _ kind: TarHeader.Kind, _ path: String, to target: String = "", mode: UInt32 = 0o644, _ content: String = "",
  change: (inout TarHeader) -> Void = { _ in }
) -> (TarHeader, [UInt8]) {
  var header = TarHeader(kind, path: path, mode: mode)
  header.linkTarget = Array(target.utf8)
  header.size = Int64(content.utf8.count)
  header.modified = TarTime(seconds: 1_000_000_000, nanoseconds: 42)
  change(&header)
  return (header, Array(content.utf8))
}

func archive(_ members: [(TarHeader, [UInt8])]) throws -> [UInt8] {
  try members.flatMap { try TarWriter.header($0) + $1 + TarWriter.padding(after: Int64($1.count)) } + TarWriter.trailer
}

/// Unpacks a plain archive, or a compressed one whose plain content is given, into `layer` under the scratch directory.
@discardableResult
func unpack(
  _ plain: [UInt8], as blob: [UInt8]? = nil, in scratch: Scratch, layer: String = "layer",
  options: UnpackOptions = UnpackOptions(), cancellation: Cancellation = Cancellation()
) throws -> UnpackedLayer {
  let directory = "\(scratch.path)/\(layer)"
  try HostFiles.makeDirectory(directory)
  try HostFiles.replace("\(scratch.path)/\(layer).blob", with: blob ?? plain)
  let file = SharedDescriptor(try HostFiles.open("\(scratch.path)/\(layer).blob", .readOnly))
  return try LayerUnpacker(options: options).unpack(
    blob: file, into: directory, diffID: Digest.of(plain), cancellation: cancellation)
}

/// Everything below a directory: kind, permissions, owner, size, time and target of each name.
func listing(_ scratch: Scratch, _ directory: String) throws -> [String] {
  let text = try scratch.run("find \(directory) -printf '%P %y %m %U:%G %l\\n' | LC_ALL=C sort")
  return text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
}
