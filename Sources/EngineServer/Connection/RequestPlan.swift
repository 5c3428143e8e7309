import Diagnostics
import EngineAPI
import NIOHTTP1

/// What is to be done with a request, decided from its head alone.
enum RequestPlan: Sendable {
  case route(Route, parameters: [String: String], version: APIVersion, query: Query)
  case refuse(ClassifiedError)

  /// Whether the connection may leave HTTP behind this request.
  var mayTakeOver: Bool {
    if case .route(let route, _, _, _) = self { route.mayTakeOver } else { false }
  }

  /// Whether the request keeps a processor busy.
  var computes: Bool {
    if case .route(let route, _, _, _) = self { route.computes } else { false }
  }

  init(_ head: HTTPRequestHead, table: RouteTable) {
    do {
      let target = try RequestTarget(head.uri)
      let version = try VersionNegotiation.version(asked: target.version)
      guard let (route, parameters) = table.match(head.method, target.segments) else {
        throw ClassifiedError(.notFound, "page not found")
      }
      self = .route(route, parameters: parameters, version: version, query: target.query)
    } catch {
      self = .refuse(error as? ClassifiedError ?? ClassifiedError(.invalid, "\(error)"))
    }
  }
}
