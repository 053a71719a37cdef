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

  /// The length that the final block declared; `nil` for none, and for a body in chunks, which wins over a length.
  var contentLength: Int64? { isChunked ? nil : declaredLength }
  /// Whether no other request can follow on the connection: it is not plain where this response ends.
  var isAmbiguous: Bool {
    let hasContent = isChunked || declaredLength ?? 0 > 0
    return isChunked && declaredLength != nil || statusCode == 204 && hasContent
  }

  private var head = ResponseHead()
  private var declaredLength: Int64?
  private var isChunked = false
  /// Whether the last field tells where the body ends.
  private var lastFieldIsFraming = false
  private var byteCount = 0
  private var fieldCount = 0

  /// Reads one line, with its line ending.
  mutating func consume(_ line: Span<UInt8>) -> Progress {
    hasBegun = true
    byteCount += line.count
    guard byteCount <= Self.maximumBytes else {
      return .failed(.tooLarge, "The response's header block is longer than \(Self.maximumBytes) bytes.")
    }
    var end = line.count
    if end > 0, line[end - 1] == UInt8(ascii: "\n") { end -= 1 }
    if end > 0, line[end - 1] == UInt8(ascii: "\r") { end -= 1 }
    guard end > 0 else { return endBlock() }
    fieldCount += 1
    guard fieldCount <= Self.maximumFields else {
      return .failed(.tooLarge, "The response has more than \(Self.maximumFields) header fields.")
    }
    guard !isComplete else { return .more }
    let content = line.extracting(first: end)
    if content.isStatusLine { return beginBlock(content) }
    if content[0].isBlank { return fold(content) }
    return addField(content)
  }

  private mutating func beginBlock(_ line: Span<UInt8>) -> Progress {
    guard head.statusCode == 0 else {
      return .failed(.malformed, "The response has a second status line inside its header block.")
    }
    (declaredLength, isChunked) = (nil, false)
    let space = UInt8(ascii: " ")
    let start = (line.firstIndex(of: space) ?? line.count - 1) + 1
    let rest = line.extracting(droppingFirst: start)
    let codeEnd = rest.firstIndex(of: space) ?? rest.count
    guard codeEnd == 3, let code = rest.extracting(first: 3).decimalValue, code >= 100 else {
      return .failed(.malformed, "The response's status line has no valid status code.")
    }
    guard code != 101 else {
      return .failed(.malformed, "The server switched protocols without being asked.")
    }
    head.begin(statusCode: Int(code), reason: rest.extracting(droppingFirst: min(4, rest.count)))
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

  private mutating func addField(_ line: Span<UInt8>) -> Progress {
    var colon = 0
    while colon < line.count, line[colon].isTokenByte { colon += 1 }
    guard colon > 0, colon < line.count, line[colon] == UInt8(ascii: ":") else {
      return .failed(.malformed, "The response has a header line without a valid name.")
    }
    let name = line.extracting(first: colon)
    let value = line.extracting(line.trimmed(colon + 1..<line.count))
    let isLength = name.equals("content-length")
    let isCoding = name.equals("transfer-encoding")
    lastFieldIsFraming = isLength || isCoding
    if isLength, !noteContentLength(value) { return invalidFraming }
    if isCoding, !noteTransferCodings(value) { return invalidFraming }
    head.append(name: name, value: value)
    return .more
  }

  /// A line that begins with a blank continues the field before it (obsolete, still seen).
  private mutating func fold(_ line: Span<UInt8>) -> Progress {
    guard head.hasFields else {
      return .failed(.malformed, "The response's first header line is a continuation.")
    }
    // libcurl does not see what is added to these.
    guard !lastFieldIsFraming else { return invalidFraming }
    head.fold(line.extracting(line.trimmed(line.indices)))
    return .more
  }

  private var invalidFraming: Progress {
    .failed(
      .malformed,
      "The response's Content-Length or Transfer-Encoding is invalid, or contradicts another one.")
  }

  /// libcurl would take off others than `chunked`, such as `gzip`, and take one that was cut for a whole body.
  private mutating func noteTransferCodings(_ value: Span<UInt8>) -> Bool {
    value.eachElement { coding in
      if coding.equals("chunked"), !isChunked {
        isChunked = true
        return true
      }
      return coding.equals("identity") && !isChunked
    }
  }

  /// Equal repeated values are tolerated (RFC 9110, 8.6); libcurl takes the last of different ones silently.
  private mutating func noteContentLength(_ value: Span<UInt8>) -> Bool {
    value.eachElement { element in
      guard let length = element.decimalValue, declaredLength ?? length == length else { return false }
      declaredLength = length
      return true
    }
  }
}

extension UInt8 {
  fileprivate var isBlank: Bool { self == UInt8(ascii: " ") || self == UInt8(ascii: "\t") }

  /// What names of fields consist of (RFC 9110, 5.6.2).
  fileprivate var isTokenByte: Bool {
    switch self {
    case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"),
      UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
      UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
      true
    default:
      isLetterOrDigit
    }
  }
}

extension Span<UInt8> {
  fileprivate var isStatusLine: Bool {
    count >= 5 && self[0] == UInt8(ascii: "H") && self[1] == UInt8(ascii: "T") && self[2] == UInt8(ascii: "T")
      && self[3] == UInt8(ascii: "P") && self[4] == UInt8(ascii: "/")
  }

  fileprivate func firstIndex(of byte: UInt8) -> Int? {
    for index in indices where self[index] == byte { return index }
    return nil
  }

  /// What is left of `range` without the blanks around it.
  fileprivate func trimmed(_ range: Range<Int>) -> Range<Int> {
    var (start, end) = (range.lowerBound, range.upperBound)
    while start < end, self[start].isBlank { start += 1 }
    while end > start, self[end - 1].isBlank { end -= 1 }
    return start..<end
  }

  /// Whether this is `name`, which is in lower case, in any case.
  fileprivate func equals(_ name: StaticString) -> Bool {
    guard count == name.utf8CodeUnitCount else { return false }
    for index in indices where self[index] | 0x20 != name.utf8Start[index] { return false }
    return true
  }

  /// Whether `isValid` says so of each element of a list with commas, blanks around it taken away.
  fileprivate func eachElement(_ isValid: (Span<UInt8>) -> Bool) -> Bool {
    var start = 0
    while true {
      let rest = extracting(droppingFirst: start)
      let end = rest.firstIndex(of: UInt8(ascii: ",")) ?? rest.count
      guard isValid(rest.extracting(rest.trimmed(0..<end))) else { return false }
      guard end < rest.count else { return true }
      start += end + 1
    }
  }

  /// The value of decimal digits; `nil` for anything else, and beyond 18 digits.
  fileprivate var decimalValue: Int64? {
    guard !isEmpty, count <= 18 else { return nil }
    var value: Int64 = 0
    for index in indices {
      let digit = self[index] &- UInt8(ascii: "0")
      guard digit < 10 else { return nil }
      value = value * 10 + Int64(digit)
    }
    return value
  }
}
