// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// Takes a `multipart/form-data` body apart as its bytes arrive. Holds no more than a part's header block and
/// the length of a delimiter.
struct MultipartParser: Sendable {
  /// What a piece of the body turned out to be.
  enum Event: Sendable, Hashable {
    case partBegan(MultipartHeader)
    case bytes(ArraySlice<UInt8>)
    case partEnded
  }

  /// A body that is not well-formed.
  struct Failure: Error, Hashable {
    let message: String
  }

  private enum State {
    /// Before the first delimiter.
    case preamble
    /// Behind a delimiter, at the two bytes that say whether it was the last.
    case delimiterEnd
    case header
    case content
    /// Behind the last delimiter.
    case epilogue
  }

  private let delimiter: [UInt8]
  private var state = State.preamble
  /// Bytes that cannot be judged yet. The first delimiter may stand at the very start, without the line break
  /// that belongs to all others.
  private var rest: [UInt8] = [0x0D, 0x0A]
  static let maximumHeaderLength = 16 << 10

  init(boundary: String) {
    delimiter = Array("\r\n--\(boundary)".utf8)
  }

  /// Takes the next bytes of the body.
  mutating func parse(_ chunk: ArraySlice<UInt8>) throws(Failure) -> [Event] {
    var events: [Event] = []
    var input = chunk
    if !rest.isEmpty {
      input = (rest + chunk)[...]
      rest = []
    }
    while !input.isEmpty {
      switch state {
      case .preamble, .content:
        readContent(&input, into: &events)
      case .delimiterEnd:
        guard try readDelimiterEnd(&input) else { return events }
      case .header:
        guard try readHeader(&input, into: &events) else { return events }
      case .epilogue:
        input = []
      }
    }
    return events
  }

  /// Checks that the body is complete.
  func finish() throws(Failure) {
    guard case .epilogue = state else { throw Failure(message: "The body ends before its last delimiter.") }
  }

  /// Content up to the next delimiter, or up to bytes that may be the start of one.
  private mutating func readContent(_ input: inout ArraySlice<UInt8>, into events: inout [Event]) {
    let end = firstDelimiter(in: input)
    if case .content = state, end > input.startIndex { events.append(.bytes(input[..<end])) }
    let tail = input[end...]
    if tail.count < delimiter.count {
      rest = Array(tail)
      input = []
    } else {
      if case .content = state { events.append(.partEnded) }
      state = .delimiterEnd
      input = tail.dropFirst(delimiter.count)
    }
  }

  /// Where a delimiter, or what may become one, begins; the end of `input` if nowhere.
  private func firstDelimiter(in input: ArraySlice<UInt8>) -> Int {
    var position = input.startIndex
    while let candidate = input.index(of: 0x0D, from: position) {
      let available = input[candidate...].prefix(delimiter.count)
      if delimiter.starts(with: available) { return candidate }
      position = candidate + 1
    }
    return input.endIndex
  }

  private mutating func readDelimiterEnd(_ input: inout ArraySlice<UInt8>) throws(Failure) -> Bool {
    let isWhitespace: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 }
    let line = input.drop(while: isWhitespace)
    guard line.count >= 2 else {
      guard input.count <= Self.maximumHeaderLength else {
        throw Failure(message: "A delimiter does not end.")
      }
      rest = Array(input)
      return false
    }
    if input.starts(with: [0x2D, 0x2D]) {
      state = .epilogue
    } else if line.starts(with: [0x0D, 0x0A]) {
      state = .header
    } else {
      throw Failure(message: "A delimiter is not followed by a line break.")
    }
    input = line.dropFirst(2)
    return true
  }

  private mutating func readHeader(
    _ input: inout ArraySlice<UInt8>, into events: inout [Event]
  ) throws(Failure) -> Bool {
    var lines: [ArraySlice<UInt8>] = []
    var remaining = input
    while let end = remaining.endOfLine {
      let line = remaining[..<end]
      remaining = remaining[(end + 2)...]
      if line.isEmpty {
        guard let header = MultipartHeader(lines: lines) else {
          throw Failure(message: "A part has no Content-Disposition of form-data with a name.")
        }
        events.append(.partBegan(header))
        state = .content
        // The delimiter of an empty part begins with the line break that ends its header.
        input = remaining
        return true
      }
      lines.append(line)
    }
    guard input.count <= Self.maximumHeaderLength else {
      throw Failure(message: "A part's header is longer than \(Self.maximumHeaderLength) bytes.")
    }
    rest = Array(input)
    return false
  }
}

extension ArraySlice<UInt8> {
  /// Where the first CRLF begins.
  fileprivate var endOfLine: Int? {
    var position = startIndex
    while let candidate = index(of: 0x0D, from: position) {
      guard candidate + 1 < endIndex else { return nil }
      if self[candidate + 1] == 0x0A { return candidate }
      position = candidate + 1
    }
    return nil
  }
}
