public import JSON

/// A template in the part of Go's text/template language that `--format` is used with.
///
/// Fields, variables, pipelines, `if`, `with`, `range`, white space trimming, Go's comparisons and `index`, `len`,
/// `printf`…, and Docker's `json`, `join`, `split`, `upper`, `lower`, `title`, `pad`, `truncate`, `println`.
public struct Template: Sendable {
  private let nodes: [TemplateNode]

  /// Throws: `TemplateError` for a template that cannot be read.
  public init(_ text: String) throws(TemplateError) {
    nodes = try TemplateParser.parse(text)
  }

  /// The template filled in with `value`. For a table's headings functions do nothing, so that they come out as they
  /// are.
  ///
  /// Throws: `TemplateError` for a field or function that is not there.
  public func render(_ value: JSONValue, asHeadings: Bool = false) throws(TemplateError) -> String {
    var evaluation = TemplateEvaluation(root: value, keepsHeadings: asHeadings)
    try evaluation.run(nodes, dot: value)
    return evaluation.output
  }

  /// The names of the fields of the outermost value that the template mentions.
  public var fields: Set<String> {
    Template.fields(of: nodes)
  }

  private static func fields(of nodes: [TemplateNode]) -> Set<String> {
    var names: Set<String> = []
    for node in nodes {
      switch node {
      case .text: break
      case .output(let pipeline), .assign(_, let pipeline): names.formUnion(fields(of: pipeline))
      case .branch(let pipeline, let then, let otherwise), .with(let pipeline, let then, let otherwise),
        .range(_, let pipeline, let then, let otherwise):
        names.formUnion(fields(of: pipeline))
        names.formUnion(fields(of: then))
        names.formUnion(fields(of: otherwise))
      }
    }
    return names
  }

  private static func fields(of pipeline: TemplatePipeline) -> Set<String> {
    var names: Set<String> = []
    for operand in pipeline.commands.joined() {
      switch operand.base {
      case .dot: if let first = operand.path.first { names.insert(first) }
      case .group(let group): names.formUnion(fields(of: group))
      default: break
      }
    }
    return names
  }
}

/// One run of a template.
struct TemplateEvaluation {
  private(set) var output = ""
  private var variables: [(name: String, value: JSONValue)]
  /// Whether a missing field counts as nothing: so it is in conditions.
  private var isLenient = false
  private let keepsHeadings: Bool

  init(root: JSONValue, keepsHeadings: Bool) {
    variables = [("", root)]
    self.keepsHeadings = keepsHeadings
  }

  mutating func run(_ nodes: [TemplateNode], dot: JSONValue) throws(TemplateError) {
    let outer = variables.count
    for node in nodes { try run(node, dot: dot) }
    variables.removeSubrange(outer...)
  }

  private mutating func run(_ node: TemplateNode, dot: JSONValue) throws(TemplateError) {
    switch node {
    case .text(let text): output += text
    case .output(let pipeline): output += try evaluate(pipeline, dot: dot).goText
    case .assign(let variable, let pipeline):
      variables.append((variable, try evaluate(pipeline, dot: dot)))
    case .branch(let condition, let then, let otherwise):
      try run(try isTrue(condition, dot: dot).isTruthy ? then : otherwise, dot: dot)
    case .with(let pipeline, let then, let otherwise):
      let value = try isTrue(pipeline, dot: dot)
      if value.isTruthy { try run(then, dot: value) } else { try run(otherwise, dot: dot) }
    case .range(let names, let pipeline, let body, let otherwise):
      let elements = try elements(of: try evaluate(pipeline, dot: dot), pipeline)
      if elements.isEmpty { try run(otherwise, dot: dot) }
      for (key, value) in elements {
        let outer = variables.count
        if names.count == 2 { variables.append((names[0], key)) }
        if let last = names.last { variables.append((last, value)) }
        try run(body, dot: value)
        variables.removeSubrange(outer...)
      }
    }
  }

  private mutating func isTrue(_ pipeline: TemplatePipeline, dot: JSONValue) throws(TemplateError) -> JSONValue {
    isLenient = true
    defer { isLenient = false }
    return try evaluate(pipeline, dot: dot)
  }

  private func elements(
    of value: JSONValue, _ pipeline: TemplatePipeline
  ) throws(TemplateError) -> [(key: JSONValue, value: JSONValue)] {
    switch value {
    case .null: return []
    case .array(let values): return values.enumerated().map { (.int($0.offset), $0.element) }
    // Go ranges over the keys of a map in their order.
    case .object(let members):
      return members.sorted { $0.name < $1.name }.map { (.string($0.name), $0.value) }
    default:
      let offset = pipeline.commands.first?.first?.offset ?? 0
      throw TemplateError(offset: offset, reason: "range can't iterate over \(value.goText)")
    }
  }

