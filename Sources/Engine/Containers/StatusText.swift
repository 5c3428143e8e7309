extension ContainerState {
  /// The state for people, as `ps` shows it: `Up 3 minutes`, `Exited (0) 2 hours ago`.
  func statusText(now: Timestamp) -> String {
    switch self {
    case .created: "Created"
    case .running(let run): "Up \(roughDuration(seconds: now.seconds - run.started.seconds))"
    case .exited(let exit):
      if let finished = exit.finished {
        "Exited (\(exit.code)) \(roughDuration(seconds: now.seconds - finished.seconds)) ago"
      } else {
        "Exited (\(exit.code))"
      }
    case .removing, .removed: "Removal In Progress"
    }
  }
}

/// A length of time in the one unit that fits, in Docker's words.
func roughDuration(seconds: Int64) -> String {
  let minutes = seconds / 60
  let hours = (minutes + 30) / 60
  switch (seconds, minutes, hours) {
  case (..<1, _, _): return "Less than a second"
  case (1, _, _): return "1 second"
  case (..<60, _, _): return "\(seconds) seconds"
  case (_, 1, _): return "About a minute"
  case (_, ..<60, _): return "\(minutes) minutes"
  case (_, _, ...1): return "About an hour"
  case (_, _, ..<48): return "\(hours) hours"
  case (_, _, ..<(24 * 7 * 2)): return "\(hours / 24) days"
  case (_, _, ..<(24 * 30 * 2)): return "\(hours / 24 / 7) weeks"
  case (_, _, ..<(24 * 365 * 2)): return "\(hours / 24 / 30) months"
  default: return "\(hours / 24 / 365) years"
  }
}
