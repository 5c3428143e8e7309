import CommandLine
import Testing

@Suite struct ArgumentScannerTests {
  @Test func clustersInlineValuesAndListsAreRead() throws {
    let call = try GrammarFixture.invocation([
      "run", "-it", "-p80:80", "-e=A=1", "-eB=2", "-e", "C=3", "--name=x", "--memory", "1.5g", "image", "-x", "--rm",
    ])
    #expect(call.flags.bool("interactive") && call.flags.bool("tty"))
    #expect(call.flags.strings("publish") == ["80:80"])
    #expect(call.flags.strings("env") == ["A=1", "B=2", "C=3"])
    #expect(call.flags.string("name") == "x")
    #expect(call.flags.byteSize("memory") == 3 << 29)
    #expect(!call.flags.bool("rm"), "what follows the image belongs to the image's program")
    #expect(call.arguments == ["image", "-x", "--rm"])
  }

  @Test func switchesTakeAValueOnlyAfterAnEqualSign() throws {
    let call = try GrammarFixture.invocation(["run", "--rm=false", "--sig-proxy=0", "-i=true", "--tty", "false"])
    #expect(!call.flags.bool("rm") && call.flags.isSet("rm"))
    #expect(!call.flags.bool("sig-proxy"))
    #expect(call.flags.bool("interactive") && call.flags.bool("tty"))
    #expect(call.arguments == ["false"])
  }

  @Test func aValueMayLookLikeAFlag() throws {
    let call = try GrammarFixture.invocation(["run", "--name", "--rm", "--", "-image", "--", "x"])
    #expect(call.flags.string("name") == "--rm")
    #expect(call.arguments == ["-image", "--", "x"])
  }

  @Test func flagsMayFollowArgumentsWhereNoProgramDoes() throws {
    let call = try GrammarFixture.invocation(["-D", "--host", "unix:///x", "-Hy", "thing", "list"])
    #expect(call.path == ["prog", "thing", "ls"])
    #expect(call.globals.bool("debug") && call.globals.strings("host") == ["unix:///x", "y"])
  }

  @Test func defaultsStandForFlagsThatAreNotGiven() throws {
    let call = try GrammarFixture.invocation(["run", "image"])
    #expect(call.flags.bool("sig-proxy") && !call.flags.isSet("sig-proxy"))
    #expect(call.flags.string("name") == nil && call.flags.strings("env").isEmpty)
    #expect(call.flags.integer("pids") == nil)
  }

  @Test(
    arguments: [
      (["run", "--foo"], "unknown flag: --foo", 125),
      (["run", "-z"], "unknown shorthand flag: 'z' in -z", 125),
      (["run", "-iz"], "unknown shorthand flag: 'z' in -iz", 125),
      (["run", "--name"], "flag needs an argument: --name", 125),
      (["run", "-e"], "flag needs an argument: 'e' in -e", 125),
      (["run", "-ie"], "flag needs an argument: 'e' in -ie", 125),
      (["run", "---x"], "bad flag syntax: ---x", 125),
      (["run", "--=x"], "bad flag syntax: --=x", 125),
      (["run", "-m", "x"], "invalid argument \"x\" for \"-m, --memory\" flag: invalid size: 'x'", 125),
      (
        ["run", "--rm=maybe"],
        "invalid argument \"maybe\" for \"--rm\" flag: strconv.ParseBool: parsing \"maybe\": invalid syntax", 125
      ),
      (
        ["run", "--pids", "1.5"],
        "invalid argument \"1.5\" for \"--pids\" flag: strconv.ParseInt: parsing \"1.5\": invalid syntax", 125
      ),
      (
        ["run", "--weight", "70000"],
        "invalid argument \"70000\" for \"--weight\" flag: strconv.ParseUint: parsing \"70000\": value out of range",
        125
      ),
      (["run", "--cpus=x"], "invalid argument \"x\" for \"--cpus\" flag: failed to parse x as a rational number", 125),
      (["run", "--interval=x"], "invalid argument \"x\" for \"--interval\" flag: time: invalid duration \"x\"", 125),
      (
        ["run", "--interval=5"], "invalid argument \"5\" for \"--interval\" flag: time: missing unit in duration \"5\"",
        125
      ),
      (["run", "--limit=x"], "invalid argument \"x\" for \"--limit\" flag: invalid limit: x", 125),
      (["ps", "-H", "x"], "unknown shorthand flag: 'H' in -H", 125),
      (["run"], "prog: 'prog run' requires at least 1 argument", 1),
      (["ps", "x"], "prog: 'prog ps' accepts no arguments", 1),
      (["rename", "x"], "prog: 'prog rename' requires 2 arguments", 1),
      (["nope"], "prog: unknown command: prog nope", 1),
      (["thing", "nope"], "prog: unknown command: prog thing nope", 1),
    ] as [([String], String, Int32)])
  func mistakesAreNamedInDockersWords(words: [String], message: String, status: Int32) {
    let error = #expect(throws: UsageError.self) { try ArgumentScanner(root: GrammarFixture.root).scan(words) }
    #expect(error?.message == message)
    #expect(error?.exitStatus == status)
  }

  @Test func theErrorsTextHasUsageAndHint() {
    let error = #expect(throws: UsageError.self) {
      try ArgumentScanner(root: GrammarFixture.root).scan(["run", "--foo"])
    }
    #expect(
      error?.description == """
        unknown flag: --foo

        Usage:  prog run [OPTIONS] IMAGE [COMMAND]

        Run 'prog run --help' for more information
        """)
  }

  @Test(arguments: [
    (["--help"], ["prog"]), (["run", "--help"], ["prog", "run"]),
    (["help", "thing", "list"], ["prog", "thing", "ls"]),
    (["-h"], ["prog"]), (["ps", "-ah"], ["prog", "ps"]),
  ])
  func helpIsAskedForInSeveralWays(words: [String], path: [String]) throws {
    guard case .help(let shown, _, let notice) = try ArgumentScanner(root: GrammarFixture.root).scan(words) else {
      Issue.record("no help")
      return
    }
    #expect(shown == path)
    #expect((notice != nil) == (words.last?.hasPrefix("--") == false && words[0] != "help"))
  }

  @Test func deprecatedFlagsWorkAndSaySo() throws {
    let call = try GrammarFixture.invocation(["run", "--time=3", "image"])
    #expect(call.flags.integer("time") == 3)
    #expect(call.notices == ["Flag --time has been deprecated, use --timeout"])
  }
}
