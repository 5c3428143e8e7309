import ContainerRuntime
import Diagnostics
import OCIRuntimeSpec

extension Verb {
  static let list = Verb(
    name: "list", usage: "[options]", summary: "list the containers",
    options: [.value("format", "f", "table or json"), .flag("quiet", "q", "print the ids only")]
  ) { arguments, settings in
    let containers = try Container.all(settings: settings)
    if arguments.isSet("quiet") {
      try StandardOutput.write(containers.map { "\($0.record.id)\n" }.joined())
      return 0
    }
    // One that is deleted meanwhile is none.
    let reports = containers.compactMap { try? $0.report() }
    switch arguments["format"] ?? "table" {
    case "json":
      var writer = JSONWriter()
      reports.write(to: &writer)
      try StandardOutput.write(reports.isEmpty ? "null" : String(decoding: writer.bytes, as: UTF8.self))
    case "table":
      var table = TextTable(["ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"])
      for report in reports {
        table.add([
          report.id, "\(report.pid)", report.status.rawValue, report.bundle, report.created, report.owner,
        ])
      }
      try StandardOutput.write(table.text)
    case let format: throw ClassifiedError(.invalid, "invalid format option \"\(format)\"")
    }
    return 0
  }
}
