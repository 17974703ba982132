// All commands of Lethe, with the method, the attack, the metric and the judge of this package.
import Foundation
import Lethe
import LetheCommands
import OutsideMethod

do {
  LetheProgram.main(try Catalogs.extended())
} catch {
  FileHandle.standardError.write(Data("outside-lethe: \(error)\n".utf8))
  exit((error as? LetheError)?.kind.rawValue ?? 1)
}
