import Diagnostics

/// The client closed its connection, or broke off its request.
struct ClientGone: Classifiable, Equatable {
  var kind: ErrorKind { .cancelled }
  var explanation: String { "the client went away" }
}
