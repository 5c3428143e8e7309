/// What is known of a container (runtime-spec runtime.md, "State"): what hooks read from their standard input.
public struct State: JSONObject {
  public enum Status: String, JSONValue, CaseIterable {
    case creating, created, running, stopped
    /// Not in the specification, which lets runtimes add their own.
    case paused
  }

  public var ociVersion: String
  public var id: String
  public var status: Status
  /// In the reader's pid namespace; nil when there is no process any more.
  public var pid: Int?
  /// Absolute.
  public var bundle: String
  public var annotations: [String: String]

  public init(
    ociVersion: String = Spec.currentVersion, id: String, status: Status, pid: Int? = nil, bundle: String,
    annotations: [String: String] = [:]
  ) {
    self.ociVersion = ociVersion
    self.id = id
    self.status = status
    self.pid = pid
    self.bundle = bundle
    self.annotations = annotations
  }

  public init() { self.init(ociVersion: "", id: "", status: .creating, bundle: "") }

  public mutating func map(_ fields: inout some JSONFields) throws(JSONError) {
    try fields.required("ociVersion", &ociVersion)
    try fields.required("id", &id)
    try fields.required("status", &status)
    try fields.optional("pid", &pid)
    try fields.required("bundle", &bundle)
    try fields.defaulted("annotations", &annotations)
  }
}
