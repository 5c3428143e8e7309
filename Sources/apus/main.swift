import LinuxKernel

// Synchronous from here to the end: a static program with an asynchronous main takes ten times as long to start.
Program(arguments: Array(Swift.CommandLine.arguments.dropFirst())).run()
