import Diagnostics
import EngineAPI
import NIOCore
import NIOHTTP1

func imageRoutes(_ backend: any ImageBackend) -> [Route] {
  [
    Route(.GET, "/images/json") { request in
      let images = try await backend.listImages(
        all: request.query.flag("all"), filters: try request.query.filters(), digests: request.query.flag("digests"))
      return try .json(images.map { $0.asOf(request.version) })
    },
    Route(.GET, "/images/{name...}/json") { request in
      try request.query.refuse("platform")
      return try .json(try await backend.inspectImage(request.parameter("name")).asOf(request.version))
    },
    Route(.GET, "/images/{name...}/history") { request in
      try request.query.refuse("platform")
      return try .json(try await backend.imageHistory(request.parameter("name")))
    },
    Route(.POST, "/images/{name...}/tag") { request in
      guard let repository = request.query.text("repo") else {
        throw ClassifiedError(.invalid, "the query repo is missing: the name to give")
      }
      try await backend.tagImage(
        request.parameter("name"), repository: repository, tag: request.query.text("tag") ?? "latest")
      return Response(.created)
    },
    Route(.DELETE, "/images/{name...}") { request in
      try request.query.refuse("platforms")
      return try .json(
        try await backend.removeImage(
          request.parameter("name"), force: request.query.flag("force"), prune: !request.query.flag("noprune")))
    },
    Route(.POST, "/images/create", computes: true) { request in try create(backend, request) },
    Route(.POST, "/images/load", computes: true) { request in
      try request.query.refuse("platform")
      // As dockerd: what is wrong with the archive is said in the stream, after a status of success.
      return .progress(hasErrorsInBody: true) { emit in
        try await backend.loadImages(from: request.body, quiet: request.query.flag("quiet", default: true), emit: emit)
      }
    },
    Route(.GET, "/images/get", computes: true) { request in
      let names = request.query.all("names").filter { !$0.isEmpty }
      guard !names.isEmpty else { throw ClassifiedError(.invalid, "the query names is missing: the images to save") }
      return try save(backend, names, request)
    },
    Route(.GET, "/images/{name...}/get", computes: true) { request in
      try save(backend, [request.parameter("name")], request)
    },
  ]
}

/// A pull (`fromImage`) or an import (`fromSrc`).
private func create(_ backend: any ImageBackend, _ request: Request) throws -> Response {
  let query = request.query
  if let image = query.text("fromImage") {
    let credentials = try request.registryCredentials()
    let reference = reference(image, tag: query.text("tag"))
    return .progress { emit in
      do {
        try await backend.pullImage(
          reference, platform: query.text("platform"), credentials: credentials, emit: emit)
      } catch {
        // As dockerd: at a status of 401 Docker's client asks its user for a name, also where nobody can answer.
        guard errorKind(of: error) == .unauthorized else { throw error }
        throw ClassifiedError(.system, explanation(of: error))
      }
    }
  }
  guard let source = query.text("fromSrc") else {
    throw ClassifiedError(.invalid, "the query fromImage or fromSrc is missing")
  }
  guard source == "-" else {
    throw ClassifiedError(
      .unsupported, "importing from a URL is not supported yet", object: source, advice: "send the archive instead")
  }
  return .progress { emit in
    try await backend.importImage(
      from: request.body, repository: query.text("repo"), tag: query.text("tag"), message: query.text("message"),
      changes: query.all("changes"), platform: query.text("platform"), emit: emit)
  }
}

/// Clients give the tag or digest apart from the name.
private func reference(_ image: String, tag: String?) -> String {
  guard let tag else { return image }
  return tag.contains(":") ? "\(image)@\(tag)" : "\(image):\(tag)"
}

private func save(_ backend: any ImageBackend, _ names: [String], _ request: Request) throws -> Response {
  try request.query.refuse("platform")
  return .stream(contentType: "application/x-tar") { stream in
    try await backend.saveImages(names) { try await stream.write($0) }
  }
}

extension Response {
  /// A stream of progress lines; an error that comes late becomes the last of them.
  fileprivate static func progress(
    hasErrorsInBody: Bool = false,
    _ work: @escaping @Sendable (@escaping @Sendable (ProgressMessage) async throws -> Void) async throws -> Void
  ) -> Response {
    .stream(
      contentType: "application/json", hasErrorsInBody: hasErrorsInBody,
      lastWords: { error in
        let message = explanation(of: error)
        return try? jsonLine(ProgressMessage(errorDetail: ErrorDetail(message: message), error: message))
      }
    ) { stream in
      try await work { try await stream.writeLine($0) }
    }
  }
}
