// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import Testing

@testable import OpenAIBatch

@Suite struct RandomAccessFileTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func readsAnyPart() throws {
    let file = try RandomAccessFile(path: try folder.write("0123456789", to: "f"))
    #expect(try file.read(at: 3, count: 4) == Array("3456".utf8))
    #expect(try file.read(at: 8, count: 4) == Array("89".utf8))
    #expect(try file.read(at: 10, count: 4).isEmpty)
    #expect(try file.read(at: 99, count: 4).isEmpty)
  }

  @Test func joinsPartsInPieces() throws {
    let bytes = (0..<2_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
    let path = try folder.write(bytes, to: "f")
    let ranges: [Range<Int64>] = [5..<6, 100..<100, 700..<1_500_000, 10..<300_000, 1_999_999..<2_000_000]
    var parts = try FileRanges(ranges, of: path, version: try RandomAccessFile(path: path).version)
    var got: [UInt8] = []
    while let piece = try parts.next() {
      #expect(piece.count <= 256 << 10)
      got += piece
    }
    #expect(got == ranges.flatMap { bytes[Int($0.lowerBound)..<Int($0.upperBound)] })
  }

  @Test func refusesAFileThatHasChanged() throws {
    let path = try folder.write("0123456789", to: "f")
    let version = try RandomAccessFile(path: path).version
    _ = try folder.write("9876543210", to: "other")
    try FileManager.default.removeItem(atPath: path)
    try FileManager.default.moveItem(atPath: "\(folder.path)/other", toPath: path)
    let error = try #require(throws: FileFailure.self) { try FileRanges([0..<1], of: path, version: version) }
    #expect(error.reason.contains("has changed"))
  }

  @Test func saysAtTheEndThatAFileHasChanged() throws {
    let path = try folder.write("0123456789", to: "f")
    var parts = try FileRanges([0..<4], of: path, version: try RandomAccessFile(path: path).version)
    #expect(try parts.next() == Array("0123".utf8)[...])
    #expect(truncate(path, 8) == 0)
    let error = try #require(throws: FileFailure.self) { try parts.next() }
    #expect(error.reason.contains("has changed"))
  }

  @Test func saysWhenAFileGotShorter() throws {
    let path = try folder.write("0123456789", to: "f")
    let file = try RandomAccessFile(path: path)
    #expect(truncate(path, 4) == 0)
    let error = try #require(throws: FileFailure.self) { try file.read(at: 2, count: 5) }
    #expect(error.reason.contains("changed"))
  }

  @Test func refusesAFolder() throws {
    #expect(throws: FileFailure.self) { try RandomAccessFile(path: folder.path) }
  }
}
