import ContainerRuntime
import Diagnostics
import LinuxKernel

extension Verb {
  static let kill = Verb(
    name: "kill", usage: "[options] ID [SIGNAL]", summary: "send a signal to a container's first process",
    options: [.flag("all", "a", "to all its processes")]
  ) { arguments, settings in
    let words = try arguments.words(1...2, usage: "kill [options] ID [SIGNAL]")
    let name = words.count == 2 ? words[1] : "SIGTERM"
    guard let signal = Signal(name) else { throw ClassifiedError(.invalid, "unknown signal \"\(name)\"") }
    try Container.load(words[0], settings: settings).kill(signal, allProcesses: arguments.isSet("all"))
    return 0
  }
}
