// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchTransport

/// Checks the header lines that libcurl hands over, one by one, and keeps those of the response's head.
///
/// libcurl gives every block it sees: interim (1xx) ones, the final one, and trailers.
struct ResponseHeadParser {
  /// What a line brought.
  enum Progress: Equatable {
    /// More lines are to come, or a trailer was dropped.
    case more
    /// The final block is complete.
    case complete(ResponseHead)
    /// The response is not HTTP, or its head is beyond the limits.
    case failed(TransportFailure.Kind, String)
  }

  /// All blocks and trailers together; more is `tooLarge`.
  static let maximumBytes = 256 << 10
  /// Field lines in all blocks and trailers together; more is `tooLarge`.
  static let maximumFields = 2_000

  /// Whether any line arrived.
  private(set) var hasBegun = false
  /// Whether the final block is complete.
  private(set) var isComplete = false

  /// The final block's status; `nil` before its status line, and for interim blocks.
  var statusCode: Int? { head.statusCode >= 200 ? head.statusCode : nil }
  /// Whether the status allows a body.
  var mayHaveBody: Bool { head.statusCode != 204 && head.statusCode != 304 }

  private var head = ResponseHead()
  /// What the final block declared; `nil` for nothing.
  private(set) var contentLength: Int64?
  private var lastFieldIsContentLength = false
  private var byteCount = 0
  private var fieldCount = 0

  /// Reads one line, with its line ending.
  mutating func consume<Line: RandomAccessCollection<UInt8>>(_ line: Line) -> Progress
  where Line.Index == Int {
    hasBegun = true
    byteCount += line.count
    guard byteCount <= Self.maximumBytes else {
      return .failed(.tooLarge, "The response's header block is longer than \(Self.maximumBytes) bytes.")
    }
    var end = line.endIndex
    if end > line.startIndex, line[end - 1] == UInt8(ascii: "\n") { end -= 1 }
    if end > line.startIndex, line[end - 1] == UInt8(ascii: "\r") { end -= 1 }
    let content = line[line.startIndex..<end]
    if content.isEmpty { return endBlock() }
    fieldCount += 1
    guard fieldCount <= Self.maximumFields else {
      return .failed(.tooLarge, "The response has more than \(Self.maximumFields) header fields.")
    }
    guard !isComplete else { return .more }
    if content.starts(with: "HTTP/".utf8) { return beginBlock(content) }
    if content[content.startIndex].isBlank { return fold(content) }
    return addField(content)
  }

  private mutating func beginBlock<Line: RandomAccessCollection<UInt8>>(_ line: Line) -> Progress
  where Line.Index == Int {
    guard head.statusCode == 0 else {
      return .failed(.malformed, "The response has a second status line inside its header block.")
    }
    contentLength = nil
    let space = UInt8(ascii: " ")
    let rest = line.drop { $0 != space }.dropFirst()
    let digits = rest.prefix { $0 != space }
    guard digits.count == 3, let code = digits.decimalValue, code >= 100 else {
      return .failed(.malformed, "The response's status line has no valid status code.")
    }
    guard code != 101 else {
      return .failed(.malformed, "The server switched protocols without being asked.")
    }
    head.begin(statusCode: Int(code), reason: rest.dropFirst(4))
    return .more
  }

  private mutating func endBlock() -> Progress {
    guard !isComplete, head.statusCode != 0 else { return .more }
    guard head.statusCode >= 200 else {
      head.statusCode = 0
      return .more
    }
    isComplete = true
    return .complete(head)
  }

  private mutating func addField<Line: RandomAccessCollection<UInt8>>(_ line: Line) -> Progress
  where Line.Index == Int {
    guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex,
      line[..<colon].allSatisfy(\.isTokenByte)
    else {
      return .failed(.malformed, "The response has a header line without a valid name.")
    }
    let value = line[(colon + 1)...].trimmed
    lastFieldIsContentLength = line[..<colon].isContentLength
    if lastFieldIsContentLength, !noteContentLength(value) { return invalidContentLength }
    head.append(name: line[..<colon], value: value)
    return .more
  }

  /// A line that begins with a blank continues the field before it (obsolete, still seen).
  private mutating func fold<Line: RandomAccessCollection<UInt8>>(_ line: Line) -> Progress
  where Line.Index == Int {
    guard head.hasFields else {
      return .failed(.malformed, "The response's first header line is a continuation.")
    }
    guard !lastFieldIsContentLength else { return invalidContentLength }
    head.fold(line.trimmed)
    return .more
  }

  private var invalidContentLength: Progress {
    .failed(.malformed, "The response has conflicting or invalid Content-Length headers.")
  }

  /// Equal repeated values are tolerated (RFC 9110, 8.6); libcurl takes the last of different ones silently.
  private mutating func noteContentLength<Value: RandomAccessCollection<UInt8>>(_ value: Value) -> Bool
  where Value.Index == Int {
    for part in value.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
      guard let length = part.trimmed.decimalValue, contentLength ?? length == length else { return false }
      contentLength = length
    }
    return true
  }
}

extension UInt8 {
  fileprivate var isBlank: Bool { self == UInt8(ascii: " ") || self == UInt8(ascii: "\t") }

  /// What names of fields consist of (RFC 9110, 5.6.2).
  fileprivate var isTokenByte: Bool {
    isLetterOrDigit || "-_.!#$%&'*+^`|~".utf8.contains(self)
  }
}

extension RandomAccessCollection<UInt8> where Index == Int {
  fileprivate var trimmed: SubSequence {
    var start = startIndex
    var end = endIndex
    while start < end, self[start].isBlank { start += 1 }
    while end > start, self[end - 1].isBlank { end -= 1 }
    return self[start..<end]
  }

  fileprivate var isContentLength: Bool {
    count == 14 && zip(self, "content-length".utf8).allSatisfy { $0 | 0x20 == $1 }
  }

  /// The value of decimal digits; `nil` for anything else, and beyond 18 digits.
  fileprivate var decimalValue: Int64? {
    guard !isEmpty, count <= 18 else { return nil }
    var value: Int64 = 0
    for byte in self {
      guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
      value = value * 10 + Int64(byte - UInt8(ascii: "0"))
    }
    return value
  }
}
