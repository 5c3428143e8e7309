import Diagnostics
import LinuxKernel

/// Something that the loop tells when its descriptor is ready.
protocol LoopSource: AnyObject {
  func ready(_ events: Epoll.Events)
}

/// The one loop of the shim: descriptors that are ready and timers that are due, one after another.
final class EventLoop {
  /// A descriptor being watched; spent once it was passed to `stop`.
  struct Watch {
    fileprivate let slot: Int
  }

  private struct Slot {
    let descriptor: SharedDescriptor
    let source: any LoopSource
    let generation: UInt32
  }

  private struct Timer {
    let due: UInt64
    let action: () -> Void
  }

  /// How long to wait before asking again when the kernel has no memory to watch one more descriptor.
  private static let retryPause: UInt64 = 100_000_000

  private let epoll: Epoll
  private var slots: [Slot?] = []
  private var lastGeneration: UInt32 = 0
  private var timers: [Timer] = []
  private var isEnding = false

  init() throws(SystemError) {
    epoll = try Epoll()
  }

  /// Tells `source` whenever the descriptor is ready for `events`, until `stop`. Hang-ups are always told.
  func watch(_ descriptor: SharedDescriptor, for events: Epoll.Events, source: any LoopSource) -> Watch {
    lastGeneration &+= 1
    let slot = Slot(descriptor: descriptor, source: source, generation: lastGeneration)
    let index = slots.firstIndex { $0 == nil } ?? slots.count
    if index == slots.count { slots.append(slot) } else { slots[index] = slot }
    register(index, generation: lastGeneration, events)
    return Watch(slot: index)
  }

  /// Changes what a watch waits for.
  func change(_ watch: Watch, to events: Epoll.Events) {
    guard let slot = slots[watch.slot] else { return }
    do {
      try epoll.change(slot.descriptor.descriptor, events, token: token(watch.slot, slot.generation))
    } catch {
      complain("watch: \(error.explanation)")
    }
  }

  func stop(_ watch: Watch) {
    guard let slot = slots[watch.slot] else { return }
    slots[watch.slot] = nil
    do {
      try epoll.remove(slot.descriptor.descriptor)
    } catch {
      complain("stop watching: \(error.explanation)")
    }
  }

  /// Runs `action` once, when so much time has passed.
  func after(nanoseconds: UInt64, _ action: @escaping () -> Void) {
    timers.append(Timer(due: monotonicNanoseconds() + nanoseconds, action: action))
  }

  /// Runs until `end`.
  func run() throws(SystemError) {
    while !isEnding {
      for event in try epoll.wait(milliseconds: millisecondsToNextTimer) {
        dispatch(event)
      }
      runDueTimers()
    }
  }

  func end() {
    isEnding = true
  }

  private func dispatch(_ event: Epoll.Ready) {
    let index = Int(event.token & 0xFFFF_FFFF)
    // The source may have gone since the kernel was asked, and another may have its slot.
    guard let slot = slots[index], slot.generation == UInt32(event.token >> 32) else { return }
    slot.source.ready(event.events)
  }

  private func register(_ index: Int, generation: UInt32, _ events: Epoll.Events) {
    guard let slot = slots[index], slot.generation == generation else { return }
    do {
      try epoll.add(slot.descriptor.descriptor, events, token: token(index, generation))
    } catch {
      complain("watch: \(error.explanation)")
      after(nanoseconds: Self.retryPause) { [weak self] in
        self?.register(index, generation: generation, events)
      }
    }
  }

  private func token(_ index: Int, _ generation: UInt32) -> UInt64 {
    UInt64(generation) << 32 | UInt64(index)
  }

  /// Rounded up, so that the timer is due when the wait is over; nil without timers.
  private var millisecondsToNextTimer: Int32? {
    guard let due = timers.map(\.due).min() else { return nil }
    let now = monotonicNanoseconds()
    return due <= now ? 0 : Int32((due - now + 999_999) / 1_000_000)
  }

  private func runDueTimers() {
    guard !timers.isEmpty else { return }
    let now = monotonicNanoseconds()
    let due = timers.filter { $0.due <= now }
    timers.removeAll { $0.due <= now }
    for timer in due { timer.action() }
  }
}
