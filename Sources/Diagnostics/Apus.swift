/// The product, as all its programs name it.
public enum Apus {
  /// The one version of the programs, which are built and installed together.
  public static let version = "0.1.0"
}
