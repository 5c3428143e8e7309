import CommandLine
import Diagnostics
import EngineAPI
import JSON
import LinuxKernel

/// A program that keeps credentials, `docker-credential-NAME`: asked by one word as argument and a text on its input,
/// it answers with JSON. The protocol of docker-credential-helpers.
struct CredentialHelper {
  let name: String
  let environment: ProcessEnvironment

  /// Nil when the helper has nothing for the registry.
  func get(_ registry: String) throws -> AuthConfig? {
    let answer = try run("get", input: registry)
    guard answer.status == 0 else {
      if answer.text.contains("credentials not found") { return nil }
      throw failure("get", answer)
    }
    let value: JSONValue
    do throws(JSONSyntaxError) {
      value = try JSONValue(parsing: Array(answer.text.utf8))
    } catch {
      throw failure("get", answer)
    }
    let (user, secret) = (value["Username"]?.stringValue ?? "", value["Secret"]?.stringValue ?? "")
    // This name marks the secret as a token.
    if user == "<token>" { return AuthConfig(serverAddress: registry, identityToken: secret) }
    return AuthConfig(username: user, password: secret, serverAddress: registry)
  }

  func store(_ credentials: AuthConfig, for registry: String) throws {
    let token = credentials.identityToken ?? ""
    let input = JSONValue.members([
      ("ServerURL", .string(registry)),
      ("Username", .string(token.isEmpty ? credentials.username : "<token>")),
      ("Secret", .string(token.isEmpty ? credentials.password : token)),
    ])
    let answer = try run("store", input: input.compact)
    if answer.status != 0 { throw failure("store", answer) }
  }

  func erase(_ registry: String) throws {
    let answer = try run("erase", input: registry)
    if answer.status != 0, !answer.text.contains("credentials not found") { throw failure("erase", answer) }
  }

  private func run(_ verb: String, input: String) throws -> (status: Int32, text: String) {
    let program = "docker-credential-\(name)"
    guard let path = Execute.search(program, searchPath: environment["PATH"] ?? "") else {
      throw ClassifiedError(
        .notFound, "the credential helper is not in the search path", object: program,
        advice: "install it, or take it out of config.json")
    }
    let requests = try Pipe()
    let childInput = requests.readEnd
    let requestEnd = requests.writeEnd
    let answers = try Pipe()
    let childOutput = answers.writeEnd
    let answerEnd = answers.readEnd
    var spawn = Spawn(program: path, arguments: [program, verb], environment: environment.words)
    spawn.pass(childInput, as: 0)
    spawn.pass(childOutput, as: 1)
    spawn.inherit(2)
    let pid = try spawn.start()
    try childInput.close()
    try childOutput.close()
    // What the helper reads fits into the pipe, so that we do not wait for each other.
    try requestEnd.writeAll(input)
    try requestEnd.close()
    let output = try answerEnd.readAll(limit: 1 << 20)
    let status = try Children.wait(for: pid).shellCode
    return (status, String(decoding: output, as: UTF8.self).trimmingLineEnd)
  }

  private func failure(_ verb: String, _ answer: (status: Int32, text: String)) -> ClassifiedError {
    ClassifiedError(
      .system, "\(verb) failed with status \(answer.status): \(answer.text)", object: "docker-credential-\(name)")
  }
}

extension String {
  /// Without line feeds and carriage returns at its end.
  var trimmingLineEnd: String {
    var text = self[...]
    while let last = text.last, last.isNewline { text.removeLast() }
    return String(text)
  }
}
