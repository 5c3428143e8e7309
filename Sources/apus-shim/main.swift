import LinuxKernel

// One per container: parent of init, holder of its streams, writer of its log, keeper of its exit status.
//
//     apus-shim ID       dots for the id of a container that is not known yet
//
// The server starts it, with the control connection as descriptor 3 and the runtime's program as descriptor 4.

do {
  let control = Descriptor(owning: 3)
  let runtime = Descriptor(owning: 4)
  guard CommandLine.arguments.count == 2, (try? control.status())?.kind == .socket, (try? runtime.status()) != nil
  else {
    complain("usage: apus-shim ID, with the descriptors that the server passes")
    Clone.exitChild(2)
  }
  try Shim.prepareProcess()
  let shim = try Shim(id: CommandLine.arguments[1], control: control, runtime: runtime)
  try shim.run()
} catch {
  complain(error.explanation)
  Clone.exitChild(1)
}
