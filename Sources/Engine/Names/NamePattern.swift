/// Whether a name fits the filter `name`: a regular expression that may match any part of it.
func isName(_ name: String, like pattern: String) -> Bool {
  guard let expression = try? Regex(pattern) else { return name.contains(pattern) }
  return name.firstMatch(of: expression) != nil
}
