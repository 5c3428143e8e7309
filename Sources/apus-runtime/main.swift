import ContainerRuntime
import Glibc

// An OCI runtime with runc's command line.
//
//     apus-runtime [options] COMMAND [options] [arguments]
//
// The same file serves as the first process of containers with `--init`, under another name.

let arguments = CommandLine.arguments
let name = arguments.first?.split(separator: "/").last.map(String.init)
exit(name == ReapingInit.name ? Entry.reapContainer(arguments) : Entry.run(arguments))
