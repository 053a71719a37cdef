// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchModels

/// Where a row's record begins and what came back for the row, in eight bytes.
struct RowState {
  private var bits: UInt64

  init(record: Int64, outcome: FailureClasses.Number?) {
    // 48 bits of place are 281 TB.
    bits = UInt64(truncatingIfNeeded: record) << 16 | UInt64(outcome.map { $0 + 1 } ?? 0)
  }

  /// The place of the record in the spool.
  var record: Int64 { Int64(truncatingIfNeeded: bits >> 16) }

  /// The class of the row's failure; `nil` for a row that was answered.
  var failure: FailureClasses.Number? {
    let number = UInt16(truncatingIfNeeded: bits)
    return number == 0 ? nil : number - 1
  }
}

/// The kinds of failure that are told apart, by number: a row needs two bytes for its own.
struct FailureClasses {
  typealias Number = UInt16

  struct Class: Hashable {
    let kind: RowFailure.Kind
    var code: ErrorCode?
    var statusCode: Int?
  }

  /// Nothing came back.
  static let missing: Number = 0
  /// The row of the input has no id to join a result by.
  static let unjoinable: Number = 1
  /// Services invent codes. Those beyond so many count as `invalid`.
  private static let maximumCount = 4096
  /// A service's code is a word; of what is longer the beginning says enough.
  private static let longestCode = 200

  private(set) var all = [Class(kind: .missing), Class(kind: .invalid)]
  private var numbers: [Class: Number] = [Class(kind: .invalid): unjoinable]

  mutating func number(of failure: RowFailure) -> Number {
    var code = failure.code
    if let text = code?.rawValue, text.utf8.count > Self.longestCode {
      code = ErrorCode(rawValue: String(text.prefix(Self.longestCode)) + "…")
    }
    let key = Class(kind: failure.kind, code: code, statusCode: failure.statusCode)
    if let known = numbers[key] { return known }
    guard let next = Number(exactly: all.count), all.count < Self.maximumCount else { return Self.unjoinable }
    numbers[key] = next
    all.append(key)
    return next
  }
}
