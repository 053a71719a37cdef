// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

extension JSONLine {
  /// A line that was cut before and comes from a store; it is a text of its own.
  package init(_ bytes: ArraySlice<UInt8>, number: Int, isTooLong: Bool = false) {
    self.init(number: number, range: 0..<bytes.count, bytes: bytes, isTooLong: isTooLong)
  }
}
