import ArgumentParser
import Diffusion
import Evaluation
import Foundation
import Torch
import Workbench

/// Runs a graph of ONNX in this process. `make onnx-judges` holds its numbers against onnxruntime's.
struct RunGraphCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "onnx", abstract: "Run a graph of ONNX (used by `make onnx-judges`).",
    help: """
      Examples:
        lethe onnx open-nsfw.onnx --input x.npy --out y.npy
        lethe onnx 320n.onnx --picture photo.png
      """, shouldDisplay: false)

  @Argument(help: "File of the graph.") var file: Place
  @Option(help: "Input of the graph (.npy).") var input: Place?
  @Option(help: "File for the graph's first output (.npy).") var out: Place?
  @Option(
    help: "Picture (.png) whose detections by NudeNet are printed, one a line. May be repeated.")
  var picture: [Place] = []
  @OptionGroup var common: CommonOptions

  func run() throws {
    try common.reporting {
      if !picture.isEmpty {
        let network = try NudeNet(contentsOf: file.url)
        for path in picture {
          let image = try PNG.read(path.url)
          for found in try network(image.tensor).flatMap(\.self) {
            print(
              "\(path) \(found.label) \(found.score) \(found.box.map(String.init).joined(separator: " "))"
            )
          }
        }
      }
      guard let input, let out else { return }
      let network = try ONNXNetwork(contentsOf: file.url)
      let x = try NPY.read(input.url)
      guard let y = try network(x).first else { return }
      try NPY.write(y.to(.cpu, .float32).contiguous(), to: out.url)
    }
  }
}
