/// Makes a tree of a template's pieces.
struct TemplateParser {
  private var pieces: ArraySlice<TemplatePiece>

  /// What ended a list of nodes.
  private enum Terminator {
    case end
    case otherwise([(token: TemplateToken, offset: Int)], offset: Int)
    case endOfTemplate
  }

  static func parse(_ template: String) throws(TemplateError) -> [TemplateNode] {
    var lexer = TemplateLexer(template)
    var parser = TemplateParser(pieces: try lexer.pieces()[...])
    let (nodes, terminator) = try parser.nodes()
    switch terminator {
    case .endOfTemplate: return nodes
    case .end: throw TemplateError(offset: 0, reason: "unexpected {{end}}")
    case .otherwise(_, let offset): throw TemplateError(offset: offset, reason: "unexpected {{else}}")
    }
  }

  private mutating func nodes() throws(TemplateError) -> (nodes: [TemplateNode], terminator: Terminator) {
    var nodes: [TemplateNode] = []
    while let piece = pieces.popFirst() {
      switch piece {
      case .text(let text): nodes.append(.text(text))
      case .action(let tokens, let offset):
        guard case .word(let word)? = tokens.first?.token else {
          nodes.append(try output(tokens, offset))
          continue
        }
        var rest = TokenReader(tokens.dropFirst(), offset: offset)
        switch word {
        case "end": return (nodes, .end)
        case "else": return (nodes, .otherwise(Array(tokens.dropFirst()), offset: offset))
        case "if": nodes.append(try branch(&rest, offset))
        case "with":
          let pipeline = try rest.pipeline()
          let (then, otherwise) = try bodies(offset)
          nodes.append(.with(pipeline, then: then, otherwise: otherwise))
        case "range": nodes.append(try range(&rest, offset))
        case "define", "template", "block", "break", "continue":
          throw TemplateError(offset: offset, reason: "{{\(word)}} is not supported")
        default: nodes.append(try output(tokens, offset))
        }
      }
    }
    return (nodes, .endOfTemplate)
  }

  private func output(
    _ tokens: [(token: TemplateToken, offset: Int)], _ offset: Int
  ) throws(TemplateError) -> TemplateNode {
    if case .variable(let name)? = tokens.first?.token, tokens.count > 1,
      tokens[1].token == .declare || tokens[1].token == .assign
    {
      var rest = TokenReader(tokens.dropFirst(2), offset: offset)
      return .assign(variable: name, try rest.pipeline())
    }
    var rest = TokenReader(tokens[...], offset: offset)
    return .output(try rest.pipeline())
  }

  private mutating func branch(_ tokens: inout TokenReader, _ offset: Int) throws(TemplateError) -> TemplateNode {
    let condition = try tokens.pipeline()
    let (then, otherwise) = try bodies(offset)
    return .branch(condition: condition, then: then, otherwise: otherwise)
  }

  /// The nodes up to `{{end}}`, parted by `{{else}}`; `{{else if}}` and `{{else with}}` nest.
  private mutating func bodies(
    _ offset: Int
  ) throws(TemplateError) -> (then: [TemplateNode], otherwise: [TemplateNode]) {
    let (then, terminator) = try nodes()
    switch terminator {
    case .end: return (then, [])
    case .endOfTemplate: throw TemplateError(offset: offset, reason: "unexpected EOF: {{end}} is missing")
    case .otherwise(let tokens, let offset):
      var rest = TokenReader(tokens.dropFirst(), offset: offset)
      switch tokens.first?.token {
      case .word("if")?: return (then, [try branch(&rest, offset)])
      case .word("with")?:
        let pipeline = try rest.pipeline()
        let (inner, otherwise) = try bodies(offset)
        return (then, [.with(pipeline, then: inner, otherwise: otherwise)])
      case nil:
        let (otherwise, terminator) = try nodes()
        guard case .end = terminator else { throw TemplateError(offset: offset, reason: "expected {{end}}") }
        return (then, otherwise)
      default: throw TemplateError(offset: offset, reason: "unexpected operand in {{else}}")
      }
    }
  }

  private mutating func range(_ tokens: inout TokenReader, _ offset: Int) throws(TemplateError) -> TemplateNode {
    let variables = tokens.declaredVariables()
    let pipeline = try tokens.pipeline()
    let (body, otherwise) = try bodies(offset)
    return .range(variables: variables, pipeline, body: body, otherwise: otherwise)
  }
}

/// Reads the tokens of one action.
private struct TokenReader {
  private var tokens: ArraySlice<(token: TemplateToken, offset: Int)>
  private let offset: Int

  init(_ tokens: ArraySlice<(token: TemplateToken, offset: Int)>, offset: Int) {
    self.tokens = tokens
    self.offset = offset
  }

  /// The names of `$i, $e :=`; nothing is taken when there is no declaration.
  mutating func declaredVariables() -> [String] {
    var names: [String] = []
    var rest = tokens
    while case .variable(let name)? = rest.popFirst()?.token {
      names.append(name)
      switch rest.popFirst()?.token {
      case .comma?: continue
      case .declare?:
        tokens = rest
        return names
      default: return []
      }
    }
    return []
  }

  /// All tokens as one pipeline.
  mutating func pipeline() throws(TemplateError) -> TemplatePipeline {
    let pipeline = try openPipeline()
    if let extra = tokens.first { throw TemplateError(offset: extra.offset, reason: "unexpected right paren") }
    return pipeline
  }

  private mutating func openPipeline() throws(TemplateError) -> TemplatePipeline {
    var commands: [[TemplateOperand]] = []
    var operands: [TemplateOperand] = []
    while let (token, offset) = tokens.first, token != .close {
      tokens.removeFirst()
      if token == .pipe {
        guard !operands.isEmpty else { throw TemplateError(offset: offset, reason: "missing value for command") }
        commands.append(operands)
        operands = []
        continue
      }
      operands.append(try operand(token, offset))
    }
    guard !operands.isEmpty else { throw TemplateError(offset: offset, reason: "missing value for command") }
    return TemplatePipeline(commands: commands + [operands])
  }

  private mutating func operand(_ token: TemplateToken, _ offset: Int) throws(TemplateError) -> TemplateOperand {
    switch token {
    case .fields(let names): return TemplateOperand(base: .dot, path: names, offset: offset)
    case .literal(let value): return TemplateOperand(base: .literal(value), path: [], offset: offset)
    case .word(let name): return TemplateOperand(base: .function(name), path: [], offset: offset)
    case .variable(let name):
      return TemplateOperand(
        base: .variable(name), path: adjoiningFields(after: offset + name.count + 1), offset: offset)
    case .open:
      let group = try openPipeline()
      guard let close = tokens.popFirst(), close.token == .close else {
        throw TemplateError(offset: offset, reason: "unclosed left paren")
      }
      return TemplateOperand(base: .group(group), path: adjoiningFields(after: close.offset + 1), offset: offset)
    default: throw TemplateError(offset: offset, reason: "unexpected operand")
    }
  }

  /// Fields that stand directly behind a variable or a group, without a blank.
  private mutating func adjoiningFields(after end: Int) -> [String] {
    guard case .fields(let names)? = tokens.first?.token, tokens.first?.offset == end, !names.isEmpty else { return [] }
    tokens.removeFirst()
    return names
  }
}
