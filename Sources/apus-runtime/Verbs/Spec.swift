import Diagnostics
import LinuxKernel
import OCIRuntimeSpec

extension Verb {
  static let spec = Verb(
    name: "spec", usage: "[options]", summary: "write a configuration to start from",
    options: [
      .value("bundle", "b", "directory of the bundle; the current one without it"),
      .flag("rootless", "a configuration for a container without root"),
    ]
  ) { arguments, _ in
    let path = "\(arguments["bundle"] ?? ".")/config.json"
    if try HostFiles.exists(path) {
      throw ClassifiedError(.conflict, "File \(path) exists. Remove it first")
    }
    if arguments.isSet("rootless") {
      throw ClassifiedError(.unsupported, "--rootless: containers without root are not supported")
    }
    try HostFiles.replace(path, with: Spec.example.json(indented: true) + [10], permissions: 0o644)
    return 0
  }
}
