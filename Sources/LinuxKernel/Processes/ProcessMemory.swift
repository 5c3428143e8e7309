import CLinux

/// This process's memory, as far as a program that runs for months has a say in it. mallopt(3), malloc_trim(3).
public enum ProcessMemory {
  /// Keeps the heap small rather than fast. To be called before the first thread starts.
  ///
  /// glibc gives each thread an arena of its own, and keeps what is freed for the next call: both cost a server that
  /// is idle most of its life more than they gain it. Thresholds that are set stay, where glibc's own grow.
  public static func keepSmall() {
    // Without these the program only needs more memory.
    _ = clinux_limit_heap(2, 128 << 10, 128 << 10)
  }

  /// Gives back to the kernel what is free, and what of the program itself is not in use now: after a start, and after
  /// work that took much.
  public static func release() {
    clinux_trim_heap()
    // Where /proc is not to be read the program only keeps what it has.
    try? ProgramMemory.release()
  }
}
