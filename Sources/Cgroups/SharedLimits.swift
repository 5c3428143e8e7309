import Diagnostics
import OCIRuntimeSpec

extension LinuxHugepageLimit {
  /// The page size, which becomes part of a file's name: digits and KB, MB or GB.
  ///
  /// Throws: `invalid` for anything else.
  var checkedPageSize: String {
    get throws(ClassifiedError) {
      let digits = pageSize.dropLast(2)
      guard ["KB", "MB", "GB"].contains(pageSize.suffix(2)), !digits.isEmpty, digits.allSatisfy(\.isNumber) else {
        throw ClassifiedError(.invalid, "page size '\(pageSize)' of a huge page limit", advice: "such as 2MB")
      }
      return pageSize
    }
  }
}

/// The rdma controller, which is the same on both versions. The kernel's cgroup-v1/rdma.rst.
enum RdmaLimit {
  static func line(_ device: String, _ limit: LinuxRdma) -> String {
    let handles = limit.hcaHandles.map { " hca_handle=\($0)" } ?? ""
    let objects = limit.hcaObjects.map { " hca_object=\($0)" } ?? ""
    return device + handles + objects
  }
}
