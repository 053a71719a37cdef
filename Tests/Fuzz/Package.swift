// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that no consumer ever sees it. Built and run by `Scripts/fuzz`.
let package = Package(
  name: "fuzz",
  platforms: [.macOS(.v15)],
  targets: [
    // The real sources: they are instrumented, and what is internal to them can be called.
    .target(name: "OpenAIBatchJSON"),
    .target(name: "OpenAIBatchModels", dependencies: ["OpenAIBatchJSON"]),
    .executableTarget(
      name: "fuzz", dependencies: ["OpenAIBatchJSON", "OpenAIBatchModels"],
      linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address", "-use-ld=lld"])]),
  ],
  swiftLanguageModes: [.v6]
)

for target in package.targets {
  target.swiftSettings = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .define("OPENAI_BATCH_ASAN"),
    // As fast as a release, with the checks of a debug build.
    .unsafeFlags([
      "-sanitize=fuzzer,address", "-parse-as-library", "-enable-testing", "-assert-config", "Debug",
    ]),
  ]
}
