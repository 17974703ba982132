import ArgumentParser
import Foundation
import Training
import Workbench

#if canImport(Glibc)
  import Glibc
#endif

@main
struct Lethe: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lethe",
    abstract: "Make diffusion models forget concepts, and measure the result.",
    discussion: """
      The input is a model folder in the diffusers layout, e.g. Stable Diffusion 1.x. The results are an \
      eraser file, measurements of the erased model and a report.

        lethe erase Models/emoji --method esd --concept fox --out runs/esd-fox
        lethe evaluate runs/esd-fox
        lethe report runs/esd-fox

      Exit codes: 0 done, 1 other, 2 configuration, 3 out of memory, 4 model or its files, \
      5 disk or folder, 6 training diverged, 64 command line, 130 interrupted.
      """,
    version: "lethe \(Version.current)",
    subcommands: [
      PullCommand.self, ShowCommand.self, GenerateCommand.self, MakeSetCommand.self,
      EraseCommand.self, ApplyCommand.self,
      EvaluateCommand.self, AuditCommand.self, VerifyCommand.self, AttackCommand.self,
      RelearnCommand.self,
      ReportCommand.self, BenchCommand.self, EraserCommand.self, Train.self, ListCommand.self,
      DoctorCommand.self, SpeedCommand.self, RunGraphCommand.self,
    ])

  static func main() {
    StandardError.openClosedStreams()
    // The first Ctrl-C ends the program after the current step, which is saved. The second ends it at once.
    signal(SIGINT) { _ in
      if Interrupt.isRequested { _exit(130) }
      Interrupt.request()
    }
    signal(SIGTERM) { _ in Interrupt.request() }
    // A parent process may have blocked these signals, and its children inherit that.
    var both = sigset_t()
    sigemptyset(&both)
    sigaddset(&both, SIGINT)
    sigaddset(&both, SIGTERM)
    sigprocmask(SIG_UNBLOCK, &both, nil)
    Self.main(nil)
  }
}
