// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation

/// `fuzz TARGET [OPTIONS AND FOLDERS OF LIBFUZZER]` fuzzes, or reads one input again.
/// `fuzz TARGET --seeds FOLDER` writes first inputs to a folder.
@main
enum Fuzz {
  nonisolated(unsafe) private static var target = FuzzTarget.scanner

  static func main() throws {
    let arguments = CommandLine.arguments
    guard arguments.count > 1, let target = FuzzTarget(rawValue: arguments[1]) else {
      print("usage: fuzz \(FuzzTarget.allCases.map(\.rawValue).joined(separator: "|")) …")
      exit(2)
    }
    if arguments.count == 4, arguments[2] == "--seeds" { return try writeSeeds(of: target, to: arguments[3]) }
    self.target = target
    var count = CommandLine.argc
    // libFuzzer takes it for a folder: the name of the process stands in its place.
    CommandLine.unsafeArgv[1] = CommandLine.unsafeArgv[0]
    var place = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>(CommandLine.unsafeArgv + 1)
    count -= 1
    exit(
      runDriver(&count, &place) { start, count in
        Fuzz.target.run(Array(UnsafeBufferPointer(start: start, count: count)))
        return 0
      })
  }

  private static func writeSeeds(of target: FuzzTarget, to folder: String) throws {
    for (index, seed) in target.seeds.enumerated() {
      try Data(seed).write(to: URL(filePath: folder).appending(path: "seed-\(index)"))
    }
  }
}

/// libFuzzer's loop, for programs that have a `main` of their own.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
  _ count: inout CInt, _ arguments: inout UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>,
  _ test: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt
