// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

extension JSONLine {
  /// A line that was cut before and comes from a store.
  package init(_ bytes: ArraySlice<UInt8>, number: Int, isTooLong: Bool = false) {
    self.init(number: number, bytes: bytes, isTooLong: isTooLong)
  }
}
