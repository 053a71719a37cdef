// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatchTransport
import Testing

final class OpenFileTests {
  private let folder = NSTemporaryDirectory() + "open-file-\(UUID().uuidString)"
  private var path: String { folder + "/f" }

  init() throws { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private var names: [String] { get throws { try FileManager.default.contentsOfDirectory(atPath: folder) } }

  @Test(
    arguments: [
      ([0..<10], "0123456789"), ([3..<5, 0..<2], "3401"), ([4..<4, 9..<10], "9"), ([8..<12], "89"),
      ([10..<11], ""),
      ([99..<100], ""), ([], ""),
    ] as [([Range<Int64>], String)])
  func readsParts(parts: [Range<Int64>], expected: String) throws {
    try Data("0123456789".utf8).write(to: URL(filePath: path))
    let file = try OpenFile(reading: path)
    let bytes = try file.read(parts[...], count: parts.reduce(0) { $0 + $1.count })
    #expect(String(decoding: bytes, as: UTF8.self) == expected)
  }

  @Test func readsIntoTheBeginningOfABuffer() throws {
    try Data("0123456789".utf8).write(to: URL(filePath: path))
    let file = try OpenFile(reading: path)
    var buffer = Array("......".utf8)
    #expect(try file.read(into: &buffer, upTo: 4, at: 2) == 4)
    #expect(buffer == Array("2345..".utf8))
    #expect(try file.read(into: &buffer, upTo: 99, at: 8) == 2)
    #expect(buffer == Array("8945..".utf8))
    #expect(try file.read(into: &buffer, upTo: 99, at: 10) == 0)
  }

  @Test func writesAnywhere() throws {
    let file = try OpenFile(creating: path)
    try file.write(Array("456".utf8)[...], at: 4)
    try file.write(Array("x0123".utf8)[1...], at: 0)
    #expect(try file.read(at: 0, count: 100) == Array("0123456".utf8))
    #expect(try file.read(at: 5, count: 1) == Array("5".utf8))
    #expect(file.version.length == 0)
    #expect(file.currentVersion?.length == 7)
    #expect(file.currentVersion == FileVersion(path: path))
  }

  @Test func aFileIsPrivateAndNew() throws {
    try withExtendedLifetime(try OpenFile(creating: path)) {
      let attributes = try FileManager.default.attributesOfItem(atPath: path)
      #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
      let error = try #require(throws: FileFailure.self) { try OpenFile(creating: path, called: "the copy") }
      #expect(error.description.hasPrefix("the copy: cannot create"))
    }
  }

  @Test func aTemporaryFileHasNoName() throws {
    let file = try OpenFile(temporaryIn: folder)
    #expect(try names.isEmpty)
    try file.write([1, 2, 3], at: 0)
    #expect(try file.read(at: 1, count: 2) == [2, 3])
    #expect(file.path.hasPrefix(folder + "/"))
  }

  @Test func onlyFilesAreOpened() throws {
    let pipe = folder + "/pipe"
    try #require(mkfifo(pipe, 0o600) == 0)
    for path in [folder, pipe, "/dev/null"] {
      let error = try #require(throws: FileFailure.self) { try OpenFile(reading: path) }
      #expect(error.reason.contains("is not a regular file"))
    }
    let error = try #require(throws: FileFailure.self) { try OpenFile(reading: path) }
    #expect(error.reason.contains("cannot open"))
  }
}
