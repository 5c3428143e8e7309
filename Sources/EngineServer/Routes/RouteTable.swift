import NIOHTTP1

/// One thing that the API can be asked.
struct Route: Sendable {
  typealias Handler = @Sendable (Request) async throws -> Response

  let method: HTTPMethod
  let pattern: RoutePattern
  /// Whether success ends HTTP on the connection.
  let mayTakeOver: Bool
  /// Whether it keeps a processor busy, as unpacking layers does: then it has a thread of the pool, not the loop's.
  let computes: Bool
  let handle: Handler

  init(
    _ method: HTTPMethod, _ path: String, mayTakeOver: Bool = false, computes: Bool = false, _ handle: @escaping Handler
  ) {
    self.method = method
    self.pattern = RoutePattern(path)
    self.mayTakeOver = mayTakeOver
    self.computes = computes
    self.handle = handle
  }
}

/// All routes, found by method and path. The order in which they are given does not matter: the closest match wins.
struct RouteTable: Sendable {
  private let routes: [String: [Route]]

  init(_ routes: [Route]) {
    self.routes = Dictionary(grouping: routes) { $0.pattern.firstLiteral ?? "" }
      .mapValues { $0.sorted { $0.pattern.specificity > $1.pattern.specificity } }
  }

  func match(_ method: HTTPMethod, _ path: [String]) -> (route: Route, parameters: [String: String])? {
    for route in path.first.flatMap({ routes[$0] }) ?? [] where route.method == method {
      if let parameters = route.pattern.match(path) { return (route, parameters) }
    }
    return nil
  }
}
