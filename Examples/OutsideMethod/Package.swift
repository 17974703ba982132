// swift-tools-version: 6.1
// A package that uses Lethe as a library and brings a method of its own. Lethe's own package compiles the folder
// Sources/OutsideMethod for its tests, without access to anything that is not public.
import PackageDescription

let package = Package(
  name: "OutsideMethod",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "lethe", path: "../..")],
  targets: [
    .target(name: "OutsideMethod", dependencies: [.product(name: "Lethe", package: "lethe")]),
    .executableTarget(
      name: "outside",
      dependencies: ["OutsideMethod", .product(name: "Lethe", package: "lethe")]),
    .executableTarget(
      name: "outside-lethe",
      dependencies: [
        "OutsideMethod", .product(name: "Lethe", package: "lethe"),
        .product(name: "LetheCommands", package: "lethe"),
      ]),
  ],
  swiftLanguageModes: [.v6]
)
