// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// Which bytes of a file a `Range` header asks for.
enum ByteRange: Sendable, Hashable {
  case whole
  case part(Range<Int>)
  case unsatisfiable

  /// Reads `bytes=a-`, `bytes=a-b` and `bytes=-n`. By RFC 9110 anything else, several ranges too, may be ignored.
  init(header: String?, of length: Int) {
    self = .whole
    guard let header, header.hasPrefix("bytes=") else { return }
    let bounds = header.dropFirst(6).split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    guard bounds.count == 2 else { return }
    switch (Int(bounds[0]), Int(bounds[1])) {
    case (let first?, let last) where first >= 0 && (last != nil || bounds[1].isEmpty):
      let end = last.map { min($0, length - 1) + 1 } ?? length
      guard last.map({ $0 >= first }) ?? true else { return }
      self = first < length ? .part(first..<end) : .unsatisfiable
    case (nil, let count?) where bounds[0].isEmpty:
      self = count > 0 && length > 0 ? .part(max(length - count, 0)..<length) : .unsatisfiable
    default: return
    }
  }
}
