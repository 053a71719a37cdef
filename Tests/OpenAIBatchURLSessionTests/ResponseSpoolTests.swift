// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatchConformance
import OpenAIBatchTransport
import Testing

@testable import OpenAIBatchURLSession

struct ResponseSpoolTests {
  private func spool(_ folder: Folder, memory: Int = 100, files: Int64 = 1000, segment: Int64 = 300)
    -> ResponseSpool
  {
    ResponseSpool(.init(memory: memory, files: files, directory: folder.path, segment: segment))
  }

  private func failure(appending bytes: [UInt8], to spool: inout ResponseSpool) -> ResponseSpool.Failure? {
    do {
      try spool.append(bytes)
      return nil
    } catch {
      return error
    }
  }

  private func drain(_ spool: inout ResponseSpool) throws -> [UInt8] {
    var bytes: [UInt8] = []
    while let chunk = try spool.popFirst() {
      #expect(!chunk.isEmpty)
      bytes += chunk
    }
    return bytes
  }

  @Test func keepsTheOrderThroughMemoryAndFiles() throws {
    let folder = try Folder()
    var spool = spool(folder)
    let bytes = Array(Pattern.block[..<1050])
    for start in stride(from: 0, to: bytes.count, by: 50) {
      try spool.append(Array(bytes[start..<start + 50]))
    }
    #expect(spool.count == 1050)
    #expect(spool.spilledCount == 950)
    #expect(try drain(&spool) == bytes)
    #expect(spool.isEmpty)
  }

  @Test func memoryIsUsedAgainOnlyWhenTheFilesAreEmpty() throws {
    let folder = try Folder()
    var spool = spool(folder)
    try spool.append([UInt8](repeating: 1, count: 100))
    try spool.append([2])
    let first = try spool.popFirst()
    #expect(first?.count == 100)
    try spool.append([3])
    #expect(spool.spilledCount == 2)
    #expect(try drain(&spool) == [2, 3])
    try spool.append([4])
    #expect(spool.spilledCount == 0)
    #expect(try drain(&spool) == [4])
  }

  @Test func isBounded() throws {
    let folder = try Folder()
    var spool = spool(folder)
    try spool.append([UInt8](repeating: 0, count: 100))
    try spool.append([UInt8](repeating: 0, count: 1000))
    guard case .full(limit: 1100)? = failure(appending: [0], to: &spool) else {
      Issue.record("the spool took more than its limit")
      return
    }
  }

  @Test func readingMakesRoom() throws {
    let folder = try Folder()
    var spool = spool(folder)
    var content = Pattern()
    for round in 0..<50 {
      try spool.append(Array(Pattern.block[round * 400..<round * 400 + 400]))
      while spool.count > 300, let chunk = try spool.popFirst() { content.compare(chunk) }
    }
    while let chunk = try spool.popFirst() { content.compare(chunk) }
    #expect(content.isIntact && content.count == 20_000)
  }

  @Test func theFilesHaveNoNames() throws {
    let folder = try Folder()
    var spool = spool(folder)
    try spool.append([UInt8](repeating: 0, count: 500))
    #expect(spool.spilledCount == 500)
    #expect(try folder.names.isEmpty)
  }

  @Test func aMissingDirectoryIsAFailure() throws {
    var spool = ResponseSpool(.init(memory: 1, files: 100, directory: "/nonexistent"))
    guard case .file(let cause)? = failure(appending: [1, 2, 3], to: &spool) else {
      Issue.record("the spool wrote to a directory that is not there")
      return
    }
    #expect(cause.path.hasPrefix("/nonexistent/"))
    #expect(cause.reason.contains("create"))
  }

  @Test func smallPiecesAreJoined() throws {
    let folder = try Folder()
    var spool = spool(folder, memory: 10_000)
    for byte in Array(Pattern.block[..<5000]) { try spool.append([byte]) }
    let first = try spool.popFirst()
    #expect(first == Pattern.block[..<5000])
    let end = try spool.popFirst()
    #expect(end == nil)
  }

  @Test func aTemporaryFileIsPrivateAndGoesAway() throws {
    let folder = try Folder()
    var file: TemporaryFile? = try TemporaryFile(in: folder.path)
    let path = try #require(file?.path)
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
    try file?.write([1, 2, 3], at: 0)
    #expect(try [UInt8](Data(contentsOf: URL(filePath: path))) == [1, 2, 3])
    file = nil
    #expect(try folder.names.isEmpty)
  }
}
