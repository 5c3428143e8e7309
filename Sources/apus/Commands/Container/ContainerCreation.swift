import CommandLine
import Diagnostics
import EngineAPI
import EngineClient
import LinuxKernel

/// Creates a container, and pulls its image first when the flags and the server say so. What `run` and `create` share.
struct ContainerCreation {
  let session: Session
  let options: ContainerOptions
  let request: ContainerCreateRequest
  private let pullPolicy: String

  /// Reads the flags. Throws: kind `invalid`.
  init(_ session: Session) throws {
    self.session = session
    options = ContainerOptions(session)
    pullPolicy = session.flags.string("pull") ?? "missing"
    guard ["always", "missing", "never", ""].contains(pullPolicy) else {
      throw ClassifiedError(
        .invalid, "invalid pull option: '\(pullPolicy)': must be one of \"always\", \"missing\" or \"never\"")
    }
    request = try options.request()
  }

  /// Creates the container; warnings go to standard error.
  func create(_ request: ContainerCreateRequest) throws -> ContainerCreateResponse {
    let idFile = session.flags.string("cidfile")
    if let idFile, try HostFiles.exists(idFile) {
      throw ClassifiedError(
        .conflict, "container ID file found, make sure the other container isn't running or delete \(idFile)")
    }
    if pullPolicy == "always" { try pull() }
    let response: ContainerCreateResponse
    do {
      response = try send(request)
    } catch let fault as EngineFault where isMissingImage(fault) && ["missing", ""].contains(pullPolicy) {
      let name = try ImageName(request.config.image)
      if !session.flags.bool("quiet") { Console.complain("Unable to find image '\(name.tagged)' locally") }
      try pull()
      response = try send(request)
    }
    for warning in response.warnings { Console.complain("WARNING: \(warning)") }
    if let idFile { try HostFiles.replace(session.absolutePath(idFile), with: Array(response.id.utf8)) }
    return response
  }

  private func send(_ request: ContainerCreateRequest) throws -> ContainerCreateResponse {
    try session.client.createContainer(
      request, name: session.flags.string("name"), platform: session.flags.string("platform"))
  }

  private func isMissingImage(_ fault: EngineFault) -> Bool {
    fault.status == 404 && fault.serverMessage?.hasPrefix("No such image") == true
  }

  /// Progress goes to standard error: standard output belongs to the container.
  private func pull() throws {
    let name = try ImageName(request.config.image)
    let printer = session.flags.bool("quiet") ? nil : ProgressPrinter(on: StandardStreams.error)
    try session.client.pullImage(
      name.tagged, platform: session.flags.string("platform"),
      credentials: try session.configuration.credentials(for: name.credentialsKey, session.environment)
    ) { try printer?.show($0) }
  }
}
