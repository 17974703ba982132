import ArgumentParser
import Editing
import Foundation
import Workbench

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

      LETHE_DEVICE, LETHE_THREADS, LETHE_BATCH, LETHE_DTYPE, LETHE_QUIET, LETHE_JUDGE and LETHE_JUDGES are defaults of \
      the options of the same names.

      Exit codes: 0 done, 1 other, 2 an option, word or path of the command, 3 out of memory, 4 contents of a file or model, \
      5 disk or folder, 6 training diverged, 7 training stopped by its guard, 130 interrupted.
      """,
    version: "lethe \(Version.current)",
    subcommands: [
      PullCommand.self, ShowCommand.self, GenerateCommand.self, MakeSetCommand.self,
      EraseCommand.self, RunCommand.self, ApplyCommand.self,
      EvaluateCommand.self, AuditCommand.self, VerifyCommand.self, AttackCommand.self,
      RelearnCommand.self,
      ReportCommand.self, CompareCommand.self, BenchCommand.self, EraserCommand.self, Train.self,
      ListCommand.self, StudioCommand.self, LaunchCommand.self,
      DoctorCommand.self, EnvCommand.self, SpeedCommand.self,
      RunGraphCommand.self,
    ])
}
