import LinuxKernel
import ShimProtocol

/// What a connection is for, once its first request has said so.
protocol ConnectionRole: AnyObject {
  func received(_ request: ShimRequest, on connection: Connection)

  /// Some of what was to be sent has been sent.
  func sent(on connection: Connection)

  /// The other side has gone, or was dropped. Nothing more comes.
  func closed(_ connection: Connection)
}

/// One connection of the server: frames in, in their legal order, and frames out, as fast as the other side reads.
final class Connection: LoopSource, InputFeeder {
  /// Set when the first request has come, until the connection is closed.
  var role: (any ConnectionRole)?
  private(set) var isOpen = true

  private let socket: SharedDescriptor
  private let loop: EventLoop
  private let buffer: ReadBuffer
  private var watch: EventLoop.Watch?
  private var decoder = FrameDecoder<ShimRequest>()
  private var order: ConnectionOrder
  private var unsent = ByteQueue()
  private var isInputPaused = false
  private var isTakingRequests = false
  private var closesWhenSent = false

  init(
    _ socket: SharedDescriptor, as first: ConnectionOrder.Role, loop: EventLoop, buffer: ReadBuffer,
    role: any ConnectionRole
  ) throws(SystemError) {
    self.socket = socket
    self.loop = loop
    self.buffer = buffer
    self.role = role
    order = ConnectionOrder(first)
    try socket.descriptor.setNonblocking(true)
    watch = loop.watch(socket, for: .readable, source: self)
  }

  /// How many bytes the other side is behind.
  var behind: Int { unsent.count }

  // MARK: Sending

  func send(_ event: ShimEvent) {
    do {
      try send(frame: event.frame()[...])
    } catch {
      // Only a message beyond any sensible length does not fit: the other side must not wait for it.
      complain("answer: \(error.explanation)")
      close()
    }
  }

  /// Sends a frame that is ready. What the socket does not take at once waits here.
  func send(frame: ArraySlice<UInt8>) {
    guard isOpen else { return }
    guard unsent.isEmpty else { return unsent.append(frame) }
    do {
      let count = try socket.descriptor.tryWrite(frame.span) ?? 0
      guard count < frame.count else { return }
      unsent.append(frame.dropFirst(count))
      updateWatch()
    } catch {
      close()
    }
  }

  /// Closes the connection as soon as all has been sent.
  func closeWhenSent() {
    closesWhenSent = true
    if unsent.isEmpty { close() }
  }

  func close() {
    guard isOpen else { return }
    isOpen = false
    if let watch { loop.stop(watch) }
    watch = nil
    unsent.removeAll()
    let closed = role
    role = nil
    closed?.closed(self)
  }

  // MARK: Receiving

  func pauseInput() {
    isInputPaused = true
    updateWatch()
  }

  func resumeInput() {
    guard isOpen else { return }
    isInputPaused = false
    if watch == nil { watch = loop.watch(socket, for: interest, source: self) } else { updateWatch() }
    takeRequests()
  }

  func ready(_ events: Epoll.Events) {
    if events.contains(.writable) { sendWaiting() }
    guard isOpen else { return }
    if !isInputPaused, !events.isDisjoint(with: [.readable, .hangUp, .failure]) {
      receive()
    } else if !events.isDisjoint(with: [.hangUp, .failure]) {
      // The rest of the input is read when there is room for it; until then the kernel would tell this forever.
      if let watch { loop.stop(watch) }
      watch = nil
    }
  }

  private func receive() {
    do {
      switch try buffer.read(socket) {
      case .bytes(let count):
        decoder.append(contentsOf: buffer.content(count))
        takeRequests()
      case .end: close()
      case .wouldBlock: return
      }
    } catch {
      close()
    }
  }

  /// Hands on what has come, one by one, until one of them pauses the input.
  private func takeRequests() {
    // A request that is answered at once resumes the input while the loop is still in it.
    guard !isTakingRequests else { return }
    isTakingRequests = true
    defer { isTakingRequests = false }
    do throws(ProtocolError) {
      while isOpen, !isInputPaused, let request = try decoder.next() {
        try order.accept(request)
        role?.received(request, on: self)
      }
    } catch {
      complain("connection dropped: \(error.explanation)")
      close()
    }
  }

  private func sendWaiting() {
    do {
      let count = try socket.descriptor.tryWrite(unsent.waiting.span) ?? 0
      unsent.removeFirst(count)
    } catch {
      return close()
    }
    if unsent.isEmpty { updateWatch() }
    role?.sent(on: self)
    if unsent.isEmpty, closesWhenSent { close() }
  }

  private var interest: Epoll.Events {
    var events: Epoll.Events = []
    if !isInputPaused { events.insert(.readable) }
    if !unsent.isEmpty { events.insert(.writable) }
    return events
  }

  private func updateWatch() {
    if let watch { loop.change(watch, to: interest) }
  }
}
