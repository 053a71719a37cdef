// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchTransport

/// Bytes on disk that nobody else sees: a temporary file without a name, gone with this value or the process.
struct Spool: ~Copyable {
  private let file: OpenFile
  /// What is not on disk yet.
  private var buffer: [UInt8] = []
  private var flushed: Int64 = 0
  /// What was read last, and from where.
  private var window: ArraySlice<UInt8> = []
  private var windowStart: Int64 = 0

  private static let bufferLength = 256 << 10
  /// The least that is read at once: records that were added together are read together.
  private static let windowLength = 4 << 10

  /// Creates the file in the first folder that takes it.
  init(folders: [String] = TemporaryPath.folders) throws(BatchClientError) {
    do throws(FileFailure) {
      file = try Self.file(in: folders)
    } catch {
      throw Self.failure(error)
    }
  }

  private static func file(in folders: [String]) throws(FileFailure) -> OpenFile {
    var refusal = FileFailure(path: "TMPDIR", reason: "names no folder")
    for folder in folders {
      do throws(FileFailure) {
        return try OpenFile(
          temporaryIn: folder,
          called: "The temporary file for results in \(folder) (TMPDIR names another folder)")
      } catch {
        refusal = error
      }
    }
    throw refusal
  }

  /// How many bytes were added.
  var length: Int64 { flushed + Int64(buffer.count) }

  /// Adds bytes at the end.
  mutating func append(_ bytes: some Sequence<UInt8>) {
    buffer.append(contentsOf: bytes)
  }

  /// Adds a number in four bytes.
  mutating func append(_ number: UInt32) {
    for shift in stride(from: 0, to: 32, by: 8) { buffer.append(UInt8(truncatingIfNeeded: number >> shift)) }
  }

  /// Ends a record: what was added since the last one is read as one piece.
  mutating func endRecord() throws(BatchClientError) {
    guard buffer.count >= Self.bufferLength else { return }
    do throws(FileFailure) {
      try file.write(buffer[...], at: flushed)
    } catch {
      throw Self.failure(error)
    }
    flushed += Int64(buffer.count)
    buffer.removeAll(keepingCapacity: true)
  }

  /// Reads bytes of one record.
  mutating func read(at offset: Int64, count: Int) throws(BatchClientError) -> ArraySlice<UInt8> {
    if offset >= flushed {
      let start = Int(offset - flushed)
      return buffer[start..<start + count]
    }
    if offset < windowStart || offset + Int64(count) > windowStart + Int64(window.count) {
      window = try load(at: offset, count: count)
      windowStart = offset
    }
    let start = Int(offset - windowStart)
    return window[start..<start + count]
  }

  /// Reads at least `count` bytes.
  private func load(at offset: Int64, count: Int) throws(BatchClientError) -> ArraySlice<UInt8> {
    do throws(FileFailure) {
      let bytes = try file.read(at: offset, count: max(count, Self.windowLength))
      guard bytes.count >= count else { throw FileFailure(path: file.path, reason: "was cut short") }
      return bytes[...]
    } catch {
      throw Self.failure(error)
    }
  }

  private static func failure(_ failure: FileFailure) -> BatchClientError {
    BatchClientError(failure, operation: "results")
  }
}
