import Diagnostics

/// Refuses an option that is not there yet, by its name: nothing that a client asks for is ignored in silence.
///
/// Throws: `unsupported` when the option is set to more than its default.
func refuse(_ option: String, if isSet: Bool, advice: String? = nil) throws(ClassifiedError) {
  guard isSet else { return }
  throw ClassifiedError(.unsupported, "\(option) is not supported yet", advice: advice ?? "leave it out")
}

/// Refuses a value that cannot be, with the sentence that says why.
func require(_ condition: Bool, _ sentence: @autoclosure () -> String) throws(ClassifiedError) {
  guard condition else { throw ClassifiedError(.invalid, sentence()) }
}
