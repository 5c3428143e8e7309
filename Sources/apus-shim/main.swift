import LinuxKernel

// One per container: parent of init, holder of its streams, writer of its log, keeper of its exit status.
//
//     apus-shim ID       dots for the id of a container that is not known yet
//
// The server starts it, with the control connection as descriptor 3, the runtime's program as descriptor 4 and, unless the
// container is in another network namespace, the container's own as descriptor 5, which lives by that, and as 6 and 7 the
// sockets on which its questions about names arrive: they are kept for the server, and whoever is the server takes copies.

do {
  let control = Descriptor(owning: 3)
  let runtime = Descriptor(owning: 4)
  guard CommandLine.arguments.count == 2, (try? control.status())?.kind == .socket, (try? runtime.status()) != nil
  else {
    complain("usage: apus-shim ID, with the descriptors that the server passes")
    Clone.exitChild(2)
  }
  var sandbox: [SharedDescriptor] = []
  for number in Int32(5)...7 {
    let passed = Descriptor(owning: number)
    if (try? passed.status()) != nil { sandbox.append(SharedDescriptor(passed)) } else { _ = passed.take() }
  }
  try Shim.prepareProcess()
  let shim = try Shim(id: CommandLine.arguments[1], control: control, runtime: runtime, sandbox: sandbox)
  try shim.run()
} catch {
  complain(error.explanation)
  Clone.exitChild(1)
}
