// swift-tools-version: 6.1
// Prints the version of libtorch. The program needs the library that this one links to be built;
// ../../Package.swift says why.
import PackageDescription

let package = Package(
  name: "TorchVersion",
  platforms: [.macOS(.v15)],
  products: [.executable(name: "torch-version", targets: ["torch-version"])],
  dependencies: [.package(path: "../CTorch")],
  targets: [
    .executableTarget(
      name: "torch-version", dependencies: [.product(name: "LetheTorch", package: "CTorch")],
      path: ".")
  ]
)
