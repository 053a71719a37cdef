// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import ArgumentParser
internal import OpenAIBatchJSON
internal import OpenAIBatchJobs

/// Takes some rows of a file at random.
struct SampleCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sample",
    abstract: "Takes rows of a JSON Lines file at random: each with the same chance, in their order.",
    discussion: """
      Of requests, results or any other lines: they are not looked into. The same seed takes the same rows; without \
      one, the seed that was drawn is said on stderr.
      """)

  @Argument(help: "A JSON Lines file; - is stdin.")
  var input: String

  @Option(name: [.customShort("n"), .customLong("count")], help: "How many rows: 1 or more.")
  var count: Int

  @Option(help: "A number that decides which rows.")
  var seed: UInt64?

  @OptionGroup var target: TargetOptions
  @OptionGroup var messages: MessageOptions

  func validate() throws {
    guard count > 0 else { throw ValidationError("-n is \(count); it must be 1 or more.") }
  }

  func run() throws {
    Signals.leaveNothingBehind()
    let source = try InputFile(input)
    try target.check(against: [source.path])
    let seed = seed ?? .random(in: 0...UInt64(UInt32.max))
    var sample = Reservoir(count: count, seed: seed)
    let version = try RandomAccessFile(path: source.path).version
    var lines = try RequestLineReader(path: source.path)
    while let line = try lines.nextLine() { sample.offer(line.range) }
    let ranges = sample.ranges
    var rows = try FileRanges(
      ranges.map { Int64($0.lowerBound)..<Int64($0.upperBound) }, of: source.path, version: version)
    let output = try DataOutput(target)
    var last: UInt8?
    while let bytes = try rows.next() {
      try output.write(Array(bytes))
      last = bytes.last
    }
    // The last line of the file may have no line end.
    if let last, last != 0x0A { try output.write([0x0A]) }
    try output.finish()
    messages.say("\(source.name): \(ranges.count) of \(sample.offered) rows, seed \(seed)")
  }
}

/// So many of any number of ranges, each with the same chance: Vitter's algorithm R.
struct Reservoir {
  private(set) var offered = 0
  private var kept: [Range<Int>] = []
  private let count: Int
  private var state: UInt64

  init(count: Int, seed: UInt64) {
    self.count = count
    state = seed
  }

  /// The ranges that were kept, in their order.
  var ranges: [Range<Int>] { kept.sorted { $0.lowerBound < $1.lowerBound } }

  mutating func offer(_ range: Range<Int>) {
    offered += 1
    guard kept.count == count else { return kept.append(range) }
    let place = Int(next().multipliedFullWidth(by: UInt64(offered)).high)
    if place < count { kept[place] = range }
  }

  /// SplitMix64: the same numbers for the same seed, on every machine.
  private mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }
}
