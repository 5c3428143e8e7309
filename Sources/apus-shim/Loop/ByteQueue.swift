/// Bytes that wait for a descriptor to take them, in order.
struct ByteQueue {
  private var bytes: [UInt8] = []
  private var head = 0

  var count: Int { bytes.count - head }
  var isEmpty: Bool { count == 0 }

  /// The bytes that wait.
  var waiting: ArraySlice<UInt8> { bytes[head...] }

  mutating func append(_ more: ArraySlice<UInt8>) {
    if head > 0 && head >= bytes.count / 2 {
      bytes.removeFirst(head)
      head = 0
    }
    bytes += more
  }

  /// Forgets the first `count` bytes. A queue that ran empty gives back its memory, unless it is small.
  mutating func removeFirst(_ count: Int) {
    head += count
    if head == bytes.count { removeAll() }
  }

  mutating func removeAll() {
    bytes.removeAll(keepingCapacity: bytes.capacity <= 4096)
    head = 0
  }
}
