import ContainerRuntime
import Diagnostics
import LinuxKernel

let arguments = CommandLine.arguments
// The runtime's file serves as the `--init` of containers too, under another name.
if ProgramName.isReapingInit(arguments.first) {
  ProgramExit.end(Entry.reapContainer(arguments))
}
ProgramExit.end(Entry.run(arguments))
