internal import Foundation
internal import Torch

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// Starts a process that outlives this one: in a session of its own, with a file for all that it says.
enum Spawn {
  /// The shell waits for the program and writes its exit code into the file $0, also where both are told to end. A
  /// signal that is caught, unlike one that is ignored, is the program's own again.
  private static let wrapper =
    #"trap : TERM INT HUP; "$@"; code=$?; echo "$code" > "$0.new" && mv "$0.new" "$0""#

  /// - Parameters:
  ///   - log: the file that gets the program's words, at its end
  ///   - exit: the file that gets the exit code
  /// - Throws: ``LetheError`` where the system starts no process
  static func detached(
    _ program: URL, _ arguments: [String], log: URL, exit: URL
  ) throws -> ProcessIdentity {
    keepFilesFromChildren()
    let words = ["/bin/sh", "-c", wrapper, exit.path, program.path] + arguments
    guard !words.contains(where: { $0.utf8.contains(0) }) else {
      throw LetheError.request("an argument holds a zero byte")
    }
    var argv = words.map { strdup($0) as UnsafeMutablePointer<CChar>? } + [nil]
    defer { argv.forEach { free($0) } }
    #if canImport(Darwin)
      var (actions, attributes): (posix_spawn_file_actions_t?, posix_spawnattr_t?) = (nil, nil)
      let ownSession = Int32(POSIX_SPAWN_SETSID)
      let surroundings = _NSGetEnviron().pointee
    #else
      var (actions, attributes) = (posix_spawn_file_actions_t(), posix_spawnattr_t())
      let ownSession: Int32 = 0x80  // POSIX_SPAWN_SETSID
      let surroundings = environ
    #endif
    posix_spawn_file_actions_init(&actions)
    posix_spawnattr_init(&attributes)
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, log.path, O_WRONLY | O_CREAT | O_APPEND, 0o644)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)
    // Threads of this process block signals, and children inherit that.
    var (none, all) = (sigset_t(), sigset_t())
    sigemptyset(&none)
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    let flags = Int32(POSIX_SPAWN_SETSIGMASK) | Int32(POSIX_SPAWN_SETSIGDEF) | ownSession
    posix_spawnattr_setflags(&attributes, Int16(truncatingIfNeeded: flags))
    var number: pid_t = 0
    let code = posix_spawn(&number, "/bin/sh", &actions, &attributes, &argv, surroundings)
    guard code == 0 else {
      throw LetheError(
        .other, "the job cannot be started: \(String(cString: strerror(code)))")
    }
    guard let process = ProcessIdentity(number) else {
      var status: Int32 = 0
      waitpid(number, &status, 0)
      throw LetheError(.other, "the job ended as it began; see \(log.path)")
    }
    return process
  }

  /// Takes note of a child that has ended, so that the system can forget it.
  static func reap(_ process: ProcessIdentity) {
    var status: Int32 = 0
    waitpid(process.number, &status, WNOHANG)
  }

  /// Marks open files as this process's own: a job that kept the server's socket would keep its port after it.
  private static func keepFilesFromChildren() {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/dev/fd")) ?? []
    for file in names.compactMap({ Int32($0) }) where file > 2 {
      let flags = fcntl(file, F_GETFD)
      if flags >= 0 { _ = fcntl(file, F_SETFD, flags | FD_CLOEXEC) }
    }
  }
}
