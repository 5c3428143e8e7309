import Diagnostics
import LinuxKernel
import OCIRuntimeSpec
import SeccompFilter

/// The last steps before the exec, alike for init and for a process that `exec` adds: from the runtime's rights to
/// those of the process.
struct Privileges {
  let process: ProcessPlan
  let filter: FilterProgram?
  let personality: Personality?

  /// Applies everything and returns what to execute.
  func apply() throws -> Program {
    try process.scheduling.apply()
    if let personality { try ProcessControl.setPersonality(personality.domain == .linux32 ? 0x0008 : 0) }
    if !process.appArmorProfile.isEmpty { try AppArmor.change(to: process.appArmorProfile) }
    if process.noNewPrivileges { try ProcessControl.setNoNewPrivileges() }
    // Without no-new-privileges a filter needs CAP_SYS_ADMIN, so it comes before the capabilities go.
    if let filter, !process.noNewPrivileges { try FilterLoader.load(filter) }
    try ThreadCapabilities.limitBounding(to: process.capabilities.bounding)
    let entered = try changeWorkingDirectory()
    try changeUser()
    if !entered { try enterWorkingDirectory() }
    if let umask = process.umask { ProcessControl.setUmask(umask) }
    try setCapabilities(process.capabilities)
    let path = try ProgramLookup(process).find()
    let environment = ProgramEnvironment.complete(process)
    if let filter, process.noNewPrivileges { try FilterLoader.load(filter) }
    return Program(path: path, arguments: process.arguments, environment: environment)
  }

  // MARK: Working directory

  /// Tries as root: a directory may be closed to the user and still be where they are to be. False when root cannot
  /// enter it, as on a file system that trusts only its users.
  private func changeWorkingDirectory() throws -> Bool {
    if process.workingDirectory == "/" { return true }
    do throws(SystemError) {
      try HostFiles.changeDirectory(process.workingDirectory)
    } catch {
      guard error.kind == .forbidden else { throw error }
      return false
    }
    try checkWorkingDirectory()
    return true
  }

  private func enterWorkingDirectory() throws {
    try HostFiles.changeDirectory(process.workingDirectory)
    try checkWorkingDirectory()
  }

  /// A path through /proc/self/fd may lead out of the root by a descriptor of the runtime's (CVE-2024-21626); a
  /// directory outside has no path from here.
  private func checkWorkingDirectory() throws {
    guard let path = try? HostFiles.currentDirectory(), path.hasPrefix("/") else {
      throw ClassifiedError(
        .forbidden, "the working directory is outside of the container's root", object: process.workingDirectory)
    }
  }

  // MARK: User and capabilities

  private func changeUser() throws {
    let keepsCapabilities = process.user != 0
    if keepsCapabilities { try ProcessControl.setKeepCapabilities(true) }
    try Credentials.setSupplementaryGroups(process.supplementaryGroups)
    try Credentials.setGroup(process.group)
    try Credentials.setUser(process.user)
    if keepsCapabilities { try ProcessControl.setKeepCapabilities(false) }
  }

  private func setCapabilities(_ sets: ProcessPlan.CapabilitySets) throws {
    do throws(SystemError) {
      try ThreadCapabilities(
        effective: sets.effective, permitted: sets.permitted, inheritable: sets.inheritable
      ).apply()
      // The kernel raises only what is inheritable too; runc's own template asks for more, and gets it from no runtime.
      try ThreadCapabilities.setAmbient(sets.ambient.intersection(sets.inheritable))
    } catch {
      throw ClassifiedError(error.kind, "\(error)", object: "process.capabilities")
    }
  }
}

/// What a process executes.
struct Program: Sendable {
  let path: String
  let arguments: [String]
  var environment: [String]

  /// Throws: what the kernel said. Does not return otherwise.
  func execute() throws {
    do throws(SystemError) {
      try Execute.path(path, arguments: arguments, environment: environment)
    } catch {
      throw ProgramLookup.refused(path, error)
    }
  }
}

/// Compiling and loading the profile.
enum FilterLoader {
  static func compile(_ profile: LinuxSeccomp) throws -> FilterProgram {
    do {
      return try FilterCompiler.compile(profile)
    } catch {
      throw ClassifiedError(.invalid, "\(error)", object: "linux.seccomp")
    }
  }

  static func load(_ program: FilterProgram) throws(SystemError) {
    try SeccompProgram.load(program.instructions, SeccompProgram.Flags(rawValue: program.flags))
  }
}

/// The profile that AppArmor puts on the program at its exec.
enum AppArmor {
  static func change(to profile: String) throws {
    guard
      try HostFiles.exists("/sys/module/apparmor/parameters/enabled") || HostFiles.exists("/proc/self/attr/apparmor")
    else {
      throw ClassifiedError(
        .unsupported, "AppArmor is not enabled on this host", object: "process.apparmorProfile \(profile)")
    }
    let root = try RootedDirectory("/proc/self/attr")
    let file: Descriptor
    do throws(SystemError) {
      file = try root.open("apparmor/exec", .writeOnly)
    } catch {
      guard error.kind == .notFound else { throw error }
      file = try root.open("exec", .writeOnly)
    }
    try ProcFileSystem.verify(file, path: "/proc/self/attr")
    do throws(SystemError) {
      try file.writeAll("exec \(profile)")
    } catch {
      throw ClassifiedError(error.kind, "apply AppArmor profile: \(error.reason)", object: profile)
    }
  }
}
