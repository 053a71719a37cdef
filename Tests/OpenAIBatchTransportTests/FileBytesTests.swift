// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatchTransport
import Testing

final class FileBytesTests {
  private let path = NSTemporaryDirectory() + "file-bytes-\(UUID().uuidString)"

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes a file, and makes it an hour old: a file system's clock may stand still for a few milliseconds.
  private func write(_ bytes: [UInt8]) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSinceNow: -3600)], ofItemAtPath: path)
  }

  private func overwrite(_ change: (FileHandle) throws -> Void) throws {
    let handle = try #require(FileHandle(forWritingAtPath: path))
    try change(handle)
    try handle.close()
  }

  private func all(_ file: FileBytes) throws -> [UInt8] {
    var bytes: [UInt8] = []
    while let piece = try file.next() {
      #expect(!piece.isEmpty)
      bytes += piece
    }
    return bytes
  }

  @Test(arguments: [0..<0, 0..<1, 5..<600_000, 599_999..<600_000, 600_000..<600_000, 300_000..<300_000])
  func readsAPart(range: Range<Int64>) throws {
    let content = (0..<600_000).map { UInt8(truncatingIfNeeded: $0 >> 4) }
    try write(content)
    let file = try FileBytes(path: path, range: range)
    #expect(file.length == 600_000)
    #expect(try all(file) == Array(content[Int(range.lowerBound)..<Int(range.upperBound)]))
    #expect(try all(FileBytes(path: path)) == content)
  }

  /// Buffers are used again, but not those that somebody still has.
  @Test(arguments: [0, 1, 3, 100])
  func piecesThatAreHeldStayAsTheyAre(held: Int) throws {
    let content = (0..<5_000_000).map { UInt8(truncatingIfNeeded: $0 >> 10) }
    try write(content)
    let file = try FileBytes(path: path)
    var pieces: [ArraySlice<UInt8>] = []
    var bytes: [UInt8] = []
    while let piece = try file.next() {
      pieces.append(piece)
      if pieces.count > held { bytes += pieces.removeFirst() }
    }
    #expect(bytes + pieces.joined() == content)
  }

  @Test func aChangeIsAnErrorWhateverTheLength() throws {
    let changes: [(FileHandle) throws -> Void] = [
      { try $0.write(contentsOf: Data([1])) }, { try $0.truncate(atOffset: 299_999) },
      { try $0.truncate(atOffset: 300_001) }, { try $0.truncate(atOffset: 0) },
    ]
    for change in changes {
      try write([UInt8](repeating: 7, count: 300_000))
      let whole = try FileBytes(path: path)
      let part = try FileBytes(path: path, range: 0..<300_000)
      _ = try (whole.next(), part.next())
      try overwrite(change)
      for file in [whole, part] {
        let failure = #expect(throws: FileFailure.self) { try self.all(file) }
        #expect(failure?.reason == "changed while it was being read: it had 300000 bytes")
      }
    }
  }

  @Test func anotherStateThanTheExpectedIsAnError() throws {
    try write([1, 2, 3])
    let version = try FileBytes(path: path).version
    #expect(try all(FileBytes(path: path, range: 1..<3, expecting: version)) == [2, 3])
    try overwrite { try $0.write(contentsOf: Data([4])) }
    #expect(throws: FileFailure.self) { try FileBytes(path: self.path, range: 0..<3, expecting: version) }
    try write([1, 2, 3])
    #expect(throws: FileFailure.self, "another file of the same name") {
      try FileBytes(path: self.path, range: 0..<3, expecting: version)
    }
  }

  @Test func doesNotWaitForAPipesWriter() throws {
    #expect(mkfifo(path, 0o600) == 0)
    let failure = #expect(throws: FileFailure.self) { try FileBytes(path: self.path) }
    #expect(failure?.reason == "is not a regular file")
  }
}
