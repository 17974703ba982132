// swift-tools-version: 6.1
import PackageDescription

let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

// libtorch is found through .deps/libtorch.pc (written by `make setup`); a .pc file may not carry
// a run path, so the programs and tests of this package get theirs here.
let runPath: [LinkerSetting] = [
  .unsafeFlags(["-Xlinker", "-rpath", "-Xlinker", "\(Context.packageDirectory)/.deps/libtorch/lib"])
]

/// The arrows of docs/architecture.md; scripts/check-imports.sh holds the sources to them.
func layer(_ name: String, on dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func suite(_ name: String, on dependencies: [Target.Dependency]) -> Target {
  .testTarget(
    name: name, dependencies: dependencies + ["TestSupport"], exclude: [],
    swiftSettings: strict, linkerSettings: runPath)
}

let package = Package(
  name: "lethe",
  platforms: [.macOS(.v15)],
  products: [
    .library(
      name: "Lethe",
      targets: [
        "Torch", "TorchNN", "Diffusion", "Training", "Editing", "Unlearning", "Attacks",
        "Evaluation",
        "Reports",
        "Workbench",
      ]),
    .executable(name: "lethe", targets: ["lethe"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-crypto", from: "3.12.0"),
    .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.0"),
  ],
  targets: [
    .systemLibrary(name: "CLibTorch", pkgConfig: "libtorch"),
    .target(name: "CTorch", dependencies: ["CLibTorch"]),
    layer("Torch", on: ["CTorch"]),
    layer("TorchNN", on: ["Torch"]),
    .systemLibrary(
      name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"]), .brew(["libpng"])]),
    .systemLibrary(
      name: "CTurboJPEG", pkgConfig: "libturbojpeg",
      providers: [.apt(["libturbojpeg0-dev"]), .brew(["jpeg-turbo"])]),
    layer("Diffusion", on: ["TorchNN", "CPNG", "CTurboJPEG"]),
    layer("Training", on: ["Diffusion"]),
    layer("Editing", on: ["Training", .product(name: "Crypto", package: "swift-crypto")]),
    layer("Unlearning", on: ["Editing"]),
    layer("Attacks", on: ["Editing"]),
    layer("Evaluation", on: ["Editing"]),
    layer("Reports", on: ["Evaluation", .product(name: "Mustache", package: "swift-mustache")]),
    layer("Workbench", on: ["Unlearning", "Attacks", "Reports"]),
    .executableTarget(
      name: "lethe",
      dependencies: [
        "Workbench", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], swiftSettings: strict, linkerSettings: runPath),
    .target(
      name: "TestSupport", dependencies: ["Diffusion"], path: "Tests/TestSupport",
      swiftSettings: strict),
    suite("TorchTests", on: ["Torch"]),
    suite("TorchNNTests", on: ["TorchNN"]),
    suite("DiffusionTests", on: ["Diffusion"]),
    suite("TrainingTests", on: ["Training"]),
    suite("EditingTests", on: ["Editing"]),
    suite("UnlearningTests", on: ["Unlearning"]),
    suite("AttacksTests", on: ["Attacks"]),
    suite("EvaluationTests", on: ["Evaluation"]),
    suite("ReportsTests", on: ["Reports"]),
    suite("WorkbenchTests", on: ["Workbench"]),
    suite("CommandTests", on: ["lethe"]),
  ],
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx20
)
