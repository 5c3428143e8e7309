import Glibc

/// How others see this process: ps(1) shows the arguments that stand in its memory.
public enum ProcessTitle {
  /// Overwrites an argument of the program, as far as there is room: where the argument ends, the new one does.
  public static func replaceArgument(_ index: Int, with text: String) {
    guard index < Swift.CommandLine.argc, let argument = unsafe Swift.CommandLine.unsafeArgv[index] else { return }
    let room = unsafe strlen(argument)
    for (offset, byte) in text.utf8.prefix(room).enumerated() {
      unsafe argument[offset] = CChar(bitPattern: byte)
    }
  }
}
