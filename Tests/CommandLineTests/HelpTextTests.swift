import CommandLine
import Testing

@Suite struct HelpTextTests {
  @Test func aCommandsHelpIsLaidOutAsDockers() {
    var spec = CommandSpec(
      "ls", usage: "[OPTIONS]", "List things", count: .none,
      flags: [
        .bool("all", "a", "Show all things, also those that have ended some time ago (default shows just running)"),
        .string("format", default: "table", "How to print"),
        FlagSpec.bool("secret", "Not shown").hidden(),
      ])
    spec.spellings = ["thing ls", "ps"]
    #expect(
      HelpText.render(path: ["prog", "thing", "ls"], spec: spec, columns: 60) == """
        Usage:  prog thing ls [OPTIONS]

        List things

        Aliases:
          prog thing ls, prog ps

        Options:
          -a, --all             Show all things, also those
                                that have ended some time ago
                                (default shows just running)
              --format string   How to print (default "table")

        """)
  }

  @Test func theProgramsHelpListsCommandsBySection() {
    let help = HelpText.render(path: ["prog"], spec: GrammarFixture.root)
    #expect(help.contains("Commands:\n  run          Run a thing\n"))
    #expect(
      help.contains("Global Options:\n  -D, --debug       Say more\n  -H, --host list   Where the server listens\n"))
    #expect(help.hasSuffix("Run 'prog COMMAND --help' for more information on a command.\n"))
  }

  @Test func completionKnowsCommandsAndFlags() {
    let script = Completion.bash(root: GrammarFixture.root)
    #expect(script.contains(#"" run") words="" flags="--interactive -i --rm --sig-proxy --tty -t""#))
    #expect(script.contains(#"" thing") words="ls""#))
    #expect(script.hasSuffix("complete -o bashdefault -F _prog prog\n"))
  }
}
