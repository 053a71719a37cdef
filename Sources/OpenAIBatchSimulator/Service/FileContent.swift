// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchTransport
internal import Synchronization

/// A part of a stored file as a response body, in pieces of 256 KiB.
final class FileContent: ResponseBodySource {
  private let reader: StoredFileReader
  private let end: Int
  /// Where the connection breaks, if it does.
  private let breaksAt: Int?
  private let position: Mutex<Int>
  private static let pieceLength = 256 << 10

  init(_ reader: StoredFileReader, _ range: Range<Int>, limit: Int?) {
    self.reader = reader
    end = range.upperBound
    breaksAt = limit.flatMap { $0 < range.count ? range.lowerBound + max($0, 0) : nil }
    position = Mutex(range.lowerBound)
  }

  func next() throws(TransportFailure) -> ArraySlice<UInt8>? {
    guard !Task.isCancelled else { throw .cancelled(mayHaveReachedServer: true) }
    let start = position.withLock { $0 }
    let stop = min(start + Self.pieceLength, breaksAt ?? end)
    guard start < stop else {
      guard breaksAt == nil else {
        throw TransportFailure(.truncated, "The simulator broke the connection \(end - start) bytes early.")
      }
      return nil
    }
    do {
      let bytes = try reader.read(stop - start, at: start)
      position.withLock { $0 = stop }
      return bytes[...]
    } catch {
      throw TransportFailure(.truncated, "The simulator could not read its file.", underlying: error)
    }
  }

  func abandon() {}
}
