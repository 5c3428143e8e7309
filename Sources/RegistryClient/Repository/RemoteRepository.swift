import AsyncHTTPClient
import Diagnostics
import Logging
import NIOCore
import NIOHTTP1
public import OCIImageSpec

/// A repository in a registry, for the time of one pull.
///
/// Whatever is fetched is verified here: a caller never sees a byte of a manifest before its digest was right, and
/// learns from the return of `fetchBlob` that all it has written was right.
public final class RemoteRepository: Sendable {
  public let reference: ImageReference
  let directory: EndpointDirectory
  let client: RegistryClient

  init(_ reference: ImageReference, directory: EndpointDirectory, client: RegistryClient) {
    self.reference = reference
    self.directory = directory
    self.client = client
  }

  /// What a token must be good for.
  var scope: String { "repository:\(reference.path):pull" }

  /// Asks one place after the other until one gives what is wanted.
  ///
  /// Throws: `ClassifiedError`.
  func firstAnswer<Value: Sendable>(_ ask: (RegistryEndpoint) async throws -> Value) async throws -> Value {
    do {
      return try await tryInTurn(ask)
    } catch {
      throw explain(error)
    }
  }

  private func tryInTurn<Value: Sendable>(_ ask: (RegistryEndpoint) async throws -> Value) async throws -> Value {
    var last: any Error = RegistryFailure(.connection, .unavailable, "there is no registry to ask")
    for index in await directory.order {
      do {
        let endpoint = try await directory.endpoint(at: index)
        let value = try await ask(endpoint)
        await directory.prefer(index)
        return value
      } catch {
        if Task.isCancelled || error is ClassifiedError { throw error }
        last = error
        await noteFailure(of: index, error)
      }
    }
    throw last
  }

  /// Reads what a place has answered. What cannot be read is that place's failure: the next one may do better.
  ///
  /// Throws: `RegistryFailure`.
  func verified<Document>(_ read: () throws -> Document) throws -> Document {
    do {
      return try read()
    } catch let error as ClassifiedError {
      throw RegistryFailure(.verification, error.kind, error.message, advice: error.advice)
    }
  }

  func noteFailure(of index: Int, _ error: any Error) async {
    guard await directory.isMirror(index) else { return }
    let reason = (error as? RegistryFailure)?.message ?? String(describing: error)
    client.logger.warning("mirror does not serve \(reference.familiar): \(reason)")
  }
}

// MARK: - Errors in the user's terms

extension RemoteRepository {
  /// What a failure means for who wants the image.
  func explain(_ error: any Error) -> any Error {
    switch error {
    case let error as ClassifiedError: error
    case let failure as RegistryFailure: explain(failure)
    default:
      Task.isCancelled || error is CancellationError
        ? ClassifiedError(.cancelled, "the transfer of \(reference.familiar) was cancelled") : error
    }
  }

  private func explain(_ failure: RegistryFailure) -> ClassifiedError {
    guard let answer = failure.answer else {
      guard case .status(404) = failure.cause else { return failure.classified }
      return ClassifiedError(.notFound, "manifest for \(reference.familiar) not found: \(failure.message)")
    }
    if answer.has(code: "DENIED") {
      return ClassifiedError(
        .notFound,
        "pull access denied for \(reference.familiarName), repository does not exist or may require 'docker login': "
          + answer.description)
    }
    if answer.has(code: "MANIFEST_UNKNOWN") {
      return ClassifiedError(.notFound, "manifest for \(reference.familiar) not found: \(answer)")
    }
    if answer.has(code: "NAME_UNKNOWN") {
      return ClassifiedError(.notFound, "repository \(reference.familiarName) not found: \(answer)")
    }
    return failure.classified
  }
}
