import CommandLine

extension FlagSpec {
  /// `--format` of a list.
  static let listFormat = FlagSpec.string(
    "format",
    """
    Format output using a custom template:
    'table':            Print output in table format with column headers (default)
    'table TEMPLATE':   Print output in table format using the given Go template
    'json':             Print in JSON format
    'TEMPLATE':         Print output using the given Go template.
    """)

  /// `--format` of an object.
  static func objectFormat(_ short: Character? = "f") -> FlagSpec {
    .string(
      "format", short,
      """
      Format output using a custom template:
      'json':             Print in JSON format
      'TEMPLATE':         Print output using the given Go template.
      """)
  }

  static let filter = FlagSpec.list(
    "filter", "f", valueName: "filter", "Filter output based on conditions provided"
  )
  .checked { $0.isEmpty || $0.contains("=") ? nil : "bad format of filter (expected name=value)" }
  static let noTruncation = FlagSpec.bool("no-trunc", "Don't truncate output")
  static let platform = FlagSpec.string("platform", "Set platform if server is multi-platform capable")
  static let detachKeys = FlagSpec.string("detach-keys", "Override the key sequence for detaching a container")
}
