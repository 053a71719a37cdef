// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatch
import Testing

@Suite struct OutputFileTests {
  private let folder: TemporaryFolder
  private let path: String

  init() throws {
    folder = try TemporaryFolder()
    path = "\(folder.path)/out"
  }

  @Test func appearsWhenItIsWhole() throws {
    let file = try OutputFile(replacing: path)
    try file.write(Array("one ".utf8)[...])
    try file.write(Array(repeating: 0x78, count: 600 << 10)[...])
    #expect(try folder.names == ["out.partial"])
    try file.commit(replacing: true)
    #expect(try folder.names == ["out"])
    #expect(try folder.read("out") == Array("one ".utf8) + Array(repeating: 0x78, count: 600 << 10))
  }

  @Test func leavesNothingBehind() throws {
    do {
      let file = try OutputFile(replacing: path)
      try file.write([1, 2, 3])
    }
    #expect(try folder.names.isEmpty)
  }

  @Test func keepsASecondWriterOut() throws {
    let first = try OutputFile(replacing: path)
    try first.write(Array("first".utf8)[...])
    for _ in 0..<3 {
      let failure = try #require(throws: FileFailure.self) { try OutputFile(replacing: path) }
      #expect(failure.reason == "is being written by another process")
    }
    #expect(try folder.names == ["out.partial"], "the loser takes nothing away")
    try first.commit(replacing: true)
    #expect(try folder.read("out") == Array("first".utf8))
    let next = try OutputFile(replacing: path)
    try next.write(Array("next".utf8)[...])
    try next.commit(replacing: true)
    #expect(try folder.read("out") == Array("next".utf8))
  }

  @Test(arguments: ["a pipe", "a link", "a folder"])
  func refusesAForeignPartial(kind: String) throws {
    let partial = "\(path).partial"
    let other = "\(folder.path)/other"
    try Data("precious".utf8).write(to: URL(fileURLWithPath: other))
    switch kind {
    case "a pipe": #expect(mkfifo(partial, 0o600) == 0)
    case "a link": try FileManager.default.createSymbolicLink(atPath: partial, withDestinationPath: other)
    default: try FileManager.default.createDirectory(atPath: partial, withIntermediateDirectories: false)
    }
    #expect(throws: FileFailure.self) { try OutputFile(replacing: path) }
    #expect(try folder.names.sorted() == ["other", "out.partial"])
    #expect(try folder.read("other") == Array("precious".utf8))
  }

  /// As a process leaves it that dies when its file has just appeared.
  @Test func leavesWhatAPartialIsUnderAnotherName() throws {
    let other = "\(folder.path)/other"
    try Data("precious".utf8).write(to: URL(fileURLWithPath: other))
    try FileManager.default.linkItem(atPath: other, toPath: "\(path).partial")
    let file = try OutputFile(replacing: path)
    try file.write(Array("next".utf8)[...])
    try file.commit(replacing: true)
    #expect(try folder.read("other") == Array("precious".utf8))
    #expect(try folder.read("out") == Array("next".utf8))
  }

  /// Somebody removed the unfinished file, and somebody else writes under its name by now.
  @Test(arguments: [true, false])
  func givesItsNameToNoOtherFile(isReplaced: Bool) throws {
    let first = try OutputFile(replacing: path)
    try first.write(Array("first".utf8)[...])
    try FileManager.default.removeItem(atPath: "\(path).partial")
    var second = isReplaced ? try OutputFile(replacing: path) : nil
    let failure = try #require(throws: FileFailure.self) { try first.commit(replacing: true) }
    #expect(failure.reason == "was removed or replaced while it was written")
    #expect(try folder.names == (isReplaced ? ["out.partial"] : []))
    try second?.write(Array("second".utf8)[...])
    try second?.commit(replacing: true)
    second = nil
    #expect(try folder.names == (isReplaced ? ["out"] : []))
  }

  @Test func takesOverAPartialOfADeadProcess() throws {
    let partial = "\(path).partial"
    #expect(
      FileManager.default.createFile(
        atPath: partial, contents: Data("half".utf8), attributes: [.posixPermissions: 0o644]))
    let file = try OutputFile(replacing: path)
    let mode = try FileManager.default.attributesOfItem(atPath: partial)[.posixPermissions] as? Int
    #expect(mode == 0o600)
    try file.commit(replacing: true)
    #expect(try folder.read("out").isEmpty)
  }

  @Test func takesNobodysPlaceUnlessItMay() throws {
    let file = try OutputFile(replacing: path)
    try file.write(Array("ours".utf8)[...])
    try Data("another's".utf8).write(to: URL(fileURLWithPath: path))
    let failure = try #require(throws: FileFailure.self) { try file.commit(replacing: false) }
    #expect(failure.reason == "exists by now")
    #expect(try folder.read("out") == Array("another's".utf8))
    try FileManager.default.removeItem(atPath: path)
    try file.commit(replacing: false)
    #expect(try folder.read("out") == Array("ours".utf8))
    #expect(try folder.names == ["out"])
  }

  @Test func filesAppearTogether() throws {
    var files = try (0..<3).map { try OutputFile(replacing: "\(path)\($0)") }
    for file in files { try file.write(Array("x".utf8)[...]) }
    try OutputFile.commit(files, replacing: false)
    #expect(try folder.names.sorted() == ["out0", "out1", "out2"])
    files = try (0..<3).map { try OutputFile(replacing: "\(path)\($0)") }
    #expect(throws: FileFailure.self) { try OutputFile.commit(files, replacing: false) }
    files = []
    #expect(try folder.names.sorted() == ["out0", "out1", "out2"], "and nothing else")
  }

  @Test func knowsWhatItWouldReplace() throws {
    let input = "\(folder.path)/in"
    try Data("x".utf8).write(to: URL(fileURLWithPath: input))
    #expect(!OutputFile.replaces(input, at: path))
    #expect(OutputFile.replaces(input, at: input))
    try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: input)
    #expect(OutputFile.replaces(input, at: path))
  }

  @Test func saysWhatExists() throws {
    #expect(!OutputFile.exists(path))
    try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/nonexistent")
    #expect(OutputFile.exists(path), "a dangling link is something, too")
    TemporaryPath.remove(path)
    #expect(!OutputFile.exists(path))
  }
}
