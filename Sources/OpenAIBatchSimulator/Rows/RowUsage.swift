// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// The tokens of one row or of all rows of a batch. A token is counted as 4 bytes of text.
struct RowUsage: Sendable, Hashable {
  var input = 0
  var output = 0

  var total: Int { Self.sum(input, output) }

  /// The sum, or the largest number: answers are the caller's to choose.
  private static func sum(_ one: Int, _ other: Int) -> Int {
    let (sum, overflows) = one.addingReportingOverflow(other)
    return overflows ? (one < 0 ? .min : .max) : sum
  }

  static func += (sum: inout RowUsage, usage: RowUsage) {
    sum.input = Self.sum(sum.input, usage.input)
    sum.output = Self.sum(sum.output, usage.output)
  }

  /// An estimate that counts every text as at least one token.
  static func tokens(inBytes count: Int) -> Int { max((count + 3) / 4, 1) }

  /// As the Responses API and the batch itself spell it.
  var json: JSONNode {
    [
      "input_tokens": .int(input), "input_tokens_details": ["cached_tokens": 0],
      "output_tokens": .int(output), "output_tokens_details": ["reasoning_tokens": 0],
      "total_tokens": .int(total),
    ]
  }
}
