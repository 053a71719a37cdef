// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// The lines of JSON Lines text that arrives in chunks, such as a response body.
public struct JSONLines<Base: AsyncSequence>: AsyncSequence where Base.Element == ArraySlice<UInt8> {
  private let base: Base
  private let maximumLineLength: Int

  /// Creates the lines of `base`.
  ///
  /// - Parameters:
  ///   - base: Chunks of any size.
  ///   - maximumLineLength: The longest line to keep, in bytes; a longer one is reported as too long.
  public init(
    _ base: Base, maximumLineLength: Int = JSONLineSplitter.defaultMaximumLineLength
  ) {
    self.base = base
    self.maximumLineLength = maximumLineLength
  }

  /// Starts reading.
  public func makeAsyncIterator() -> Iterator {
    Iterator(
      base: base.makeAsyncIterator(), splitter: JSONLineSplitter(maximumLineLength: maximumLineLength))
  }

  /// Reads the lines one by one.
  public struct Iterator: AsyncIteratorProtocol {
    package private(set) var base: Base.AsyncIterator
    private var splitter: JSONLineSplitter
    private var isAtEnd = false

    fileprivate init(base: Base.AsyncIterator, splitter: JSONLineSplitter) {
      self.base = base
      self.splitter = splitter
    }

    /// The next line that is not blank.
    public mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws(Base.Failure) -> JSONLine? {
      while true {
        if let line = splitter.next() { return line }
        if isAtEnd { return nil }
        guard let chunk = try await base.next(isolation: actor) else {
          isAtEnd = true
          return splitter.finish()
        }
        splitter.append(chunk)
      }
    }

    /// Lines that have arrived together: at least one and at most `most`, and not many more than weigh `size`, where each
    /// weighs its bytes and `lineWeight`. `nil` at the end.
    package mutating func nextBlock(
      of size: Int, lineWeight: Int, lines most: Int, isolation actor: isolated (any Actor)? = #isolation
    ) async throws(Base.Failure) -> [JSONLine]? {
      guard let first = try await next(isolation: actor) else { return nil }
      var block = [first]
      var weight = first.bytes.count + lineWeight
      while weight < size, block.count < most, let line = splitter.next() {
        block.append(line)
        weight += line.bytes.count + lineWeight
      }
      return block
    }

    /// The next line that is not blank.
    public mutating func next() async throws(Base.Failure) -> JSONLine? {
      try await next(isolation: nil)
    }
  }
}

extension JSONLines: Sendable where Base: Sendable {}
