// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// SplitMix64: a small generator whose whole state is one number, so that a seed repeats a run.
struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var state: UInt64

  init(seed: UInt64) {
    state = seed
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }

  /// A generator with a sequence of its own, which depends on the seed of this one.
  mutating func split() -> SeededGenerator { SeededGenerator(seed: next()) }

  /// 32 lower-case hexadecimal digits, as in the service's ids of batches and requests.
  mutating func hexadecimalID() -> String {
    var digits: [UInt8] = []
    digits.reserveCapacity(32)
    for _ in 0..<2 {
      let value = next()
      for shift in stride(from: 60, through: 0, by: -4) {
        digits.append(Self.alphabet[Int((value >> UInt64(shift)) & 15)])
      }
    }
    return String(decoding: digits, as: UTF8.self)
  }

  /// 22 letters and digits, as in the service's ids of files.
  mutating func alphanumericID() -> String {
    String(decoding: (0..<22).map { _ in Self.alphabet[Int(next() % 62)] }, as: UTF8.self)
  }

  private static let alphabet = Array("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)
}
