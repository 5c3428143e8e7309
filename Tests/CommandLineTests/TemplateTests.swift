import CommandLine
import JSON
import Testing

@Suite struct TemplateTests {
  private static let json = """
    {"Id":"abc","Name":"/web","State":{"Running":true,"Pid":42},"Args":["a","b"],"None":null,"Empty":"",
     "Config":{"Labels":{"com.x":"1","b":"2"}},"Mounts":[{"Source":"/a"},{"Source":"/b"}],"Count":3}
    """

  private func render(_ template: String) throws -> String {
    try Template(template).render(JSONValue(parsing: Array(Self.json.utf8)))
  }

  @Test(arguments: [
    ("{{.Name}} {{.State.Pid}}", "/web 42"),
    ("{{.ID}}", "abc"),
    ("{{json .Config.Labels}}", #"{"com.x":"1","b":"2"}"#),
    ("{{.Config.Labels}} {{.Args}}", "map[b:2 com.x:1] [a b]"),
    (#"{{index .Config.Labels "com.x"}}{{index .Args 1}}"#, "1b"),
    (#"{{.Config.Labels "com.x"}}"#, "1"),
    ("{{if .State.Running}}up{{else}}down{{end}}", "up"),
    ("{{if .Empty}}x{{else if eq .Count 3}}three{{else}}y{{end}}", "three"),
    ("{{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}}", "none"),
    ("{{range .Mounts}}{{.Source}};{{end}}", "/a;/b;"),
    ("{{range $i, $m := .Mounts}}{{$i}}={{$m.Source}} {{end}}", "0=/a 1=/b "),
    ("{{range $k, $v := .Config.Labels}}{{$k}}:{{$v}},{{end}}", "b:2,com.x:1,"),
    ("{{range .None}}x{{else}}nothing{{end}}", "nothing"),
    ("{{with .State}}{{.Pid}} {{$.Name}}{{end}}", "42 /web"),
    ("{{$n := .Name}}{{$n | upper}}", "/WEB"),
    (#"{{join .Args ","}} {{.Args | len}}"#, "a,b 2"),
    (#"{{(index .Mounts 0).Source}} {{index (split "x:y" ":") 1}}"#, "/a y"),
    (#"{{title "ab cd"}} {{lower "AB"}} {{truncate .Id 2}}{{pad .Id 1 2}}|"#, "Ab Cd ab ab abc  |"),
    (#"{{printf "%s-%05d %-4s| %q" .Id .Count "x" "y"}}"#, #"abc-00003 x   | "y""#),
    (
      "{{not .Empty}} {{and .Id .Count}} {{or .Empty .Id}} {{ne .Count 4}} {{lt .Count 4}} {{ge .Count 4}}",
      "true 3 abc true true false"
    ),
    ("a {{- .Id -}} b", "aabcb"),
    ("{{/* nothing */}}{{slice .Id 1 2}}{{println .Count}}", "b3\n"),
    ("{{.None}}", "<no value>"),
  ])
  func templates(template: String, text: String) throws {
    #expect(try render(template) == text)
  }

  @Test(arguments: [
    ("{{.Nope}}", #"map has no entry for key "Nope""#),
    ("{{.State.Nope.X}}", #"map has no entry for key "Nope""#),
    ("{{.Id.X}}", "can't evaluate field X in type string"),
    ("{{nope .Id}}", #"function "nope" not defined"#),
    ("{{.Id", "unclosed action"),
    ("{{if .Id}}x", "{{end}} is missing"),
    ("{{end}}", "unexpected {{end}}"),
    ("{{index .Args 7}}", "index out of range: 7"),
    ("{{$x}}", #"undefined variable "$x""#),
    ("{{}", "unexpected \"}\" in operand"),
    ("{{\"x}}", "unterminated quoted string"),
    ("{{range .Id}}{{end}}", "range can't iterate over abc"),
    ("{{define \"x\"}}{{end}}", "is not supported"),
  ])
  func faults(template: String, reason: String) {
    let error = #expect(throws: TemplateError.self) { _ = try render(template) }
    #expect(error?.reason.contains(reason) == true, "\(error?.reason ?? "")")
  }

  @Test func headingsPassFunctions() throws {
    let headings = JSONValue.members([("Names", .string("NAMES")), ("Label", .string("LABEL"))])
    let text = try Template(#"{{.Names | upper}} {{json .Names}} {{.Label "com.example.stack-name"}}"#)
      .render(headings, asHeadings: true)
    #expect(text == "NAMES NAMES stack name")
  }

  @Test func namesOfFieldsAreKnown() throws {
    #expect(try Template("{{.ID}}{{if .Size}}{{json .Names.X}}{{end}}").fields == ["ID", "Size", "Names"])
  }
}