  private func evaluate(_ pipeline: TemplatePipeline, dot: JSONValue) throws(TemplateError) -> JSONValue {
    var result: JSONValue?
    for command in pipeline.commands {
      result = try evaluate(command, dot: dot, piped: result)
    }
    return result ?? .null
  }

  private func evaluate(
    _ command: [TemplateOperand], dot: JSONValue, piped: JSONValue?
  ) throws(TemplateError) -> JSONValue {
    guard let first = command.first else { return piped ?? .null }
    var arguments: [JSONValue] = []
    for operand in command.dropFirst() { arguments.append(try evaluate(operand, dot: dot)) }
    if let piped { arguments.append(piped) }
    if case .function(let name) = first.base {
      guard let function = TemplateFunctions.table[name] else {
        throw TemplateError(offset: first.offset, reason: "function \"\(name)\" not defined")
      }
      if keepsHeadings { return arguments.first ?? .string("") }
      do {
        return try function(arguments)
      } catch {
        throw TemplateError(offset: first.offset, reason: "error calling \(name): \(error.reason)")
      }
    }
    let value = try evaluate(first, dot: dot)
    guard !arguments.isEmpty else { return value }
    if keepsHeadings { return arguments[0].stringValue.map { .string(Self.heading(ofLabel: $0)) } ?? value }
    // A field that takes an argument is a look-up by name: `.Label "com.example.x"`.
    guard case .object = value, let name = arguments[0].stringValue, arguments.count == 1 else {
      throw TemplateError(offset: first.offset, reason: "can't give argument to non-function")
    }
    return value[name] ?? .string("")
  }

  /// A label's column has the last part of its name for a heading, as Docker has it.
  private static func heading(ofLabel name: String) -> String {
    let last = name.split(separator: ".", omittingEmptySubsequences: false).last ?? ""
    return String(last.map { $0 == "-" || $0 == "_" ? " " : $0 })
  }

  private func evaluate(_ operand: TemplateOperand, dot: JSONValue) throws(TemplateError) -> JSONValue {
    var value: JSONValue
    switch operand.base {
    case .dot: value = dot
    case .literal(let literal): value = literal
    case .group(let pipeline): value = try evaluate(pipeline, dot: dot)
    case .function: value = try evaluate([operand], dot: dot, piped: nil)
    case .variable(let name):
      guard let variable = variables.last(where: { $0.name == name }) else {
        throw TemplateError(offset: operand.offset, reason: "undefined variable \"$\(name)\"")
      }
      value = variable.value
    }
    for field in operand.path {
      if let next = value[field] {
        value = next
      } else if isLenient {
        return .null
      } else {
        let place = "executing \"\" at <.\(operand.path.joined(separator: "."))>"
        throw TemplateError(offset: operand.offset, reason: "\(place): \(value.complaint(aboutField: field))")
      }
    }
    return value
  }
}

extension JSONValue {
  /// What Go's templates take for true: anything but false, zero, nothing and the empty.
  var isTruthy: Bool {
    switch self {
    case .null: false
    case .bool(let value): value
    case .number(let digits): Double(digits) != 0
    case .string(let text): !text.isEmpty
    case .array(let values): !values.isEmpty
    case .object(let members): !members.isEmpty
    }
  }

  /// The value as Go's `fmt` prints it: `[a b]`, `map[k:v]`.
  var goText: String {
    switch self {
    case .null: "<no value>"
    case .bool(let value): value ? "true" : "false"
    case .number(let digits): digits
    case .string(let text): text
    case .array(let values): "[" + values.map(\.goText).joined(separator: " ") + "]"
    case .object(let members):
      "map[" + members.sorted { $0.name < $1.name }.map { "\($0.name):\($0.value.goText)" }.joined(separator: " ") + "]"
    }
  }

  func complaint(aboutField name: String) -> String {
    switch self {
    case .object: "map has no entry for key \"\(name)\""
    case .null: "nil pointer evaluating interface {}.\(name)"
    default: "can't evaluate field \(name) in type \(typeName)"
    }
  }

  private var typeName: String {
    switch self {
    case .null: "nil"
    case .bool: "bool"
    case .number: "float64"
    case .string: "string"
    case .array: "[]interface {}"
    case .object: "map[string]interface {}"
    }
  }
}
