import Diagnostics
import Glibc
import LinuxKernel
import Testing

@Suite struct DescriptorTests {
  @Test func aDescriptorIsClosedWithItsOwner() throws {
    let pipe = try Pipe()
    let writer = pipe.writeEnd
    let reader = pipe.readEnd
    try writer.writeAll("hello")
    try writer.close()
    #expect(try reader.readAll() == Array("hello".utf8))
  }

  @Test func nonblockingReadsAndWritesDoNotWait() throws {
    let pipe = try Pipe()
    try pipe.readEnd.setNonblocking(true)
    try pipe.writeEnd.setNonblocking(true)
    var buffer = [UInt8](repeating: 0, count: 100)
    #expect(try pipe.readEnd.tryRead(into: &buffer) == .wouldBlock)
    let block = [UInt8](repeating: 1, count: 1 << 20)
    var written = 0
    while let count = try pipe.writeEnd.tryWrite(block.span) { written += count }
    #expect(written > 0)
    #expect(try pipe.readEnd.tryRead(into: &buffer) == .bytes(100))
  }

  @Test func copiesInsideTheKernelFromAnyFile() throws {
    try withScratch { scratch in
      for source in ["/proc/self/mountinfo", "/proc/self/exe"] {
        let from = try HostFiles.open(source, .readOnly)
        let to = try HostFiles.open("\(scratch)/copy", [.readWrite, .create, .truncate])
        let count = try from.copyAll(to: to)
        #expect(count > 0)
        #expect(try to.status().size == count)
      }
    }
  }

  @Test func sealedMemoryCannotChange() throws {
    let program = try HostFiles.open("/bin/true", .readOnly)
    let copy = try MemFD.sealedCopy(of: program, name: "true")
    #expect(MemFD.isSealed(copy) && !MemFD.isSealed(program))
    #expect(errorNumber { try copy.writeAll([1]) } == EPERM)
    #expect(errorNumber { try copy.truncate(to: 0) } == EPERM)
    let pid = try Spawn(program: "renamed", arguments: ["renamed"], environment: []).start(executing: copy)
    #expect(try Children.wait(for: pid) == .exited(0))
  }

  @Test func epollReportsByToken() throws {
    let epoll = try Epoll()
    let pipe = try Pipe()
    let event = try EventSource()
    let timer = try TimerSource()
    try epoll.add(pipe.readEnd, .readable, token: 1)
    try epoll.add(event.descriptor, .readable, token: 2)
    try epoll.add(timer.descriptor, .readable, token: 3)
    #expect(try epoll.wait(milliseconds: 0).isEmpty)
    try pipe.writeEnd.writeAll("x")
    try event.signal()
    #expect(Set(try epoll.wait().map(\.token)) == [1, 2])
    #expect(try event.acknowledge())
    try epoll.remove(pipe.readEnd)
    try timer.arm(after: 1)
    #expect(try epoll.wait().map(\.token) == [3])
    #expect(try timer.acknowledge())
    #expect(try !timer.acknowledge())
  }

  @Test func inotifyNamesWhatChanged() throws {
    try withScratch { scratch in
      let inotify = try Inotify()
      let watch = try inotify.watch(scratch, [.created, .movedTo])
      #expect(try inotify.changes().isEmpty)
      try HostFiles.replace("\(scratch)/log", with: [])
      let changes = try inotify.changes()
      #expect(changes.last?.name == "log" && changes.last?.events == .movedTo && changes.last?.watch == watch)
    }
  }

  @Test func errorsSayWhatOnWhatAndWhy() {
    let error = #expect(throws: SystemError.self) { _ = try HostFiles.open("/nowhere/file", .readOnly) }
    #expect(error?.explanation == "open /nowhere/file: no such file or directory")
    #expect(error?.kind == .notFound)
    #expect(errorKind(of: SystemError(errno: EPERM, call: "x")) == .forbidden)
    #expect(errorKind(of: SystemError(errno: EBUSY, call: "x")) == .conflict)
    #expect(errorKind(of: SystemError(errno: ENOSYS, call: "x")) == .unsupported)
  }
}

@Suite struct SocketTests {
  @Test(arguments: [1, 120]) func listensAndConnectsAtPathsOfAnyLength(directories: Int) throws {
    try withScratch { scratch in
      let directory = "\(scratch)/\(String(repeating: "d", count: directories))"
      try HostFiles.makeDirectories(directory)
      let listener = try UnixSocket.listen(at: "\(directory)/s.sock", permissions: 0o660)
      #expect(try HostFiles.status("\(directory)/s.sock").permissions == 0o660)
      let early = try listener.accept() == nil
      #expect(early)
      let client = try UnixSocket.connect(to: "\(directory)/s.sock")
      guard let server = try listener.accept() else {
        Issue.record("no connection")
        return
      }
      let peer = try server.peerCredentials()
      #expect(peer.pid == ProcessControl.currentID && peer.user == Credentials.effectiveUser)
      try client.writeAll("ping")
      try client.shutdownWriting()
      #expect(try server.readAll() == Array("ping".utf8))
      #expect(errorNumber { _ = try UnixSocket.listen(at: "\(directory)/s.sock") } == EADDRINUSE)
    }
  }

  @Test func aDescriptorTravelsWithTheFirstByte() throws {
    let pair = try SocketPair()
    let pipe = try Pipe()
    try pair.first.send([1, 2, 3], with: pipe.writeEnd)
    let message = try pair.second.receive(upTo: 10)
    #expect(message.bytes == [1, 2, 3])
    let received = message.descriptor
    guard let received else {
      Issue.record("no descriptor came")
      return
    }
    try received.writeAll("through")
    #expect(try read(7, from: pipe.readEnd) == Array("through".utf8))
  }

  @Test func bytesAloneComeWithoutDescriptor() throws {
    let pair = try SocketPair(packets: true)
    #expect(try pair.first.send([9]) == 1)
    let message = try pair.second.receive(upTo: 10)
    #expect(message.bytes == [9])
    let none = message.descriptor == nil
    #expect(none)
  }
}

@Suite struct TerminalTests {
  @Test func aTerminalHasTwoSidesAndASize() throws {
    let terminal = try PseudoTerminal()
    let slave = try terminal.openSlave()
    #expect(slave.isTerminal && terminal.master.isTerminal)
    try terminal.master.setWindowSize(WindowSize(rows: 33, columns: 101))
    #expect(try slave.windowSize() == WindowSize(rows: 33, columns: 101))
    try slave.writeAll("a\n")
    #expect(try read(3, from: terminal.master) == Array("a\r\n".utf8))
    let before = try slave.makeRaw()
    try slave.writeAll("b\n")
    #expect(try read(2, from: terminal.master) == Array("b\n".utf8))
    try slave.setTerminalModes(before)
    try slave.writeAll("c\n")
    #expect(try read(3, from: terminal.master) == Array("c\r\n".utf8))
  }

  @Test func theLastSlaveIsTheEnd() throws {
    let terminal = try PseudoTerminal()
    try terminal.openSlave().close()
    var buffer = [UInt8](repeating: 0, count: 10)
    #expect(try terminal.master.tryRead(into: &buffer) == .end)
    let pipe = try Pipe()
    let isTerminal = pipe.readEnd.isTerminal
    #expect(!isTerminal)
    #expect(errorNumber { _ = try pipe.readEnd.windowSize() } == ENOTTY)
  }
}
