import Diagnostics
import ShimProtocol

/// A failed start in the words that clients know.
///
/// Docker's clients look for parts of dockerd's sentence, which runs through containerd's and runc's, to choose
/// their own exit code; so the shape of the sentence is theirs.
struct StartFailureReport {
  /// What the state keeps.
  let state: ContainerState.StartFailure
  /// What the client is told.
  let answer: ClassifiedError

  /// `command`: the program that was to run.
  init(_ error: any Error, command: String) {
    let sentence: String
    if let failure = error as? ShimFailure {
      sentence =
        "failed to create task for container: failed to create shim task: OCI runtime create failed: "
        + "apus-runtime create failed: \(failure.message): unknown"
    } else {
      sentence = "failed to start container: \(explanation(of: error))"
    }
    let code = StartFailureReport.code(for: sentence, command: command)
    state = ContainerState.StartFailure(code: code, message: sentence)
    answer = ClassifiedError(code == 128 ? errorKind(of: error) : .invalid, sentence)
  }

  /// What dockerd's rules make of the sentence: 127 for a program that is not there, 126 for one that cannot be
  /// executed, 128 for everything else.
  static func code(for sentence: String, command: String) -> Int {
    guard sentence.contains(command) else { return 128 }
    let missing = ["executable file not found", "no such file or directory", "system cannot find the file specified"]
    if missing.contains(where: sentence.contains) { return 127 }
    let refused = ["permission denied", "exec format error", "not a directory", "is a directory"]
    return refused.contains(where: sentence.contains) ? 126 : 128
  }
}
