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

    /// The next line that is not blank, if it has arrived.
    package mutating func nextReady() -> JSONLine? { splitter.next() }

    /// The next line that is not blank, if it has arrived; read as JSON in the same pass if it is any.
    package mutating func nextRead() -> JSONLine? { splitter.nextRead() }

    /// The next line that is not blank.
    public mutating func next() async throws(Base.Failure) -> JSONLine? {
      try await next(isolation: nil)
    }
  }
}

extension JSONLines: Sendable where Base: Sendable {}
