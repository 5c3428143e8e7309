#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A named place at which a test can make a program fail, stop or die.
///
/// The environment variable `APUS_FAILPOINTS` holds `name=action` pairs, separated by commas; an action is
/// `error` (throw), `die` (SIGKILL to itself), `stop` (SIGSTOP to itself) or `sleep:MILLISECONDS`, each
/// optionally behind `N*` to act only the Nth time the place is passed. Unset, a place costs one load of a
/// constant. A name or an action that does not exist ends the program at its start, so that no test passes
/// because of a misspelt name.
public enum FailPoint: String, Sendable, CaseIterable {
  // create
  case createBeforeRecord = "create.before-record"
  case createAfterRecord = "create.after-record"
  case createAfterDirectory = "create.after-directory"
  // start
  case startBeforeBundle = "start.before-bundle"
  case startAfterBundle = "start.after-bundle"
  case startAfterShim = "start.after-shim"
  case startAfterCreated = "start.after-created"
  case startBeforeRecord = "start.before-record"
  case networkCreateBeforeRecord = "network-create.before-record"
  case networkRemoveAfterRecord = "network-remove.after-record"
  case networkBeforeRecord = "network.before-record"
  case networkAfterRecord = "network.after-record"
  case networkBeforeCables = "network.before-cables"
  case networkAfterConnect = "network.after-connect"
  case networkChangeAfterRecord = "network-change.after-record"
  case networkChangeAfterConnect = "network-change.after-connect"
  case networkChangeAfterFiles = "network-change.after-files"
  // update
  case updateBeforeRecord = "update.before-record"
  case updateAfterRecord = "update.after-record"
  case updateAfterLimits = "update.after-limits"
  case updateAfterPublish = "update.after-publish"
  // stop, exit
  case stopAfterSignal = "stop.after-signal"
  case exitBeforeRecord = "exit.before-record"
  case exitAfterRecord = "exit.after-record"
  // rm
  case removeBeforeRecord = "remove.before-record"
  case removeAfterRecord = "remove.after-record"
  case removeBeforeDirectory = "remove.before-directory"
  // exec
  case execBeforeStart = "exec.before-start"
  case execAfterStart = "exec.after-start"
  // pull and load
  case pullAfterManifest = "pull.after-manifest"
  case pullAfterBlob = "pull.after-blob"
  case pullBeforeUnpack = "pull.before-unpack"
  case pullAfterUnpack = "pull.after-unpack"
  case pullBeforeRecord = "pull.before-record"
  case pullAfterRecord = "pull.after-record"
  // image removal
  case imageRemoveAfterRecord = "image-remove.after-record"
  case imageRemoveAfterLayer = "image-remove.after-layer"

  /// Acts if the environment says so for this place.
  ///
  /// Throws: `ClassifiedError` of kind `system` for the action `error`.
  @inline(__always)
  public func pass() throws {
    guard FailPointPlan.isActive else { return }
    try FailPointPlan.current.act(self)
  }
}

/// What the environment asked for, read once.
struct FailPointPlan: Sendable {
  enum Action: Sendable, Equatable {
    case fail, die, stop
    case sleep(milliseconds: UInt32)
  }

  static let isActive = !current.actions.isEmpty
  static let current = FailPointPlan(environment: environmentValue("APUS_FAILPOINTS"))

  let actions: [FailPoint: (action: Action, onPass: Int?)]
  private let passes = PassCounter()

  init(environment: String?) {
    guard let environment, !environment.isEmpty else {
      actions = [:]
      return
    }
    switch FailPointPlan.parse(environment) {
    case .success(let actions): self.actions = actions
    case .failure(let error):
      complain("APUS_FAILPOINTS: \(error.description)\n")
      exit(125)
    }
  }

  static func parse(_ text: String) -> Result<[FailPoint: (action: Action, onPass: Int?)], ClassifiedError> {
    var actions: [FailPoint: (action: Action, onPass: Int?)] = [:]
    for item in text.split(separator: ",") {
      let parts = item.split(separator: "=", maxSplits: 1)
      guard parts.count == 2, let point = FailPoint(rawValue: String(parts[0])) else {
        return .failure(ClassifiedError(.invalid, "no such failpoint: \(item)", advice: "see apusd --list-failpoints"))
      }
      var word = parts[1]
      var onPass: Int?
      if let star = word.firstIndex(of: "*") {
        onPass = Int(word[..<star])
        word = word[word.index(after: star)...]
      }
      guard let action = action(named: String(word)) else {
        return .failure(ClassifiedError(.invalid, "no such action: \(item)", advice: "error, die, stop or sleep:MS"))
      }
      actions[point] = (action, onPass)
    }
    return .success(actions)
  }

  private static func action(named word: String) -> Action? {
    switch word {
    case "error": return .fail
    case "die": return .die
    case "stop": return .stop
    default:
      guard word.hasPrefix("sleep:"), let milliseconds = UInt32(word.dropFirst(6)) else { return nil }
      return .sleep(milliseconds: milliseconds)
    }
  }

  func act(_ point: FailPoint) throws {
    guard let planned = actions[point] else { return }
    let pass = passes.next(point)
    if let onPass = planned.onPass, onPass != pass { return }
    switch planned.action {
    case .fail: throw ClassifiedError(.system, "failpoint \(point.rawValue)")
    case .die: kill(getpid(), SIGKILL)
    case .stop: kill(getpid(), SIGSTOP)
    case .sleep(let milliseconds): usleep(milliseconds * 1000)
    }
  }
}
