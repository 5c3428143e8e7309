import ContainerRuntime
import Diagnostics
import LinuxKernel
import OCIRuntimeSpec

extension Verb {
  static let run = Verb(
    name: "run", usage: "[options] ID", summary: "make a container and run its program",
    options: creationOptions + [
      .flag("detach", "d", "do not wait for the program"),
      .flag("keep", "keep the container when the program has ended"),
      .flag("no-subreaper", "accepted for compatibility"),
    ],
    entersContainer: true
  ) { arguments, settings in
    let id = try arguments.words(1...1, usage: "run [options] ID")[0]
    let bundle = try Bundle(path: arguments["bundle"] ?? ".")
    var options = try CreationOptions(arguments)
    if arguments.isSet("detach") {
      if bundle.spec.process?.terminal == true, options.console == nil {
        throw ClassifiedError(.invalid, "cannot allocate tty if runc will detach without setting console socket")
      }
      _ = try ContainerCreation.create(id, bundle: bundle, options: options, start: .atOnce, settings: settings)
      return 0
    }
    let foreground = try Foreground(wantsTerminal: bundle.spec.process?.terminal == true && options.console == nil)
    options.console = foreground.console ?? options.console
    let container = try ContainerCreation.create(
      id, bundle: bundle, options: options, start: .atOnce, settings: settings)
    let status = try foreground.wait(for: container.record.pid)
    if !arguments.isSet("keep") {
      for error in try container.delete(force: true) { settings.warn(explanation(of: error)) }
    }
    return status.shellCode
  }
}
