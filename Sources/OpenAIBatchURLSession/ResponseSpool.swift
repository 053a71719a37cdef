// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchTransport

/// Bytes of a response that were received and not yet read, first in, first out.
///
/// The first ones stay in memory; what exceeds `memoryLimit` goes to unlinked temporary files. They are
/// segments, given up as they are drained, so that the disk holds what is unread and not what ever passed.
struct ResponseSpool {
  /// How much may wait, and where.
  struct Limits {
    /// The bytes held in memory before files are used.
    var memory = 8 << 20
    /// The most unread bytes in files.
    var files: Int64
    /// Where the files are made.
    var directory: String
    /// The length at which a file is followed by the next.
    var segment: Int64 = 256 << 20
  }

  /// Why bytes could not be kept.
  enum Failure: Error {
    case full(limit: Int64)
    case file(FileFailure)
  }

  private struct Segment {
    let file: OpenFile
    var readOffset: Int64 = 0
    var writeOffset: Int64 = 0
  }

  private let limits: Limits
  private var chunks: [[UInt8]] = []
  private var firstChunk = 0
  private var memoryCount = 0
  private var segments: [Segment] = []
  private var fileCount: Int64 = 0
  /// Small pieces are joined up to this length, so that a drip of single bytes costs no array each.
  private static let pieceLength = 64 << 10
  private static let readLength = 256 << 10

  init(_ limits: Limits) {
    self.limits = limits
  }

  /// The bytes that wait to be read.
  var count: Int64 { Int64(memoryCount) + fileCount }

  var isEmpty: Bool { memoryCount == 0 && fileCount == 0 }

  /// The bytes that wait in files.
  var spilledCount: Int64 { fileCount }

  /// Adds bytes at the end.
  mutating func append(_ bytes: [UInt8]) throws(Failure) {
    guard !bytes.isEmpty else { return }
    // Once files are in use all that follows goes there, or the order would be lost.
    if segments.isEmpty, memoryCount + bytes.count <= limits.memory {
      memoryCount += bytes.count
      if let last = chunks.indices.last, last >= firstChunk,
        chunks[last].count + bytes.count <= Self.pieceLength
      {
        chunks[last] += bytes
      } else {
        chunks.append(bytes)
      }
      return
    }
    guard fileCount + Int64(bytes.count) <= limits.files else {
      throw .full(limit: Int64(limits.memory) + limits.files)
    }
    do {
      if segments.isEmpty || segments[segments.count - 1].writeOffset >= limits.segment {
        segments.append(Segment(file: try OpenFile(temporaryIn: limits.directory)))
      }
      let last = segments.count - 1
      try segments[last].file.write(bytes[...], at: segments[last].writeOffset)
      segments[last].writeOffset += Int64(bytes.count)
      fileCount += Int64(bytes.count)
    } catch {
      throw .file(error)
    }
  }

  /// Takes the first bytes; `nil` when none wait.
  mutating func popFirst() throws(Failure) -> ArraySlice<UInt8>? {
    if firstChunk < chunks.count {
      let chunk = chunks[firstChunk]
      chunks[firstChunk] = []
      firstChunk += 1
      if firstChunk == chunks.count {
        chunks.removeAll(keepingCapacity: true)
        firstChunk = 0
      }
      memoryCount -= chunk.count
      return chunk[...]
    }
    guard let segment = segments.first else { return nil }
    do throws(FileFailure) {
      let wanted = min(Int64(Self.readLength), segment.writeOffset - segment.readOffset)
      let bytes = try segment.file.read(at: segment.readOffset, count: Int(wanted))
      guard !bytes.isEmpty else { throw FileFailure(path: segment.file.path, reason: "was cut short") }
      fileCount -= Int64(bytes.count)
      segments[0].readOffset += Int64(bytes.count)
      if segments[0].readOffset == segments[0].writeOffset { segments.removeFirst() }
      return bytes[...]
    } catch {
      throw .file(error)
    }
  }

  /// Drops everything.
  mutating func removeAll() {
    self = ResponseSpool(limits)
  }
}
