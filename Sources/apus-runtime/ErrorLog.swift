import ContainerRuntime
import Diagnostics
import LinuxKernel
import OCIRuntimeSpec

/// Where an error goes: to standard error, one line, and to the file that `--log` names, in the form in which the
/// callers of runc read it.
struct ErrorLog {
  private struct Entry: JSONObject {
    var level = "error"
    var msg = ""
    var time = ""

    mutating func map(_ fields: inout some JSONFields) throws(JSONError) {
      try fields.required("level", &level)
      try fields.required("msg", &msg)
      try fields.required("time", &time)
    }
  }

  private var path: String?
  private var usesJSON = false

  init() {}

  init(_ global: ParsedArguments) {
    path = global["log"]
    usesJSON = global["log-format"] == "json"
  }

  func write(_ error: any Error) {
    write("error", explanation(of: error))
  }

  /// To the log alone where there is one: the standard error of `create` is the container's.
  func warn(_ message: String) {
    write("warning", message, toStandardError: path == nil)
  }

  private func write(_ level: String, _ message: String, toStandardError: Bool = true) {
    let line = message.split(whereSeparator: \.isNewline).joined(separator: " ")
    // Nothing is left to do when even standard error is closed.
    if toStandardError { try? StandardStream.duplicate(2).writeAll("\(line)\n") }
    guard let path else { return }
    do {
      var entry = Entry()
      entry.level = level
      entry.msg = line
      entry.time = Timestamp.now()
      let text =
        usesJSON
        ? entry.json() : Array("time=\"\(entry.time)\" level=\(level) msg=\(quoted(line))".utf8)
      try HostFiles.open(path, [.writeOnly, .create, .append], permissions: 0o644).writeAll(text + [10])
    } catch {
      try? StandardStream.duplicate(2).writeAll("cannot write the log: \(explanation(of: error))\n")
    }
  }

  private func quoted(_ text: String) -> String {
    var writer = JSONWriter()
    text.write(to: &writer)
    return String(decoding: writer.bytes, as: UTF8.self)
  }
}
