import Glibc

// Synchronous: the main thread waits for signals, and leaves the work to the others.
exit(Program(arguments: Array(Swift.CommandLine.arguments.dropFirst())).run())
